//! A Swarm whose texts all attack the terminal that shows them. Only the engine's own words, ids
//! and times are left as they are.

use axum::{body::Body, http::header, response::Response};
use serde_json::Value;

/// The end of every name: sequences that set the title and the clipboard, move the cursor and set
/// colours, in C0 and in C1; then characters that reorder, hide and join text, and line breaks. It
/// fits into a command line.
pub const NAME: &str = "~\u{1b}]0;pwned\u{7}\u{1b}]52;c;cHduZWQ=\u{1b}\\\u{1b}[7777;1H\u{1b}[7777m\
    \u{9b}7777m\u{9d}0;pwned\u{9c}\u{8}\u{7f}\u{202e}\u{2066}\u{200b}\u{200d}\u{fe0f}\u{feff}\u{e0041}\
    \u{2028}\r\npwned~";

/// The end of every other text.
pub const TEXT: &str = "~\0\u{1b}]0;pwned\u{7}\u{1b}]52;c;cHduZWQ=\u{1b}\\\u{1b}[7777;1H\u{1b}[7777m\
    \u{9b}7777m\u{9d}0;pwned\u{9c}\u{8}\u{7f}\u{202e}\u{2066}\u{200b}\u{200d}\u{fe0f}\u{feff}\u{e0041}\
    \u{2028}\r\npwned~";

/// The end of every log line; some of its bytes are not UTF-8.
pub(super) const LINE: &[u8] = b"~\0\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x1b\\\x1b[7777;1H\x1b[7777m\
    \x9b7777m\x9d0;pwned\x9c\xc2\x9b7777m\x08\x7f\xe2\x80\xae\xe2\x80\x8b\xff\rpwned~\r";

/// Fields that are left alone: skep could not work without the engine's own values.
const WORDS: &[&str] = &[
    "Action",
    "ApiVersion",
    "Availability",
    "Condition",
    "DesiredState",
    "FailureAction",
    "LocalNodeState",
    "MinAPIVersion",
    "Mode",
    "Order",
    "Protocol",
    "PublishMode",
    "Reachability",
    "Role",
    "Scope",
    "State",
    "SystemTime",
    "Timestamp",
    "Type",
    "scope",
];

/// Puts hostile texts into a JSON body.
pub(super) async fn poison(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::HttpBody::size_hint(&body).exact().is_some();
    if !whole {
        return Response::from_parts(parts, body);
    }
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    walk("", &mut value);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(value.to_string()))
}

/// Puts hostile texts into an event.
pub(super) fn event(line: &str) -> String {
    let mut value: Value = serde_json::from_str(line).unwrap_or_default();
    walk("", &mut value);
    value.to_string()
}

fn walk(key: &str, value: &mut Value) {
    match value {
        // Empty texts stay empty.
        Value::String(text) if !text.is_empty() && !is_kept(key) => {
            *text += if key == "Name" { NAME } else { TEXT };
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(key, item)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                walk(name, field);
            }
            if key == "Labels" {
                fields.insert(TEXT.into(), TEXT.into());
            }
        }
        _ => {}
    }
}

fn is_kept(key: &str) -> bool {
    key.ends_with("ID") || key.ends_with("Id") || key.ends_with("At") || WORDS.contains(&key)
}
