//! A JSON array read element by element as its bytes arrive.

use std::sync::Arc;

use crate::text::brief;

/// Reads the elements of one JSON array of objects, holding at most one unfinished element. A task
/// list of 250 MB passes through in a few hundred KiB.
///
/// Elements that lie in the fed bytes are read where they are. One that goes on in the next bytes is
/// held back, and every byte of it is looked at once to find its end, however it is cut.
#[derive(Debug, Default)]
pub struct Pieces {
    state: At,
    /// The element that has begun and goes on in the next bytes.
    begun: Vec<u8>,
    /// Where in that element the bytes held back end.
    span: EndFinder,
    gaps: Gaps,
}

/// The elements of a list that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Their number.
    pub count: u64,
    /// The error of the first.
    pub example: Option<Arc<str>>,
    /// Names of the first of them, as far as they can be read.
    pub names: Vec<Arc<str>>,
}

impl Gaps {
    fn note(&mut self, error: &serde_json::Error) {
        if self.count == 0 {
            tracing::warn!(%error, "an element of a list can't be read");
        }
        self.count += 1;
        self.example.get_or_insert_with(|| brief(&error.to_string()).into());
    }

    fn append(&mut self, other: Self) {
        self.count += other.count;
        self.example = self.example.take().or(other.example);
        self.names.extend(other.names);
    }
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
/// Room that is kept for the next unfinished element.
const KEPT_ROOM: usize = 1 << 20;

/// Calls back for each element: it says how long the element is that the text begins with.
trait ReadElement: FnMut(&str) -> Result<usize, serde_json::Error> {}
impl<F: FnMut(&str) -> Result<usize, serde_json::Error>> ReadElement for F {}

impl Pieces {
    /// Takes bytes in and calls `read` where an object begins: it says how long the object is. An
    /// element that can't be read, or is no object, costs only itself, and is counted in
    /// [`Pieces::gaps`]. Bytes that are no UTF-8 are read as U+FFFD.
    ///
    /// # Errors
    /// When the bytes are not an array. `null` is none: Docker writes an empty list as `[]`.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut read: impl FnMut(&str) -> Result<usize, serde_json::Error>,
    ) -> Result<(), String> {
        let rest = self.end_begun(bytes, &mut read)?;
        self.walk(rest, &mut read)
    }

    /// Reads the element that has begun, if these bytes end it; returns what follows it.
    fn end_begun<'b>(
        &mut self,
        bytes: &'b [u8],
        read: &mut impl ReadElement,
    ) -> Result<&'b [u8], String> {
        if self.begun.is_empty() {
            return Ok(bytes);
        }
        let end = self.span.end(bytes);
        let (of_it, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        self.begun.extend_from_slice(of_it);
        if self.begun.len() > ELEMENT_LIMIT {
            return Err("an element of a list does not end".into());
        }
        if end.is_some() {
            if let Err(error) = read_object(&String::from_utf8_lossy(&self.begun), read) {
                self.gaps.note(&error);
            }
            self.begun.clear();
            self.begun.shrink_to(KEPT_ROOM);
        }
        Ok(rest)
    }

    /// Reads all elements that are complete in `bytes`, and holds back the one that is not.
    fn walk(&mut self, bytes: &[u8], read: &mut impl ReadElement) -> Result<(), String> {
        // Looked at once, not in each of its strings.
        let text = text_of(bytes);
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match (self.state, byte) {
                (_, b' ' | b'\n' | b'\r' | b'\t') => {}
                (At::Start, b'[') => self.state = At::Inside,
                (At::Inside, first) if begins_value(*first) => {
                    match self.element(&bytes[at..], text.get(at..).unwrap_or(""), read)? {
                        Some(length) => {
                            at += length;
                            continue;
                        }
                        None => return Ok(()),
                    }
                }
                (At::Inside, b']') => self.state = At::End,
                (At::Inside, b',') => {}
                (At::Start, other) => {
                    return Err(format!("no list, it begins with {:?}", *other as char));
                }
                (_, other) => {
                    return Err(format!("a list has {:?} where none may be", *other as char));
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// Reads the element that `bytes` begin with, and says how long it is; `None` if it goes on: then
    /// it is held back. `text` is as much of them as is UTF-8.
    fn element(
        &mut self,
        bytes: &[u8],
        text: &str,
        read: &mut impl ReadElement,
    ) -> Result<Option<usize>, String> {
        let mut error = match read_object(text, read) {
            Ok(length) => return Ok(Some(length.max(1))),
            Err(error) => error,
        };
        let mut span = EndFinder::of(bytes);
        let Some(length) = span.end(bytes) else {
            if bytes.len() > ELEMENT_LIMIT {
                return Err("an element of a list does not end".into());
            }
            self.begun.extend_from_slice(bytes);
            self.span = span;
            return Ok(None);
        };
        if length > text.len() {
            match read_object(&String::from_utf8_lossy(&bytes[..length]), read) {
                Ok(_) => return Ok(Some(length)),
                Err(of_it) => error = of_it,
            }
        }
        self.gaps.note(&error);
        Ok(Some(length))
    }

    /// Elements that could not be read so far.
    pub fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// Goes on from where `other` is, which read what comes after.
    pub fn go_on_as(&mut self, other: Self) {
        let mut gaps = std::mem::take(&mut self.gaps);
        *self = other;
        gaps.append(std::mem::take(&mut self.gaps));
        self.gaps = gaps;
    }

    /// One that goes on with an element, or with what comes between two.
    pub fn inside() -> Self {
        Self { state: At::Inside, ..Self::default() }
    }

    /// Whether what comes next is as [`Pieces::inside`] expects it.
    pub fn is_between(&self) -> bool {
        self.state == At::Inside && self.begun.is_empty()
    }

    /// # Errors
    /// When the array is not complete.
    pub fn finish(&self) -> Result<(), String> {
        if self.state == At::End { Ok(()) } else { Err("a list broke off before its end".into()) }
    }
}

/// Whether an element begins with this byte: an object, or any other JSON value.
fn begins_value(first: u8) -> bool {
    matches!(first, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// As much of the bytes as is UTF-8.
fn text_of(bytes: &[u8]) -> &str {
    str::from_utf8(bytes)
        .unwrap_or_else(|error| str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default())
}

/// Calls `read` for an object; anything else is none of the list's elements.
fn read_object(text: &str, read: &mut impl ReadElement) -> Result<usize, serde_json::Error> {
    let kind = match text.as_bytes().first() {
        Some(b'{') | None => return read(text),
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(_) => "a number",
    };
    Err(serde::de::Error::custom(format_args!("{kind} is no object")))
}

/// Finds the end of a JSON value in its bytes, whatever is in it, as they come.
#[derive(Debug, Default)]
struct EndFinder {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// A number, `true`, `false` or `null`: only what follows it ends it.
    is_word: bool,
}

impl EndFinder {
    /// Begins with the first byte of a value.
    fn of(bytes: &[u8]) -> Self {
        let is_word = !matches!(bytes.first(), Some(b'{' | b'[' | b'"'));
        Self { is_word, ..Self::default() }
    }

    /// Length of the rest of the value in the next bytes; `None` if it does not end in them.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.is_word {
            let ends =
                |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
            return bytes.iter().position(ends);
        }
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.escaped {
                self.escaped = false;
            } else if self.in_string {
                // Texts are most of a task: only what may end one is looked at.
                at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
                if bytes[at] == b'"' {
                    self.in_string = false;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                } else {
                    self.escaped = true;
                }
            } else {
                match byte {
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
            }
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eof() -> serde_json::Error {
        serde_json::from_str::<u8>("").expect_err("nothing")
    }

    /// Reads one element as it stands there.
    fn take(element: &str, out: &mut Vec<String>) -> Result<usize, serde_json::Error> {
        let mut read =
            serde_json::Deserializer::from_str(element).into_iter::<&serde_json::value::RawValue>();
        let text = read.next().ok_or_else(eof)??.get().to_owned();
        out.push(text);
        Ok(read.byte_offset())
    }

    fn split(json: &str, chunk: usize) -> Result<Vec<String>, String> {
        let mut pieces = Pieces::default();
        let mut out = Vec::new();
        for bytes in json.as_bytes().chunks(chunk) {
            pieces.feed(bytes, |element| take(element, &mut out))?;
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
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        /// However large its elements are and wherever the bytes are cut, a list says the same.
        #[test]
        fn elements_of_any_size_in_chunks_of_any_size(
            sizes in prop::collection::vec(0_u32..23, 1..7),
            chunks in prop::collection::vec(0_u32..19, 1..6),
            salt in 0_usize..1_000,
        ) {
            let element = |(i, size): (usize, &u32)| {
                let length = (1_usize << size) - salt % (1 << size).min(700);
                // Quotes, brackets and escapes, where an end might be seen that is none.
                let text: String = r#"}\"]{x\\,[é"#.chars().cycle().skip(i + salt).take(length).collect();
                serde_json::json!({ "i": i, "text": text, "in": [{ "deep": {} }] }).to_string()
            };
            let elements: Vec<String> = sizes.iter().enumerate().map(element).collect();
            // Among them some that are no objects, as long.
            let odd = elements.iter().zip(&sizes).flat_map(|(element, size)| [
                serde_json::json!(element).to_string(),
                format!("[{element},{size}]"),
                ["null", "-17.5e-3", "true"][*size as usize % 3].to_owned(),
            ]);
            let odd: Vec<String> = odd.collect();
            let mixed: Vec<&str> = elements.iter().enumerate()
                .flat_map(|(i, e)| [&**e, &*odd[(i + salt) % odd.len()]]).collect();
            let json = format!(" [{}]\n", mixed.join(" ,\n"));
            // Not byte by byte through megabytes: 100,000 cuts are enough.
            let least = json.len() / 100_000 + 1;
            let mut pieces = Pieces::default();
            let (mut rest, mut read) = (json.as_bytes(), Vec::new());
            for size in chunks.iter().cycle() {
                let (chunk, more) = rest.split_at((1_usize << size).max(least).min(rest.len()));
                pieces.feed(chunk, |element| take(element, &mut read)).expect("a list");
                rest = more;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(pieces.finish(), Ok(()));
            prop_assert!(read == elements, "{} elements of {}", read.len(), elements.len());
            prop_assert_eq!(pieces.gaps().count, elements.len() as u64);
        }
    }

    #[test]
    fn what_can_not_be_read_costs_only_itself_however_it_is_cut() {
        let json = r#"[{"a":1},{"a":[}]},{"b":tru},{"c":"x}"},{"d":nope"}"},{}]"#;
        let whole = split(json, 1000);
        for chunk in 1..json.len() {
            assert_eq!(split(json, chunk), whole, "chunks of {chunk}");
        }
        let json = r#"[{"a":1},{"b":tru},{"c":"x}"},{"d":nope},{}]"#;
        let mut pieces = Pieces::default();
        pieces.feed(json.as_bytes(), |element| take(element, &mut Vec::new())).expect("a list");
        assert_eq!(pieces.gaps().count, 2);
        assert!(pieces.gaps().example.as_deref().is_some_and(|why| why.contains("expected")));
    }

    fn gaps_of(json: &str, chunk: usize) -> Result<(Vec<String>, Gaps), String> {
        let mut pieces = Pieces::default();
        let mut out = Vec::new();
        for bytes in json.as_bytes().chunks(chunk) {
            pieces.feed(bytes, |element| take(element, &mut out))?;
        }
        pieces.finish().map(|()| (out, pieces.gaps().clone()))
    }

    #[test]
    fn an_element_that_is_no_object_costs_only_itself() {
        for (odd, kind) in [
            ("null", "null"),
            ("true", "a boolean"),
            ("false", "a boolean"),
            ("-1.5e3", "a number"),
            ("0", "a number"),
            (r#""""#, "a string"),
            (r#""a]},{\"\\""#, "a string"),
            ("[]", "an array"),
            (r#"[[1,"]"],{"a":[]}]"#, "an array"),
        ] {
            for json in [
                format!(r#"[{{"a":1}},{odd},{{"b":2}}]"#),
                format!("[{odd} ,{{\"a\":1}}\n,{odd},{{\"b\":2}}, {odd}]\n"),
            ] {
                let whole = gaps_of(&json, 1000).expect("a list");
                assert_eq!(whole.0, [r#"{"a":1}"#, r#"{"b":2}"#], "{json}");
                assert_eq!(whole.1.count, if json.ends_with('\n') { 3 } else { 1 }, "{json}");
                let said = format!("{kind} is no object");
                assert_eq!(whole.1.example.as_deref(), Some(&*said), "{json}");
                for chunk in 1..json.len() {
                    assert_eq!(gaps_of(&json, chunk).as_ref(), Ok(&whole), "{json} by {chunk}");
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_cost_nothing_but_themselves() {
        let json =
            [&b"[{\"a\":\"x\xff\xc3\"},{\"b\":\"\xc3\xa9\"},{\"c\":tru},{\"d\":1}]"[..]].concat();
        let read = |chunk: usize| {
            let (mut pieces, mut out) = (Pieces::default(), Vec::new());
            for bytes in json.chunks(chunk) {
                pieces.feed(bytes, |element| take(element, &mut out)).expect("a list");
            }
            (out, pieces.gaps().count)
        };
        let expected = ["{\"a\":\"x\u{fffd}\u{fffd}\"}", r#"{"b":"é"}"#, r#"{"d":1}"#];
        for chunk in 1..=json.len() {
            assert_eq!(read(chunk), (expected.map(str::to_owned).to_vec(), 1), "chunks of {chunk}");
        }
    }

    #[test]
    fn what_does_not_end_is_no_list() {
        let mut pieces = Pieces::default();
        let chunk = vec![b'x'; 1 << 20];
        pieces.feed(b"[{\"a\":\"", |_| Err(eof())).expect("it may go on");
        let fed = (0..64).take_while(|_| pieces.feed(&chunk, |_| Err(eof())).is_ok()).count();
        assert_eq!(fed, (ELEMENT_LIMIT >> 20) - 1, "all but 16 MiB are borne, no more");
        let at_once = [b"[{\"a\":\"".to_vec(), vec![b'x'; ELEMENT_LIMIT]].concat();
        assert!(Pieces::default().feed(&at_once, |_| Err(eof())).is_err());
    }

    #[test]
    fn what_is_no_list_is_said() {
        for json in ["{}", "hello", "[{}", "", "<html>", "null", "null\n", "null[{}]", "[hello]"] {
            assert!(split(json, 3).is_err(), "{json}");
        }
        for json in
            ["[nu", "[\"a", "[1", "[[]", "[,\"a\"", "1", "\"[]\"", "[{}}", "[{}:{}]", "[{}]:"]
        {
            assert!(split(json, 2).is_err(), "{json}");
        }
    }
}
