//! Why a request got no answer at all, as the error it stands for.

use super::error::EngineError;
use crate::connect::{Connector, SshError, TlsError, tls_trouble};

/// Classifies a transport error, from the innermost cause outwards.
pub(super) fn transport_error(
    connector: &Connector,
    error: &hyper_util::client::legacy::Error,
) -> EngineError {
    let endpoint = connector.endpoint().to_string();
    let mut io = None;
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = error.to_string();
    let mut parse = false;
    let (mut tls, mut ssh) = (None, None);
    while let Some(e) = source {
        if let Some(found) = e.downcast_ref::<std::io::Error>() {
            io = Some(found);
            tls = tls_trouble(found).or(tls);
            let inner = found.get_ref();
            if let Some(inner) = inner.and_then(|e| e.downcast_ref::<TlsError>()) {
                tls = Some(inner.to_string());
            }
            if let Some(inner) = inner.and_then(|e| e.downcast_ref::<SshError>()) {
                ssh = Some(inner.to_string());
            }
        }
        if let Some(found) = e.downcast_ref::<hyper::Error>() {
            // A peer that talks before it is asked is no HTTP server; hyper has no name for that.
            let talks_first = found.to_string().contains("unexpected message");
            parse |= found.is_parse() || found.is_parse_too_large() || talks_first;
        }
        last = e.to_string();
        source = e.source();
    }
    if parse {
        return EngineError::Garbage { endpoint, why: format!("its answer is not HTTP ({last})") };
    }
    // The engine's verdict on a connection may be heard before anything was asked over it.
    let verdict = connector.verdict();
    if let Some(said) = tls.or(verdict) {
        return EngineError::Tls { endpoint, said };
    }
    if !error.is_connect() {
        return EngineError::Broken { endpoint, why: last };
    }
    if let Some(said) = ssh {
        return EngineError::Ssh { endpoint, said };
    }
    match io.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::NotFound) => EngineError::NoSocket { endpoint },
        Some(std::io::ErrorKind::PermissionDenied) => EngineError::Permission { endpoint },
        Some(std::io::ErrorKind::ConnectionRefused) => EngineError::Refused { endpoint },
        _ => EngineError::Unreachable { endpoint, why: last },
    }
}
