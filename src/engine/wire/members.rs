//! An object's members, one after the other. A long one that was met before is passed over by its
//! looks: half of a task is a spec that many others have.

use std::{borrow::Cow, str};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
        value::BorrowedBytesDeserializer,
    },
};
use serde_json::Error;

use super::element;

/// A member that is not read yet.
#[derive(Default, Debug, PartialEq)]
pub(super) struct UnreadMember<'a>(pub &'a [u8]);

impl<'de: 'a, 'a> Deserialize<'de> for UnreadMember<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = &'de [u8];
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a member of an object")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<&'de [u8], E> {
                Ok(bytes)
            }
        }
        d.deserialize_bytes(Bytes).map(UnreadMember)
    }
}

/// The members of the object that some bytes begin with.
pub(super) struct Members<'de, F> {
    bytes: &'de [u8],
    at: usize,
    is_first: bool,
    long: &'static str,
    is_long: bool,
    meet: F,
}

impl<'de, F: FnMut(&'de [u8]) -> Option<usize>> Members<'de, F> {
    /// The one named `long` is given as [`UnreadMember`]; `meet` says how long it is, if that can be told
    /// from its beginning.
    pub fn of(bytes: &'de [u8], long: &'static str, meet: F) -> Result<Self, Error> {
        let mut members = Self { bytes, at: 0, is_first: true, long, is_long: false, meet };
        members.expect(b'{')?;
        Ok(members)
    }

    /// Length of the object, once all its members are read.
    pub fn length(&self) -> usize {
        self.at
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Result<u8, Error> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(*byte),
                // The library's own word for bytes that end too early.
                None => return serde_json::from_slice(b""),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Error> {
        let found = self.peek()?;
        self.at += 1;
        if found == byte { Ok(()) } else { Err(wrong(found)) }
    }

    fn key(&mut self) -> Result<Cow<'de, str>, Error> {
        let rest = &self.bytes[self.at..];
        let inner = rest.get(1..).unwrap_or_default();
        if let Some(end) = memchr::memchr2(b'"', b'\\', inner)
            && inner[end] == b'"'
            && let Ok(key) = str::from_utf8(&inner[..end])
        {
            self.at += end + 2;
            return Ok(Cow::Borrowed(key));
        }
        let (key, length) = element::<String>(rest)?;
        self.at += length;
        Ok(Cow::Owned(key))
    }
}

impl<'de, F: FnMut(&'de [u8]) -> Option<usize>> MapAccess<'de> for Members<'de, F> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(None);
        }
        if !std::mem::replace(&mut self.is_first, false) {
            self.expect(b',')?;
        }
        match self.peek()? {
            b'"' => {}
            other => return Err(wrong(other)),
        }
        let key = self.key()?;
        self.is_long = key == self.long;
        seed.deserialize((*key).into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        self.expect(b':')?;
        self.peek()?;
        let rest = &self.bytes[self.at..];
        if self.is_long {
            let length = match (self.meet)(rest) {
                Some(length) => length,
                None => element::<IgnoredAny>(rest)?.1,
            };
            self.at += length;
            return seed.deserialize(BorrowedBytesDeserializer::new(&rest[..length]));
        }
        let mut value = serde_json::Deserializer::from_slice(rest);
        let read = seed.deserialize(&mut value)?;
        self.at += value.into_iter::<IgnoredAny>().byte_offset();
        Ok(read)
    }
}

fn wrong(byte: u8) -> Error {
    Error::custom(format!("{:?} where none may be", byte as char))
}

#[cfg(test)]
mod tests {
    use serde::de::value::MapAccessDeserializer;

    use super::*;

    #[derive(Deserialize, Default, Debug, PartialEq)]
    #[serde(default)]
    struct Thing<'a> {
        name: String,
        count: u64,
        #[serde(borrow)]
        long: UnreadMember<'a>,
    }

    fn thing<'a>(
        json: &'a str,
        meet: impl FnMut(&'a [u8]) -> Option<usize>,
    ) -> Result<(Thing<'a>, usize), Error> {
        let mut members = Members::of(json.as_bytes(), "long", meet)?;
        let thing = Thing::deserialize(MapAccessDeserializer::new(&mut members))?;
        Ok((thing, members.length()))
    }

    #[test]
    fn members_are_read_as_the_library_reads_them() {
        let long = r#"{"a":"}\"{","b":[1,{"c":2}]}"#;
        let json = format!(
            "{{ \"n\\u0061me\" : \"x\\ny\" ,\n\"else\":[{{}}],\"long\": {long} ,\"count\":12}},{{"
        );
        let expected =
            Thing { name: "x\ny".into(), count: 12, long: UnreadMember(long.as_bytes()) };
        let length = json.len() - 2;
        assert_eq!(thing(&json, |_| None).expect("whole"), (expected, length));
        let met = thing(&json, |text| text.starts_with(long.as_bytes()).then_some(long.len()));
        assert_eq!(met.expect("whole").1, length);
        assert_eq!(thing("{}", |_| None).expect("empty").1, 2);
        for end in 0..length {
            let error = thing(&json[..end], |_| None).expect_err("it is cut");
            assert!(error.is_eof(), "{}: {error}", &json[..end]);
        }
        let wrong = ["[]", "{,}", r#"{"a" 1}"#, r#"{"a":1,}"#, r#"{"a":1 "b":2}"#, "{a:1}"];
        for json in wrong.into_iter().chain([r#"{"count":"x"}"#, r#"{"long":}}"#, r#"{"a":}"#]) {
            let error = thing(json, |_| None).expect_err(json);
            assert!(!error.is_eof(), "{json}: {error}");
        }
    }
}
