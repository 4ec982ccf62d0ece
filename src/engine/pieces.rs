//! A JSON array read element by element as its bytes arrive.

/// Reads the elements of one JSON array of objects, holding at most one unfinished element. A task
/// list of 250 MB passes through in a few hundred KiB.
#[derive(Debug, Default)]
pub struct Pieces {
    /// An element that has begun.
    pending: Vec<u8>,
    /// It is read again when it is so long: one that comes in many pieces must not be read for each.
    again: usize,
    state: At,
}

#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
enum At {
    #[default]
    Start,
    Inside,
    /// In `null`, of which so many letters came.
    Null(u8),
    End,
}

/// One element may be this large before the answer counts as endless.
const ELEMENT_LIMIT: usize = 16 << 20;

impl Pieces {
    /// Takes bytes in and calls `read` where an element begins: it says how long the element is. One
    /// that can't be read costs only itself, and is logged.
    ///
    /// # Errors
    /// What is wrong, when the bytes are not an array of objects.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut read: impl FnMut(&[u8]) -> Result<usize, serde_json::Error>,
    ) -> Result<(), String> {
        if self.pending.is_empty() {
            let used = self.walk(bytes, &mut read)?;
            self.keep(&bytes[used..])?;
            return Ok(());
        }
        self.pending.extend_from_slice(bytes);
        if self.pending.len() < self.again {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let used = self.walk(&pending, &mut read)?;
        self.keep(&pending[used..])
    }

    fn keep(&mut self, rest: &[u8]) -> Result<(), String> {
        if rest.len() > ELEMENT_LIMIT {
            return Err("an element of a list does not end".into());
        }
        // What is short comes whole with the next bytes; what is long must have grown by a half.
        self.again = if rest.len() > 64 << 10 { rest.len() + rest.len() / 2 } else { 0 };
        self.pending.extend_from_slice(rest);
        Ok(())
    }

    /// Reads all elements that are complete; returns where the unfinished one begins.
    fn walk(
        &mut self,
        bytes: &[u8],
        read: &mut impl FnMut(&[u8]) -> Result<usize, serde_json::Error>,
    ) -> Result<usize, String> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match (self.state, byte) {
                (_, b' ' | b'\n' | b'\r' | b'\t') => {}
                (At::Start, b'[') => self.state = At::Inside,
                // `null`: how some engines write an empty list.
                (At::Start, b'n') => self.state = At::Null(1),
                (At::Null(3), b'l') => self.state = At::End,
                (At::Null(n), byte) if *byte == b"null"[usize::from(n)] => {
                    self.state = At::Null(n + 1);
                }
                (At::Inside, b'{') => {
                    let length = match read(&bytes[at..]) {
                        Ok(length) => length.max(1),
                        Err(error) => match span(&bytes[at..]) {
                            None => return Ok(at),
                            Some(length) => {
                                tracing::warn!(%error, "an element of a list can't be read");
                                length
                            }
                        },
                    };
                    at += length;
                    continue;
                }
                (At::Inside, b']') => self.state = At::End,
                (At::Inside, b',') => {}
                (_, other) => {
                    return Err(format!("a list has {:?} where none may be", *other as char));
                }
            }
            at += 1;
        }
        Ok(at)
    }

    /// # Errors
    /// When the array is not complete.
    pub fn finish(&self) -> Result<(), String> {
        if self.state == At::End { Ok(()) } else { Err("a list broke off before its end".into()) }
    }
}

/// How long the object is that these bytes begin with, whatever is in it; `None` if it goes on.
fn span(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(json: &str, chunk: usize) -> Result<Vec<String>, String> {
        let mut pieces = Pieces::default();
        let mut out = Vec::new();
        for bytes in json.as_bytes().chunks(chunk) {
            pieces.feed(bytes, |element| {
                let mut read = serde_json::Deserializer::from_slice(element)
                    .into_iter::<&serde_json::value::RawValue>();
                let text = read.next().expect("it begins here")?.get().to_owned();
                out.push(text);
                Ok(read.byte_offset())
            })?;
        }
        pieces.finish().map(|()| out)
    }

    #[test]
    fn any_chunking_gives_the_same_elements() {
        let json = r#" [{"a":"]}\"[{\\","b":[1,{"c":2}]} , {"d":"é"},{}]
"#;
        let whole = split(json, 1000).expect("well formed");
        assert_eq!(whole, [r#"{"a":"]}\"[{\\","b":[1,{"c":2}]}"#, r#"{"d":"é"}"#, "{}"]);
        for chunk in 1..json.len() {
            assert_eq!(split(json, chunk).expect("well formed"), whole, "chunks of {chunk}");
        }
        assert_eq!(split("[]", 1), Ok(vec![]));
        assert_eq!(split("null", 9), Ok(vec![]));
        assert_eq!(split("null\n", 1), Ok(vec![]));
    }

    #[test]
    fn what_is_no_list_is_said() {
        for json in ["{}", "[1]", "hello", "[{}", "", "<html>", "nul", "nil", "nulls", "null[{}]"] {
            assert!(split(json, 3).is_err(), "{json}");
        }
    }
}
