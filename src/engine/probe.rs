//! The first words with an engine: which API, which Swarm, may we look.

use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{
    client::{API_MAX, API_MIN, Engine},
    error::{EngineError, Result},
    wire::WireInfo,
};
use crate::cluster::{ClusterInfo, Timestamp};

/// `/_ping` and `/info` answer in milliseconds on any engine that is alive (also without quorum).
const DEADLINE: Duration = Duration::from_secs(4);

/// What the first words told.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The Swarm and the manager.
    pub info: ClusterInfo,
    /// The manager's clock minus ours, in nanoseconds, to half a round trip.
    pub skew: i64,
    /// How long a round trip takes.
    pub round_trip: Duration,
}

impl Engine {
    /// Agrees on an API version and makes sure this is a manager that can answer.
    ///
    /// # Errors
    /// What is in the way, each kind with its own error.
    pub async fn probe(&mut self, now: impl Fn() -> Timestamp) -> Result<Probe> {
        // A login over a slow link takes longer than an answer may.
        self.log_in().await?;
        self.negotiate().await?;
        let sent = Instant::now();
        let asked_at = now();
        let info = self.info().await?;
        let round_trip = sent.elapsed();
        let theirs = Timestamp::parse(&info.system_time);
        let half = i64::try_from(round_trip.as_nanos() / 2).unwrap_or(0);
        let skew = if theirs.is_set() { theirs.0 - asked_at.0 - half } else { 0 };
        self.judge(&info)?;
        Ok(Probe { info: info.cluster(self.api()), skew, round_trip })
    }

    /// Asks why lists do not come: `/info` mostly answers at once even without quorum. `Ok` if it sees
    /// no reason.
    pub async fn ask_why(&self) -> Result<()> {
        let info = self.info().await?;
        self.judge(&info)
    }

    async fn info(&self) -> Result<WireInfo> {
        let answer = match self.get("/info", DEADLINE).await {
            // On a manager that was the leader, `/info` hangs for 20 s with the lists once quorum is
            // lost (measured on 20.10); a ping tells that the engine itself is well.
            Err(EngineError::Timeout { endpoint, .. }) => {
                self.send(hyper::Method::GET, "/_ping", None, DEADLINE).await?;
                return Err(EngineError::SwarmSilent { endpoint });
            }
            answer => answer?,
        };
        let endpoint = self.endpoint().to_string();
        let body = answer.whole().await?;
        serde_json::from_slice(&body).map_err(|e| EngineError::Garbage {
            endpoint,
            why: format!("its /info is not what an engine says ({e})"),
        })
    }

    /// Judges by `/info`; strings as measured.
    fn judge(&self, info: &WireInfo) -> Result<()> {
        let endpoint = self.endpoint().to_string();
        let swarm = &info.swarm;
        let said = swarm.error.clone();
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
            return Err(EngineError::NoQuorum { endpoint, said });
        }
        if !swarm.control_available {
            let mut managers: Vec<_> =
                swarm.remote_managers.iter().map(|peer| peer.addr.clone()).collect();
            managers.sort();
            // The same way, to each of them: their sockets are where ours is, as a rule.
            let host = |addr: &String| {
                let (host, _) = addr.rsplit_once(':')?;
                Some(host.trim_matches(['[', ']']).to_owned())
            };
            let offer = managers.iter().filter_map(host);
            let offer = offer.map(|host| self.endpoint().on_host(&host).to_string()).collect();
            return Err(EngineError::Worker { endpoint, managers, offer });
        }
        if !said.is_empty() {
            return Err(EngineError::Refusal { status: 503, said });
        }
        Ok(())
    }

    /// min(ours, theirs), as the docker CLI negotiates.
    async fn negotiate(&mut self) -> Result<()> {
        let answer = self.send(hyper::Method::GET, "/_ping", None, DEADLINE).await?;
        let theirs = answer.header("Api-Version").to_owned();
        let endpoint = self.endpoint().to_string();
        let Some(newest) = parse(&theirs) else {
            return Err(answer.garbage("its answer to /_ping names no API version".into()));
        };
        drop(answer.whole().await);
        let (Some(min), Some(max)) = (parse(API_MIN), parse(API_MAX)) else { return Ok(()) };
        if newest < min {
            return Err(EngineError::TooOld { endpoint, theirs, ours: API_MIN });
        }
        if newest <= max {
            self.set_api(&theirs);
            return Ok(());
        }
        self.set_api(API_MAX);
        // Newer than skep knows: the engine may have dropped what skep speaks.
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Version {
            #[serde(rename = "MinAPIVersion")]
            min: String,
        }
        let body = self.send(hyper::Method::GET, "/version", None, DEADLINE).await?.whole().await?;
        let version: Version = serde_json::from_slice(&body).unwrap_or_default();
        if parse(&version.min).is_some_and(|oldest| oldest > max) {
            return Err(EngineError::TooNew { endpoint, theirs: version.min, ours: API_MAX });
        }
        Ok(())
    }
}

fn or_state(said: String, state: &str) -> String {
    if said.is_empty() { state.into() } else { said }
}

/// `1.41` as numbers, since `1.9` is older than `1.41`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
