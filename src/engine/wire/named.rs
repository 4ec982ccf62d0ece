//! Names of objects that can't be read otherwise.

use std::{collections::HashMap, sync::Arc};

use serde_json::value::RawValue;

use super::{check_id, element};
use crate::text::brief;

type RawFields<'a> = HashMap<String, &'a RawValue>;

/// Its ID and its name, whatever the rest of it is.
pub(super) struct Named {
    pub id: Arc<str>,
    pub name: Arc<str>,
}

impl Named {
    /// Reads them of the object that `text` begins with; the name is a field of it, or of a part of it:
    /// `Spec.Name`.
    pub fn read(text: &str, field: &str) -> Option<Self> {
        let (object, _) = element::<RawFields<'_>>(text).ok()?;
        let string = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).ok();
        let id = object.get("ID").or(object.get("Id")).and_then(|id| string(id));
        let id = id.filter(|id| check_id(id).is_ok())?;
        let name = match field.split_once('.') {
            None => string(object.get(field)?),
            Some((part, field)) => {
                let part: RawFields<'_> = serde_json::from_str(object.get(part)?.get()).ok()?;
                string(part.get(field)?)
            }
        };
        let name = name.filter(|name| !name.is_empty())?;
        Some(Self { id: id.into(), name: brief(&name).into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(json: &str) -> Option<String> {
        Named::read(json, "Spec.Name").map(|named| format!("{}: {}", named.id, named.name))
    }

    #[test]
    fn a_name_is_read_where_nothing_else_can_be() {
        let odd = r#"{"Version":-1,"ID":"s1","Endpoint":[1],"Spec":{"Mode":7,"Name":"web"}},{"#;
        assert_eq!(name(odd).as_deref(), Some("s1: web"));
        for none in [
            r#"{"ID":"s1","Spec":{"Name":7}}"#,
            r#"{"ID":"s1","Spec":{"Name":""}}"#,
            r#"{"ID":"","Spec":{"Name":"web"}}"#,
            r#"{"ID":7,"Spec":{"Name":"web"}}"#,
            r#"{"ID":"s1","Spec":null}"#,
            r#"{"Spec":{"Name":"web"}}"#,
            r#"{"ID":"s1","Spec":{"Name":"web""#,
            "7",
            "",
        ] {
            assert_eq!(name(none), None, "{none}");
        }
    }
}
