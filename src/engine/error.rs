//! Errors of an engine: each is one line that says what failed, why in the engine's
//! own words, and what to do.

use std::time::Duration;

use crate::{
    cluster::Answering,
    text::{brief, quote},
};

/// A result of this module.
pub type Result<T> = std::result::Result<T, EngineError>;

/// Why an engine did not do what was asked.
#[allow(missing_docs, reason = "the text of each says what its fields are")]
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum EngineError {
    /// No such socket file.
    #[error("{endpoint}: no such socket; is dockerd running here? Give another with -H")]
    NoSocket { endpoint: String },
    /// Not allowed to open the socket.
    #[error("{endpoint}: permission denied; join the group 'docker' (newgrp docker) or use sudo")]
    Permission { endpoint: String },
    /// Connection refused: nothing listens.
    #[error("{endpoint}: connection refused; nothing listens there, is dockerd running?")]
    Refused { endpoint: String },
    /// Could not connect otherwise.
    #[error("{endpoint}: can't connect: {why}; check the address and the network")]
    Unreachable { endpoint: String, why: String },
    /// ssh got nowhere.
    #[error("{endpoint}: {said}")]
    Ssh { endpoint: String, said: String },
    /// A node's own engine can't be used.
    #[error("{said}")]
    OutOfReach { said: String },
    /// TLS got nowhere.
    #[error("{endpoint}: TLS: {said}")]
    Tls { endpoint: String, said: String },
    /// The connection broke under a request.
    #[error("{endpoint}: connection lost: {why}")]
    Broken { endpoint: String, why: String },
    /// No answer in time.
    #[error("{endpoint}: no answer to {what} within {}; the engine hangs or the network is cut", crate::text::span(*.after))]
    Timeout { endpoint: String, what: String, after: Duration },
    /// The answer is no Docker Engine's.
    #[error("{endpoint}: this is not a Docker Engine: {why}")]
    Garbage { endpoint: String, why: String },
    /// The engine is not part of a Swarm.
    #[error(
        "{endpoint}: this engine is not part of a Swarm; run 'docker swarm init' here, or point skep at a manager with -H ({said})"
    )]
    NotSwarm { endpoint: String, said: String },
    /// A worker.
    #[error("{endpoint}: this node is a worker and can't see the Swarm; point skep at a manager: {}", managers_line(.managers, .offer))]
    Worker { endpoint: String, managers: Vec<String>, offer: Vec<String> },
    /// Autolocked.
    #[error("{endpoint}: the Swarm is locked; run 'docker swarm unlock' on that node ({said})")]
    Locked { endpoint: String, said: String },
    /// Certificates expired.
    #[error(
        "{endpoint}: the Swarm's certificates have expired; leave the Swarm and join again ({said})"
    )]
    CertsExpired { endpoint: String, said: String },
    /// Too few managers.
    #[error(
        "{endpoint}: no quorum: {said} Bring managers back, or as the last resort 'docker swarm init --force-new-cluster'"
    )]
    NoQuorum {
        endpoint: String,
        said: String,
        /// State of the managers, if it was asked for.
        told: Option<Box<Answering>>,
    },
    /// The engine speaks only older API versions.
    #[error(
        "{endpoint}: engine too old: it speaks API {theirs}, skep needs {ours} (Docker 20.10) or newer"
    )]
    TooOld { endpoint: String, theirs: String, ours: &'static str },
    /// The engine speaks only newer API versions.
    #[error(
        "{endpoint}: engine too new: it wants API {theirs} or newer, this skep speaks up to {ours}; update skep"
    )]
    TooNew { endpoint: String, theirs: String, ours: &'static str },
    /// The service changed since it was read.
    #[error("update out of sequence: the service was changed by someone else in the meantime")]
    OutOfSequence,
    /// The object is gone.
    #[error("{said}")]
    NotFound { said: String },
    /// Our own fault: reading what it said came to no end.
    #[error(
        "{endpoint}: skep failed on the answer ({why}); this is a bug in skep: please report it, the log file has more"
    )]
    Internal { endpoint: String, why: String },
    /// Something in front of the engine blocks this request: a socket proxy, or a plugin.
    #[error(
        "{endpoint} refuses {what} ({said}): a proxy or an authorization plugin in front of the engine does not allow it"
    )]
    Forbidden { endpoint: String, what: String, said: String },
    /// The same of each request that greets an engine.
    #[error("{endpoint} refuses every request ({said}): {}", refuses_all(.said))]
    RefusesAll { endpoint: String, said: String },
    /// No engine's answer, though of less than a server error: a redirect, or a proxy's own refusal.
    #[error("{endpoint}: {what} was answered by something in front of the engine: {said}")]
    Elsewhere { endpoint: String, what: String, said: String },
    /// A list that has more than any Swarm has.
    #[error("{endpoint}: the answer to {what} has {has}; skep reads no more")]
    TooLarge { endpoint: String, what: String, has: String },
    /// Any other refusal, in the engine's words.
    #[error("{}the engine answered {status}: {said}", asked(.what))]
    Refusal { what: String, status: u16, said: String },
    /// A log ended with the engine's own words in place of its lines.
    #[error("{said}")]
    LogBroke { said: String },
    /// Read-only: the request was not let out.
    #[error("read-only: {method} {path} was not sent")]
    ReadOnly { method: String, path: String },
}

/// Prefix with the path of a read; a write is shown beside its action anyway.
fn asked(what: &str) -> String {
    if what.starts_with("GET ") { format!("{what}: ") } else { String::new() }
}

fn managers_line(managers: &[String], offer: &[String]) -> String {
    if managers.is_empty() {
        return "it names none".into();
    }
    let flags: String = offer.iter().map(|endpoint| format!(" -H {}", quote(endpoint))).collect();
    if flags.is_empty() {
        return managers.join(", ");
    }
    format!("{}; try: skep{flags}", managers.join(", "))
}

/// Advice for an endpoint that refuses all there is to ask.
fn refuses_all(said: &str) -> &'static str {
    if said.starts_with("401") || said.starts_with("407") {
        "a proxy in front of the engine wants a login, and skep has none; let it pass skep's reads, or give the engine's own address with -H"
    } else {
        "a proxy or an authorization plugin in front of the engine; let it pass skep's reads, or give the engine's own address with -H"
    }
}

impl EngineError {
    /// Whether the connection or the manager is at fault, so that reconnecting may help; other
    /// errors are an answer to one request.
    pub fn is_connection(&self) -> bool {
        !matches!(
            self,
            Self::OutOfSequence
                | Self::NotFound { .. }
                | Self::Forbidden { .. }
                | Self::Elsewhere { .. }
                | Self::TooLarge { .. }
                | Self::Refusal { .. }
                | Self::LogBroke { .. }
                | Self::ReadOnly { .. }
        )
    }

    /// Whether a write that ended so may or may not have been carried out: anything that is not a clear
    /// refusal. A manager that forwards a write to the leader may lose the answer to it, and so may a
    /// proxy.
    pub fn leaves_unknown(&self) -> bool {
        match self {
            Self::Broken { .. }
            | Self::Timeout { .. }
            | Self::NoQuorum { .. }
            | Self::Garbage { .. }
            | Self::Elsewhere { .. }
            | Self::Internal { .. } => true,
            // The connection may have failed after the request had left.
            Self::Tls { .. } => true,
            // 408 and 429: what stood in between gave up on us while it passed the request on, or
            // passed it on twice.
            Self::Refusal { status, said, .. } => match status {
                408 | 429 => true,
                // 0: it was never sent.
                0 | 400..500 => false,
                _ => !is_clear_refusal(said),
            },
            _ => false,
        }
    }

    /// Whether no answer came in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }

    /// Whether this one request is not allowed, and others may be.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden { .. })
    }

    /// Whether one part of the Swarm can't be read, and the others may be: it is not allowed, or too
    /// large.
    pub fn costs_a_part(&self) -> bool {
        self.is_forbidden() || matches!(self, Self::TooLarge { .. })
    }

    /// Reason why a part is unread, in a few words: `GET /nodes is refused (403 Forbidden)`.
    pub fn brief(&self) -> String {
        match self {
            Self::Forbidden { what, said, .. } => format!("{what} is refused ({said})"),
            Self::Timeout { endpoint, what, after } => {
                format!("{endpoint}: no answer to {what} within {}", crate::text::span(*after))
            }
            Self::TooLarge { what, has, .. } => format!("the answer to {what} has {has}"),
            Self::Garbage { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// Whether the Swarm says that it has no leader just now.
    pub fn is_leaderless(&self) -> bool {
        matches!(self, Self::NoQuorum { .. })
    }
}

/// Whether a server error carries a verdict on the request itself: the codes swarmkit answers with
/// before it proposes anything (`manager/controlapi`), some of which the engine passes on as 500.
fn is_clear_refusal(said: &str) -> bool {
    const CODES: [&str; 9] = [
        "InvalidArgument",
        "NotFound",
        "AlreadyExists",
        "FailedPrecondition",
        "PermissionDenied",
        "Unauthenticated",
        "Unimplemented",
        "OutOfRange",
        "ResourceExhausted",
    ];
    let code = said.split_once("code = ").map(|(_, rest)| rest);
    let code = code.and_then(|rest| rest.split_whitespace().next());
    code.is_some_and(|code| CODES.contains(&code))
}

/// An answer with an error status, as the error it stands for. Pages made for a browser are a proxy's,
/// and never shown.
pub(super) fn refused(endpoint: &str, what: String, status: u16, body: &[u8]) -> EngineError {
    #[derive(serde::Deserialize)]
    struct Said {
        message: String,
    }
    let words = serde_json::from_slice::<Said>(body).map(|said| brief(&said.message).into_owned());
    let code = hyper::StatusCode::from_u16(status).ok();
    let reason = code.and_then(|code| code.canonical_reason()).unwrap_or("no reason given");
    let is_page = body.trim_ascii_start().starts_with(b"<");
    // A proxy may hide what it does not allow. To a write such an answer may come from further on.
    let is_hidden =
        words.is_err() && what.starts_with("GET ") && matches!(status, 404 | 407 | 410 | 451);
    if matches!(status, 401 | 403 | 405) || is_hidden {
        let said = words.unwrap_or_else(|_| format!("{status} {reason}"));
        return EngineError::Forbidden { endpoint: endpoint.into(), what, said };
    }
    let is_engine = words.is_ok();
    let said = match (words, status) {
        (Ok(words), _) => words,
        (Err(_), 502..=504) if is_page || body.is_empty() => {
            format!("{reason}: a proxy answers, and the engine behind it does not")
        }
        (Err(_), _) if is_page || body.is_empty() => reason.into(),
        (Err(_), _) => String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned(),
    };
    match from_status(endpoint, &what, status, said) {
        EngineError::Refusal { said, .. } | EngineError::NotFound { said }
            if !is_engine && status < 500 =>
        {
            let said = format!("{status} {said}");
            EngineError::Elsewhere { endpoint: endpoint.into(), what, said }
        }
        error => error,
    }
}

/// Sorts an HTTP error by the engine's words (strings: engine-facts, moby `daemon/cluster/errors.go`).
pub(super) fn from_status(endpoint: &str, what: &str, status: u16, said: String) -> EngineError {
    let endpoint = endpoint.to_owned();
    let has = |needle: &str| said.contains(needle);
    if has("update out of sequence") {
        EngineError::OutOfSequence
    } else if has("is encrypted and needs to be unlocked") {
        EngineError::Locked { endpoint, said }
    } else if has("certificates have expired") {
        EngineError::CertsExpired { endpoint, said }
    } else if has("HTTP request to an HTTPS server") {
        let said = "the engine speaks TLS there; set DOCKER_TLS_VERIFY=1, or write https://".into();
        EngineError::Tls { endpoint, said }
    } else if has("does not have a leader") || (has("DeadlineExceeded") && status == 500) {
        EngineError::NoQuorum { endpoint, said, told: None }
    } else if has("Worker nodes can't be used") {
        EngineError::Worker { endpoint, managers: Vec::new(), offer: Vec::new() }
    } else if has("This node is not a swarm manager") || has("This node is not part of a swarm") {
        EngineError::NotSwarm { endpoint, said }
    } else if status == 404 {
        EngineError::NotFound { said }
    } else {
        EngineError::Refusal { what: what.into(), status, said }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_offers_to_run_is_quoted() {
        let worker = EngineError::Worker {
            endpoint: "tcp://w".into(),
            managers: vec!["10.0.0.1:2377".into()],
            offer: vec!["tcp://10.0.0.1:2375".into(), "ssh://m/a b".into()],
        };
        let said = worker.to_string();
        assert!(said.ends_with("try: skep -H tcp://10.0.0.1:2375 -H 'ssh://m/a b'"), "{said}");
    }

    #[test]
    fn a_time_is_told_in_seconds() {
        let late = EngineError::Timeout {
            endpoint: "unix:///x".into(),
            what: "GET /nodes (the rest of it)".into(),
            after: Duration::from_nanos(14_113_872_919),
        };
        let said = "unix:///x: no answer to GET /nodes (the rest of it) within 14s";
        assert_eq!(late.brief(), said);
        assert!(late.to_string().starts_with(&format!("{said};")), "{late}");
    }

    #[test]
    fn only_a_clear_refusal_is_no_unknown_outcome() {
        let unknown = [
            (500, "rpc error: code = Unknown desc = raft: raft message is too large"),
            (500, "rpc error: code = Unknown desc = lost leader status"),
            (500, "rpc error: code = Unavailable desc = transport is closing"),
            (500, "rpc error: code = Canceled desc = context canceled"),
            (500, "rpc error: code = Aborted desc = x"),
            (500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
            (500, "something broke"),
            (502, "<html>Bad Gateway</html>"),
            (503, "<html>No server is available</html>"),
            (504, ""),
            (301, "Moved Permanently"),
            (408, "Request Time-out"),
            (429, "Too Many Requests"),
        ];
        for (status, said) in unknown {
            let error = from_status("unix:///x", "POST /x", status, said.into());
            assert!(error.leaves_unknown(), "{status} {said}: {error:?}");
        }
        let clear = [
            (500, "rpc error: code = Unknown desc = update out of sequence"),
            (500, "rpc error: code = InvalidArgument desc = no"),
            (500, "rpc error: code = FailedPrecondition desc = no"),
            (400, "invalid reference format"),
            (403, "Forbidden"),
            (404, "node x not found"),
            (409, "rpc error: code = AlreadyExists desc = no"),
            (503, "This node is not a swarm manager. …"),
        ];
        for (status, said) in clear {
            let error = from_status("unix:///x", "POST /x", status, said.into());
            assert!(!error.leaves_unknown(), "{status} {said}: {error:?}");
        }
    }
}
