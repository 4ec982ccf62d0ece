//! Answers of the engine, and the query of a request.

use std::collections::HashMap;

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::Response,
};
use serde_json::Value;

use crate::demo::{
    filters::Filters,
    sim::{Nanos, SECOND},
};

/// The newest API version it speaks.
pub(in crate::demo) const API: &str = "1.51";

/// Its words while the Swarm has no leader.
pub(in crate::demo) const NO_LEADER: &str = "rpc error: code = Unknown desc = The swarm does not have a leader. It's \
    possible that too few managers are online. Make sure more than half of the managers are online.";

/// An error response of the engine.
pub(in crate::demo) struct ApiError(pub StatusCode, pub String);

pub(in crate::demo) type ApiResult = Result<Response, ApiError>;

pub(in crate::demo) fn api_error(status: u16, message: impl Into<String>) -> ApiError {
    ApiError(
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        message.into(),
    )
}

pub(in crate::demo) struct Query(HashMap<String, String>);

impl Query {
    /// Reads the part of a path after `?`.
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|p| !p.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether a parameter is true, as the engine reads it.
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "true" | "True"))
    }

    /// An instant of a query: seconds with a fraction, as Docker writes them.
    pub fn instant(&self, name: &str) -> Option<Nanos> {
        let text = self.get(name).filter(|t| !t.is_empty())?;
        let (secs, frac) = text.split_once('.').unwrap_or((text, ""));
        let frac: String = frac.chars().chain("000000000".chars()).take(9).collect();
        Some(secs.parse::<i64>().ok()? * SECOND + frac.parse::<i64>().ok()?)
    }

    /// The filters of a list.
    pub fn filters(&self) -> Result<Filters, ApiError> {
        Filters::parse(self.get("filters")).map_err(|e| api_error(400, e))
    }
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        match b {
            b'+' => out.push(b' '),
            b'%' => {
                let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
            }
            b => out.push(b),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

pub(in crate::demo) fn build(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert("Api-Version", header::HeaderValue::from_static(API));
    headers.insert("Ostype", header::HeaderValue::from_static("linux"));
    headers.insert(header::SERVER, header::HeaderValue::from_static("Docker/28.5.2 (linux)"));
    response
}

pub(in crate::demo) fn ok(value: &Value) -> Response {
    build(StatusCode::OK, value.to_string())
}
