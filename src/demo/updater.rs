//! Rolling updates and rollbacks: parallelism, delay, monitor, failure action.

use serde_json::{Value, json};

use super::{
    orchestrator::{mode_of, replicas, template_text},
    render::time,
    sim::{Nanos, SECOND, Sim, SimState},
    update::{SimPlace, Update},
};

struct Policy {
    at_once: usize,
    delay: Nanos,
    monitor: Nanos,
    action: String,
    ratio: f64,
    start_first: bool,
}

fn policy(spec: &Value, rollback: bool) -> Policy {
    let config = &spec[if rollback { "RollbackConfig" } else { "UpdateConfig" }];
    let monitor = config["Monitor"].as_i64().filter(|m| *m > 0).unwrap_or(5 * SECOND);
    Policy {
        at_once: match config["Parallelism"].as_u64().unwrap_or(1) {
            0 => usize::MAX,
            n => usize::try_from(n).unwrap_or(usize::MAX),
        },
        delay: config["Delay"].as_i64().unwrap_or(0),
        monitor,
        action: config["FailureAction"]
            .as_str()
            .filter(|a| !a.is_empty())
            .unwrap_or("pause")
            .to_owned(),
        ratio: config["MaxFailureRatio"].as_f64().unwrap_or(0.0),
        start_first: config["Order"] == "start-first",
    }
}

impl Sim {
    /// Sets a new spec, as `POST /services/{id}/update` does, and starts its rollout.
    pub fn update_service(&mut self, id: &str, spec: Value, rollback: bool) {
        let (index, now) = (self.bump(), self.now);
        let Some(had) = self.services.get_mut(id).map(|s| std::mem::take(&mut s.vips)) else {
            return;
        };
        let vips = self.vips(&spec, &had);
        let Some(service) = self.services.get_mut(id) else { return };
        service.vips = vips;
        let old = std::mem::replace(&mut service.spec, spec);
        let template = template_text(&service.spec);
        let replaces =
            template != service.template || old["EndpointSpec"] != service.spec["EndpointSpec"];
        service.template = template;
        service.version = index;
        service.updated = now;
        service.update = None;
        service.update_status = None;
        service.attempts.clear();
        let attributes = attributes(&old, &service.spec);
        service.previous = Some(old);
        let name = service.name().to_owned();
        if replaces && mode_of(&service.spec) != "ReplicatedJob" {
            self.begin_update(id, rollback);
        }
        let mut told = json!({ "name": name });
        for (key, value) in attributes {
            told[key] = value.into();
        }
        self.event("service", "update", id, told);
        self.dirty.insert(id.to_owned());
    }

    fn begin_update(&mut self, id: &str, rollback: bool) {
        let service = &self.services[id];
        let mut waiting = Vec::new();
        if mode_of(&service.spec) == "Global" {
            for node in self.nodes.values().filter(|n| self.fits(service, n)) {
                waiting.push(SimPlace { slot: 0, node: Some(node.id.clone()) });
            }
        } else {
            waiting.extend((1..=replicas(&service.spec)).map(|slot| SimPlace { slot, node: None }));
        }
        waiting.reverse();
        let update = Update {
            total: waiting.len(),
            waiting,
            current: Vec::new(),
            watched: Vec::new(),
            next_at: self.now,
            failed: 0,
            rollback,
        };
        let (state, message) = if rollback {
            ("rollback_started", "rollback in progress")
        } else {
            ("updating", "update in progress")
        };
        self.set_status(id, state, message, false);
        if let Some(service) = self.services.get_mut(id) {
            service.update = Some(update);
        }
    }

    fn set_status(&mut self, id: &str, state: &str, message: &str, over: bool) {
        let (index, now) = (self.bump(), self.now);
        let Some(service) = self.services.get_mut(id) else { return };
        let old = service.update_status.as_ref().map_or(Value::Null, |s| s["State"].clone());
        let started = service
            .update_status
            .as_ref()
            .map_or_else(|| time(now).into(), |s| s["StartedAt"].clone());
        let mut status = json!({ "State": state, "StartedAt": started, "Message": message });
        if over {
            status["CompletedAt"] = time(now).into();
        }
        service.update_status = Some(status);
        service.version = index;
        service.updated = now;
        let mut attributes = json!({ "name": service.name(), "updatestate.new": state });
        if let Some(old) = old.as_str() {
            attributes["updatestate.old"] = old.into();
        }
        self.event("service", "update", id, attributes);
    }

    /// Advances every update.
    pub fn run_updates(&mut self) {
        let ids: Vec<String> =
            self.services.values().filter(|s| s.update.is_some()).map(|s| s.id.clone()).collect();
        for id in ids {
            let Some(mut update) = self.services.get_mut(&id).and_then(|s| s.update.take()) else {
                continue;
            };
            let goes_on = self.run_update(&id, &mut update);
            if goes_on && let Some(service) = self.services.get_mut(&id) {
                service.update = Some(update);
            }
        }
    }

    /// Advances one update; false once it is over.
    fn run_update(&mut self, id: &str, update: &mut Update) -> bool {
        let policy = policy(&self.services[id].spec, update.rollback);
        let mut blamed = None;
        // New tasks: running ones are watched, failed ones count.
        let current = std::mem::take(&mut update.current);
        for (place, number) in current {
            match self.tasks.get(&number).map(|t| t.state) {
                Some(SimState::Running) => {
                    update.watched.push((number, self.now + policy.monitor));
                    if policy.start_first {
                        self.stop_old(id, &place, number);
                    }
                    update.next_at = self.now + policy.delay;
                }
                Some(state) if state > SimState::Running => {
                    blamed = Some(number);
                    update.failed += 1;
                    update.next_at = self.now + policy.delay;
                }
                Some(_) => update.current.push((place, number)),
                None => {}
            }
        }
        let now = self.now;
        let mut failed_watched = Vec::new();
        update.watched.retain(|(number, until)| {
            let state = self.tasks.get(number).map(|t| t.state);
            if state.is_some_and(|s| s == SimState::Failed || s == SimState::Rejected) {
                failed_watched.push(*number);
                return false;
            }
            now < *until
        });
        update.failed += failed_watched.len();
        blamed = blamed.or(failed_watched.first().copied());
        if let Some(number) = blamed
            && update.failed as f64 > policy.ratio * update.total as f64
            && policy.action != "continue"
        {
            return self.update_failed(id, update, &policy.action, number);
        }
        while update.current.len() < policy.at_once && self.now >= update.next_at {
            let Some(place) = update.waiting.pop() else { break };
            if !policy.start_first {
                self.stop_old(id, &place, 0);
            }
            let number = self.create(id, place.slot, place.node.clone(), 0);
            update.current.push((place, number));
        }
        if update.waiting.is_empty() && update.current.is_empty() && update.watched.is_empty() {
            let (state, message) = if update.rollback {
                ("rollback_completed", "rollback completed")
            } else {
                ("completed", "update completed")
            };
            self.set_status(id, state, message, true);
            self.dirty.insert(id.to_owned());
            return false;
        }
        true
    }

    fn update_failed(&mut self, id: &str, update: &Update, action: &str, number: u64) -> bool {
        let task = self.tasks.get(&number).map_or(String::new(), |t| t.id.clone());
        let why = format!("due to failure or early termination of task {task}");
        self.dirty.insert(id.to_owned());
        if update.rollback {
            self.set_status(id, "rollback_paused", &format!("rollback paused {why}"), false);
            return false;
        }
        if action == "rollback"
            && let Some(previous) = self.services[id].previous.clone()
        {
            let Some(service) = self.services.get_mut(id) else { return false };
            let failed = std::mem::replace(&mut service.spec, previous);
            service.previous = Some(failed);
            service.template = template_text(&service.spec);
            self.begin_update(id, true);
            self.set_status(id, "rollback_started", &format!("update rolled back {why}"), false);
            return false;
        }
        self.set_status(id, "paused", &format!("update paused {why}"), false);
        false
    }

    fn stop_old(&mut self, id: &str, place: &SimPlace, new: u64) {
        let old: Vec<u64> = self.services[id]
            .tasks
            .iter()
            .copied()
            .filter(|n| {
                let task = &self.tasks[n];
                let here = place.node.is_none() || task.node == place.node;
                *n != new && task.slot == place.slot && here && task.is_wanted()
            })
            .collect();
        for number in old {
            self.retire(number, SimState::Shutdown);
        }
    }
}

/// The attributes of a service update event, its name aside.
fn attributes(old: &Value, new: &Value) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let image =
        |s: &Value| s["TaskTemplate"]["ContainerSpec"]["Image"].as_str().unwrap_or("").to_owned();
    if image(old) != image(new) {
        out.push(("image.old", image(old)));
        out.push(("image.new", image(new)));
    }
    if mode_of(new) == "Replicated" && replicas(old) != replicas(new) {
        out.push(("replicas.old", replicas(old).to_string()));
        out.push(("replicas.new", replicas(new).to_string()));
    }
    out
}
