//! Keys in the config file: for an action in all its contexts, or in one.
//!
//! ```toml
//! [keys]
//! preset = "default"
//! scale = ["s", "F5"]
//! [keys.log]
//! page-down = "Space"
//! ```

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

/// Changed keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyConfig {
    /// The set of keys to begin with, and its line.
    pub preset: Option<(String, usize)>,
    /// Other keys for actions.
    pub changes: Vec<Keys>,
}

/// Other keys for an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Only in this context.
    pub context: Option<String>,
    /// The action's id.
    pub action: String,
    /// Its keys as they are written: `s`, `Ctrl-x`, `F5`.
    pub keys: Vec<String>,
    /// Its place in the text, later its line.
    pub line: usize,
}

impl KeyConfig {
    /// Places in the text become lines.
    pub(super) fn count_lines(&mut self, line: impl Fn(usize) -> usize) {
        for keys in &mut self.changes {
            keys.line = line(keys.line);
        }
        if let Some((_, at)) = &mut self.preset {
            *at = line(*at);
        }
    }
}

impl<'de> Deserialize<'de> for KeyConfig {
    fn deserialize<D: Deserializer<'de>>(found: D) -> Result<Self, D::Error> {
        let mut config = Self::default();
        for (name, entry) in BTreeMap::<String, Spanned<KeysValue>>::deserialize(found)? {
            let line = entry.span().start;
            match entry.into_inner() {
                KeysValue::One(preset) if name == "preset" => config.preset = Some((preset, line)),
                _ if name == "preset" => {
                    return Err(de::Error::custom(
                        "preset: write one name, as in preset = \"default\"",
                    ));
                }
                KeysValue::One(key) => config.add(None, name, vec![key], line),
                KeysValue::Many(keys) => config.add(None, name, keys, line),
                KeysValue::Context(actions) => {
                    for (action, keys) in actions {
                        let line = keys.span().start;
                        let keys = match keys.into_inner() {
                            OneOrMore::One(key) => vec![key],
                            OneOrMore::Many(keys) => keys,
                        };
                        config.add(Some(name.clone()), action, keys, line);
                    }
                }
            }
        }
        Ok(config)
    }
}

impl KeyConfig {
    fn add(&mut self, context: Option<String>, action: String, keys: Vec<String>, line: usize) {
        self.changes.push(Keys { context, action, keys, line });
    }
}

/// Value of a name in `[keys]`.
enum KeysValue {
    One(String),
    Many(Vec<String>),
    Context(BTreeMap<String, Spanned<OneOrMore>>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a key, as in \"F5\", or a list of keys")]
enum OneOrMore {
    One(String),
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for KeysValue {
    fn deserialize<D: Deserializer<'de>>(found: D) -> Result<Self, D::Error> {
        found.deserialize_any(EntryVisitor)
    }
}

/// By hand: serde's untagged enums forget where in the text something is.
struct EntryVisitor;

impl<'de> de::Visitor<'de> for EntryVisitor {
    type Value = KeysValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key, as in \"F5\", a list of keys, or a context with actions")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<KeysValue, E> {
        Ok(KeysValue::One(key.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, keys: A) -> Result<KeysValue, A::Error> {
        Vec::deserialize(de::value::SeqAccessDeserializer::new(keys)).map(KeysValue::Many)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, actions: A) -> Result<KeysValue, A::Error> {
        BTreeMap::deserialize(de::value::MapAccessDeserializer::new(actions))
            .map(KeysValue::Context)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConfigFile;

    #[test]
    fn keys_of_a_context_have_their_lines() {
        let text =
            "[keys]\npreset = \"default\"\nscale = \"F5\"\n\n[keys.log]\nwrap = [\"F2\", \"w\"]\n";
        let keys = ConfigFile::parse(text).unwrap().keys;
        assert_eq!(keys.preset, Some(("default".into(), 2)));
        let found: Vec<_> = keys
            .changes
            .iter()
            .map(|k| (k.context.as_deref(), &*k.action, k.keys.len(), k.line))
            .collect();
        assert_eq!(found, [(Some("log"), "wrap", 2, 6), (None, "scale", 1, 3)]);
        for (text, at, says) in [
            ("[keys]\nscale = 3", 2, "a list of keys"),
            ("[keys]\n\npreset = [\"a\"]", 1, "preset"),
            ("[keys.log]\nwrap = 1", 2, "a list of keys"),
        ] {
            let (line, why) = ConfigFile::parse(text).unwrap_err();
            assert!(line == at && why.contains(says), "{line}: {why}");
        }
    }
}
