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
pub(super) struct Value(u64);

fn hash(of: impl Hash) -> Value {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    Value(hasher.finish())
}

impl Value {
    /// A fingerprint of JSON; of its text if it can't be parsed.
    pub fn of(raw: &RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_else(|_| hash(raw.get()))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(hash(()))
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(hash(is))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(hash(n))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(hash(n))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Value, E> {
        Ok(hash(n.to_bits()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(hash(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut hasher = DefaultHasher::new();
        while let Some(Value(one)) = all.next_element()? {
            one.hash(&mut hasher);
        }
        Ok(Value(hasher.finish()))
    }

    /// Also a number of more digits, which serde_json gives as a map of its text.
    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut sum = 0_u64;
        while let Some(member) = all.next_entry::<Value, Value>()? {
            sum = sum.wrapping_add(hash(member).0);
        }
        Ok(hash(("map", sum)))
    }
}
