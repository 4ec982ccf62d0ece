//! The query parameter `filters` of lists: `{"service":["web"]}`, or the older
//! `{"service":{"web":true}}`.

use std::collections::HashMap;

use serde_json::Value;

/// Filters of a request; values of one name are alternatives, names are all required.
#[derive(Debug, Default)]
pub(super) struct Filters(HashMap<String, Vec<String>>);

impl Filters {
    /// Parses the query parameter.
    ///
    /// # Errors
    /// The engine's own message.
    pub fn parse(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(Self::default()) };
        let value: Value =
            serde_json::from_str(text).map_err(|e| format!("invalid filter: {e}"))?;
        let map = value.as_object().ok_or("invalid filter: not a map")?;
        let mut filters = HashMap::new();
        for (name, values) in map {
            let list = match values {
                Value::Array(items) => {
                    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                }
                Value::Object(items) => items.keys().cloned().collect(),
                _ => return Err(format!("invalid filter: {name}")),
            };
            filters.insert(name.clone(), list);
        }
        Ok(Self(filters))
    }

    /// The values of a filter.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice).filter(|v| !v.is_empty())
    }

    /// Whether a value of this filter passes, or the filter is not set.
    pub fn passes(&self, name: &str, test: impl Fn(&str) -> bool) -> bool {
        self.get(name).is_none_or(|values| values.iter().any(|v| test(v)))
    }

    /// Whether `labels` has every label of the filter, given as `key` or `key=value`.
    pub fn labels(&self, name: &str, labels: &Value) -> bool {
        self.get(name).is_none_or(|values| {
            values.iter().all(|v| match v.split_once('=') {
                Some((key, value)) => labels[key] == value,
                None => labels.get(v).is_some(),
            })
        })
    }
}
