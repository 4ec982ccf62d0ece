//! A JSON array cut into its elements as its bytes arrive.

/// Splits the bytes of one JSON array of objects into the elements' bytes, holding at most one
/// unfinished element. A task list of 250 MB passes through in a few KiB.
#[derive(Debug, Default)]
pub struct Pieces {
    pending: Vec<u8>,
    depth: u32,
    in_string: bool,
    escaped: bool,
    state: At,
}

#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
enum At {
    #[default]
    Start,
    Inside,
    End,
}

/// One element may be this large before the answer counts as endless.
const ELEMENT_LIMIT: usize = 16 << 20;

impl Pieces {
    /// Takes bytes in and calls `each` with every element they complete.
    ///
    /// # Errors
    /// What is wrong, when the bytes are not an array of objects.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), String> {
        // Where the element under way begins in `bytes`, when it does not begin in `pending`.
        let mut begin = 0;
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                // Strings are most of a list: skip over their plain bytes in one go.
                match bytes[at..].iter().position(|b| *b == b'"' || *b == b'\\') {
                    None => at = bytes.len(),
                    Some(found) => {
                        at += found + 1;
                        if bytes[at - 1] == b'"' {
                            self.in_string = false;
                        } else {
                            self.escaped = true;
                        }
                    }
                }
                continue;
            }
            let byte = bytes[at];
            at += 1;
            match (self.state, byte) {
                (_, b' ' | b'\n' | b'\r' | b'\t') => {}
                (At::Start, b'[') => self.state = At::Inside,
                (At::Start, b'n') => {
                    // `null`: how some engines write an empty list.
                    self.state = At::End;
                    return Ok(());
                }
                (At::Inside, b'"') if self.depth > 0 => self.in_string = true,
                (At::Inside, b'{' | b'[') => {
                    if self.depth == 0 {
                        begin = at - 1;
                        self.pending.clear();
                    }
                    self.depth += 1;
                }
                (At::Inside, b'}' | b']') if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        if self.pending.is_empty() {
                            each(&bytes[begin..at]);
                        } else {
                            self.pending.extend_from_slice(&bytes[begin..at]);
                            each(&self.pending);
                            self.pending.clear();
                        }
                        begin = at;
                    }
                }
                (At::Inside, b']') => self.state = At::End,
                (At::Inside, b',') => {}
                (At::Inside, _) if self.depth > 0 => {}
                (_, other) => {
                    return Err(format!("a list has {:?} where none may be", other as char));
                }
            }
        }
        if self.depth > 0 {
            self.pending.extend_from_slice(&bytes[begin..]);
            if self.pending.len() > ELEMENT_LIMIT {
                return Err("an element of a list does not end".into());
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the array is not complete.
    pub fn finish(&self) -> Result<(), String> {
        if self.state == At::End { Ok(()) } else { Err("a list broke off before its end".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(json: &str, chunk: usize) -> Result<Vec<String>, String> {
        let mut pieces = Pieces::default();
        let mut out = Vec::new();
        for bytes in json.as_bytes().chunks(chunk) {
            pieces.feed(bytes, |e| out.push(String::from_utf8_lossy(e).into_owned()))?;
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
    }

    #[test]
    fn what_is_no_list_is_said() {
        for json in ["{}", "[1]", "hello", "[{}", "", "<html>"] {
            assert!(split(json, 3).is_err(), "{json}");
        }
    }
}
