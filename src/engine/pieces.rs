//! A JSON array read element by element as its bytes arrive.

/// Reads the elements of one JSON array of objects, holding at most one unfinished element. A task
/// list of 250 MB passes through in a few hundred KiB.
#[derive(Debug, Default)]
pub struct Pieces {
    /// An element that has begun.
    pending: Vec<u8>,
    /// It is read again when it is so long: one that comes in many pieces must not be read for each.
    again: usize,
    /// How long the last one was: the next will be about as long.
    usual: usize,
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

/// One that has begun is not read again for less.
const LEAST: usize = 256;

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
        let mut from = 0;
        while !self.pending.is_empty() && from < bytes.len() {
            // As much as will end it: the others are read where they are.
            let whole = self.again.max(self.usual + self.usual / 4);
            let more = whole.saturating_sub(self.pending.len()).max(LEAST).min(bytes.len() - from);
            self.pending.extend_from_slice(&bytes[from..from + more]);
            from += more;
            if self.pending.len() < self.again {
                continue;
            }
            let mut pending = std::mem::take(&mut self.pending);
            let used = self.walk(&pending, &mut read)?;
            if used > 0 {
                // What follows it is read from where it came.
                from -= pending.len() - used;
                pending.clear();
            }
            self.pending = pending;
            self.measure()?;
        }
        if from == bytes.len() {
            return Ok(());
        }
        from += self.walk(&bytes[from..], &mut read)?;
        self.pending.extend_from_slice(&bytes[from..]);
        self.measure()
    }

    /// When what has begun is read again: what is short with the next bytes; what is long must have
    /// grown by a half.
    fn measure(&mut self) -> Result<(), String> {
        let begun = self.pending.len();
        if begun > ELEMENT_LIMIT {
            return Err("an element of a list does not end".into());
        }
        self.again = if begun > 64 << 10 { begun + begun / 2 } else { 0 };
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
                        Err(error) if error.is_eof() => return Ok(at),
                        Err(error) => match span(&bytes[at..]) {
                            None => return Ok(at),
                            Some(length) => {
                                tracing::warn!(%error, "an element of a list can't be read");
                                length
                            }
                        },
                    };
                    self.usual = length;
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

    /// One that goes on with an element, or with what comes between two.
    pub fn inside() -> Self {
        Self { state: At::Inside, ..Self::default() }
    }

    /// Whether what comes next is as [`Pieces::inside`] expects it.
    pub fn is_between(&self) -> bool {
        self.state == At::Inside && self.pending.is_empty()
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
