//! Greets an engine: its API version, its Swarm, and whether it may be read.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{
    client::{API_MAX, API_MIN, Engine},
    error::{EngineError, Result},
    gate::{Answer, Limits},
    wire::WireInfo,
};
use crate::{
    cluster::{ClusterInfo, Timestamp},
    text::brief,
};

/// `/_ping` and `/info` answer in milliseconds on any engine that is alive (also without quorum).
pub(super) const DEADLINE: Duration = Duration::from_secs(4);

/// While a leader is elected `/info` hangs; a manager that lists and tells nothing of itself would stay
/// without a name for as long as the link lasts.
const TRIES: usize = 3;

/// One look at a Swarm waits at most so long in all. Requests share it: an engine that hangs is told in
/// this time, whichever of them it leaves without an answer.
const LOOK: Duration = Duration::from_secs(15);

/// Managers that are offered to go to, and the longest address of one: more are none.
const MOST_MANAGERS: usize = 20;
const LONGEST_ADDRESS: usize = 300;

/// Result of the greeting.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The Swarm and the manager, as far as they are told.
    pub info: ClusterInfo,
    /// Why they are not, if `/info` is refused or not answered.
    pub unread: Option<String>,
    /// The manager's clock minus ours, in nanoseconds, to half a round trip.
    pub skew: i64,
    /// The round-trip time.
    pub round_trip: Duration,
}

impl Engine {
    /// Agrees on an API version and makes sure this is a manager that can answer. Where `/info` is
    /// refused or not answered, which Swarm and which manager it is stays unknown.
    ///
    /// # Errors
    /// What is in the way, each kind with its own error.
    pub async fn probe(&mut self, now: impl Fn() -> Timestamp) -> Result<Probe> {
        self.probe_for(now, false).await
    }

    /// As [`Self::probe`], for one look: an `/info` that is not answered leaves unknown which Swarm it is.
    ///
    /// # Errors
    /// What is in the way, each kind with its own error.
    pub async fn probe_once(&mut self, now: impl Fn() -> Timestamp) -> Result<Probe> {
        self.probe_for(now, true).await
    }

    async fn probe_for(&mut self, now: impl Fn() -> Timestamp, once: bool) -> Result<Probe> {
        // A login over a slow link takes longer than an answer may.
        self.log_in().await?;
        if once {
            self.gate.wait_at_most(LOOK);
        }
        let greeted = self.negotiate(&now).await?;
        let (mut sent, mut asked_at) = (Instant::now(), now());
        let mut info = self.info().await;
        for _ in 1..if once { 1 } else { TRIES } {
            if !info.as_ref().is_err_and(EngineError::is_timeout) {
                break;
            }
            (sent, asked_at) = (Instant::now(), now());
            info = self.info().await;
        }
        let info = match info {
            Err(error) if error.is_forbidden() || once && error.is_timeout() => {
                let info = ClusterInfo { api: self.api().into(), ..ClusterInfo::default() };
                return Ok(Probe { info, unread: Some(error.brief()), ..greeted });
            }
            info => info?,
        };
        let round_trip = sent.elapsed();
        let theirs = Timestamp::parse(&info.system_time);
        let skew = theirs.map_or(0, |theirs| ahead(theirs, asked_at, round_trip));
        self.judge(&info)?;
        Ok(Probe { info: info.cluster(self.api()), unread: None, skew, round_trip })
    }

    /// Asks why lists do not come: `/info` mostly answers at once even without quorum. `Ok` if it sees
    /// no reason. That `/info` does not answer either is none: it hangs for 20 s with the lists on a manager
    /// that was the leader (measured on 20.10), and behind some proxies always.
    pub async fn ask_why(&self) -> Result<()> {
        match self.info().await {
            Err(error) if error.is_forbidden() || error.is_timeout() => Ok(()),
            info => self.judge(&info?),
        }
    }

    async fn info(&self) -> Result<WireInfo> {
        let answer = self.get("/info", DEADLINE, Limits::OPTIONAL).await?;
        let body = answer.whole().await?;
        serde_json::from_slice(&body).map_err(|e| self.garbage("/info", &e.to_string()))
    }

    /// Judges by `/info`; strings as measured.
    fn judge(&self, info: &WireInfo) -> Result<()> {
        let endpoint = self.endpoint().to_string();
        let swarm = &info.swarm;
        let said = brief(&swarm.error).into_owned();
        match swarm.local_node_state.as_str() {
            "locked" => {
                return Err(EngineError::Locked { endpoint, said: or_state(said, "locked") });
            }
            "inactive" | "" => {
                return Err(EngineError::NotSwarm {
                    endpoint,
                    said: or_state(said, "Swarm: inactive"),
                });
            }
            "error" if said.contains("certificate") => {
                return Err(EngineError::CertsExpired { endpoint, said });
            }
            _ => {}
        }
        if said.contains("does not have a leader") || said.contains("DeadlineExceeded") {
            let told = Some(Box::new(info.answering()));
            return Err(EngineError::NoQuorum { endpoint, said, told });
        }
        if !swarm.control_available {
            let is_address = |addr: &&String| addr.len() <= LONGEST_ADDRESS;
            let peers = swarm.remote_managers.iter().map(|peer| &peer.addr);
            let mut managers: Vec<_> = peers.filter(is_address).cloned().collect();
            managers.sort();
            managers.truncate(MOST_MANAGERS);
            // The same way, to each of them: their sockets are where ours is, as a rule.
            let host = |addr: &String| {
                let (host, _) = addr.rsplit_once(':')?;
                Some(host.trim_matches(['[', ']']).to_owned())
            };
            let offer = managers.iter().filter_map(host);
            let offer = offer.filter_map(|host| Some(self.endpoint().on_host(&host)?.to_string()));
            let offer = offer.collect();
            return Err(EngineError::Worker { endpoint, managers, offer });
        }
        if !said.is_empty() {
            return Err(EngineError::Refusal { what: "GET /info".into(), status: 503, said });
        }
        Ok(())
    }

    /// Greets the engine: any answer names the API version, whichever of these requests is refused.
    async fn greet(&self) -> Result<Answer> {
        let mut refusal = None;
        for path in ["/_ping", "/version", "/info", "/services"] {
            match self.gate.greet(path, DEADLINE).await {
                Err(error) if error.is_forbidden() => drop(refusal.get_or_insert(error)),
                answer => return answer,
            }
        }
        Err(match refusal {
            Some(EngineError::Forbidden { endpoint, said, .. }) => {
                EngineError::RefusesAll { endpoint, said }
            }
            other => other.unwrap_or_else(|| self.garbage("/_ping", "no answer")),
        })
    }

    /// The lower of both API versions, as the docker CLI negotiates, and the facts in the answer's
    /// headers.
    pub(super) async fn negotiate(&mut self, now: impl Fn() -> Timestamp) -> Result<Probe> {
        let (sent, asked_at) = (Instant::now(), now());
        let answer = self.greet().await?;
        let round_trip = sent.elapsed();
        // Its whole seconds are half a second late on average.
        let date = answer.header("Date").replace("GMT", "+0000");
        let date = jiff::fmt::rfc2822::parse(&date).ok().map(|date| date.timestamp());
        let date = date.and_then(|at| i64::try_from(at.as_nanosecond()).ok());
        let theirs = date.map(|nanos| Timestamp::from_nanos(nanos).shifted(500_000_000));
        let skew = theirs.map_or(0, |theirs| ahead(theirs, asked_at, round_trip));
        let info = ClusterInfo::default();
        let greeted = Probe { info, unread: None, skew, round_trip };
        let theirs = answer.header("Api-Version").to_owned();
        let endpoint = self.endpoint().to_string();
        let Some(newest) = parse(&theirs) else {
            return Err(answer.garbage("the answer names no API version".into()));
        };
        drop(answer.whole().await);
        let (Some(min), Some(max)) = (parse(API_MIN), parse(API_MAX)) else { return Ok(greeted) };
        if newest < min {
            return Err(EngineError::TooOld { endpoint, theirs, ours: API_MIN });
        }
        if newest <= max {
            self.gate.set_api(&theirs);
            return Ok(greeted);
        }
        self.gate.set_api(API_MAX);
        // Newer than skep knows: the engine may have dropped what skep speaks.
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Version {
            #[serde(rename = "MinAPIVersion")]
            min: String,
        }
        let version = match self.gate.greet("/version", DEADLINE).await {
            // It will say so itself, to the first request in a version it does not speak.
            Err(error) if error.is_forbidden() => return Ok(greeted),
            answer => answer?.whole().await?,
        };
        let version: Version = serde_json::from_slice(&version).unwrap_or_default();
        if parse(&version.min).is_some_and(|oldest| oldest > max) {
            return Err(EngineError::TooNew { endpoint, theirs: version.min, ours: API_MAX });
        }
        Ok(greeted)
    }
}

/// Offset of their clock: they read it half a round trip after we asked.
fn ahead(theirs: Timestamp, asked_at: Timestamp, round_trip: Duration) -> i64 {
    asked_at.until(theirs) - i64::try_from(round_trip.as_nanos() / 2).unwrap_or(0)
}

fn or_state(said: String, state: &str) -> String {
    if said.is_empty() { state.into() } else { said }
}

/// `1.41` as numbers, since `1.9` is older than `1.41`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
