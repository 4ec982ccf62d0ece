//! An object's members, one after the other. Some are not read as the library does: half of a task is a
//! spec that many others have, and one that was met before is passed over by its looks.

use std::{borrow::Cow, str};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
        value::BorrowedStrDeserializer,
    },
};
use serde_json::Error;

use super::element;

/// A member that is not read yet.
#[derive(Default, Debug, PartialEq)]
pub(super) struct UnreadMember<'a>(pub &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for UnreadMember<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct JsonText;
        impl<'de> Visitor<'de> for JsonText {
            type Value = &'de str;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a member of an object")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<&'de str, E> {
                Ok(text)
            }
        }
        d.deserialize_str(JsonText).map(UnreadMember)
    }
}

/// The members of the object that a text begins with.
pub(super) struct Members<'de, F> {
    text: &'de str,
    at: usize,
    is_first: bool,
    key: Cow<'de, str>,
    pass: F,
}

/// Length of the value that a text begins with, which is read past.
pub(super) fn skip(text: &str) -> Result<usize, Error> {
    element::<IgnoredAny>(text).map(|(_, length)| length)
}

impl<'de, F: FnMut(&str, &'de str) -> Result<Option<usize>, Error>> Members<'de, F> {
    /// `pass` is given each member's name, and the text that its value begins; it says how long the value
    /// is if it has dealt with it: then it is given as [`UnreadMember`].
    pub fn of(text: &'de str, pass: F) -> Result<Self, Error> {
        let mut members = Self { text, at: 0, is_first: true, key: Cow::Borrowed(""), pass };
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
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(*byte),
                // The library's own word for bytes that end too early.
                None => return serde_json::from_str(""),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Error> {
        let found = self.peek()?;
        self.at += 1;
        if found == byte { Ok(()) } else { Err(wrong(found)) }
    }

    fn key(&mut self) -> Result<Cow<'de, str>, Error> {
        let rest = &self.text[self.at..];
        let inner = rest.get(1..).unwrap_or_default();
        if let Some(end) = memchr::memchr2(b'"', b'\\', inner.as_bytes())
            && inner.as_bytes()[end] == b'"'
        {
            self.at += end + 2;
            return Ok(Cow::Borrowed(&inner[..end]));
        }
        let (key, length) = element::<String>(rest)?;
        self.at += length;
        Ok(Cow::Owned(key))
    }
}

impl<'de, F: FnMut(&str, &'de str) -> Result<Option<usize>, Error>> MapAccess<'de>
    for Members<'de, F>
{
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
        self.key = self.key()?;
        seed.deserialize((*self.key).into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        self.expect(b':')?;
        self.peek()?;
        let rest = &self.text[self.at..];
        if let Some(length) = (self.pass)(&self.key, rest)? {
            self.at += length;
            return seed.deserialize(BorrowedStrDeserializer::new(&rest[..length]));
        }
        let mut value = serde_json::Deserializer::from_str(rest);
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
        mut meet: impl FnMut(&'a str) -> Option<usize>,
    ) -> Result<(Thing<'a>, usize), Error> {
        let mut members = Members::of(json, |name, text| match name {
            "long" => meet(text).map_or_else(|| skip(text), Ok).map(Some),
            _ => Ok(None),
        })?;
        let thing = Thing::deserialize(MapAccessDeserializer::new(&mut members))?;
        Ok((thing, members.length()))
    }

    #[test]
    fn members_are_read_as_the_library_reads_them() {
        let long = r#"{"a":"}\"{","b":[1,{"c":2}]}"#;
        let json = format!(
            "{{ \"n\\u0061me\" : \"x\\ny\" ,\n\"else\":[{{}}],\"long\": {long} ,\"count\":12}},{{"
        );
        let expected = Thing { name: "x\ny".into(), count: 12, long: UnreadMember(long) };
        let length = json.len() - 2;
        assert_eq!(thing(&json, |_| None).expect("whole"), (expected, length));
        let met = thing(&json, |text| text.starts_with(long).then_some(long.len()));
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
