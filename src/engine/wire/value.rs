//! A JSON value as a number: the same however it is spaced, escaped and ordered.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// Hash of a value.
#[derive(Hash, PartialEq, Eq, Debug)]
pub(super) struct ValueHash(u64);

fn hash(of: impl Hash) -> ValueHash {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    ValueHash(hasher.finish())
}

impl ValueHash {
    /// A fingerprint of JSON; of its text if it can't be parsed.
    pub fn of(raw: &RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_else(|_| hash(raw.get()))
    }
}

impl<'de> Deserialize<'de> for ValueHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = ValueHash;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<ValueHash, E> {
        Ok(hash(()))
    }

    fn visit_bool<E>(self, is: bool) -> Result<ValueHash, E> {
        Ok(hash(is))
    }

    fn visit_u64<E>(self, n: u64) -> Result<ValueHash, E> {
        Ok(hash(n))
    }

    fn visit_i64<E>(self, n: i64) -> Result<ValueHash, E> {
        Ok(hash(n))
    }

    fn visit_f64<E>(self, n: f64) -> Result<ValueHash, E> {
        Ok(hash(n.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<ValueHash, E> {
        Ok(hash(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<ValueHash, A::Error> {
        let mut hasher = DefaultHasher::new();
        while let Some(ValueHash(one)) = all.next_element()? {
            one.hash(&mut hasher);
        }
        Ok(ValueHash(hasher.finish()))
    }

    /// Also a number of more digits, which serde_json gives as a map of its text.
    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<ValueHash, A::Error> {
        let mut sum = 0_u64;
        while let Some(member) = all.next_entry::<ValueHash, ValueHash>()? {
            sum = sum.wrapping_add(hash(member).0);
        }
        Ok(hash(("map", sum)))
    }
}
