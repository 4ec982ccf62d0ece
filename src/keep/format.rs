//! Format of what is kept on disk as JSON: records that each name the version of their fields.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, value::RawValue};

use crate::text::clean_json;

/// The version that is written. Records of 0.1.0 name none, and have the same fields.
const FORMAT: u64 = 1;

/// The version of a record.
#[derive(Deserialize)]
struct Format {
    #[serde(default)]
    format: u64,
}

/// A record as it is written, in one line, and harmless to a terminal that shows the file.
pub fn write<T: Serialize>(record: &T) -> serde_json::Result<String> {
    let mut line = Map::new();
    line.insert("format".into(), FORMAT.into());
    if let Value::Object(fields) = serde_json::to_value(record)? {
        line.extend(fields);
    }
    Ok(clean_json(&serde_json::to_string(&line)?).into_owned())
}

/// A record of this or an earlier version; none if it can't be read, or a later skep wrote it.
pub fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    let Format { format } = serde_json::from_str(text).ok()?;
    (format <= FORMAT).then(|| serde_json::from_str(text).ok()).flatten()
}

/// Several records as one array.
pub fn write_all<T: Serialize>(records: &[T]) -> serde_json::Result<String> {
    let lines: Vec<String> = records.iter().map(write).collect::<serde_json::Result<_>>()?;
    Ok(format!("[{}]", lines.join(",\n")))
}

/// The records of an array; one that can't be read costs no other.
pub fn read_all<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let records: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
    records.iter().filter_map(|record| read(record.get())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Dog {
        name: String,
    }

    #[test]
    fn what_cannot_be_read_costs_nothing_else() {
        let text = r#"[{"name":"old"},{"format":1,"name":"now"},{"format":2,"name":"later"},7,{}]"#;
        let names: Vec<String> = read_all(text).into_iter().map(|d: Dog| d.name).collect();
        assert_eq!(names, ["old", "now"]);
        assert_eq!(read_all::<Dog>("{ half"), []);
    }
}
