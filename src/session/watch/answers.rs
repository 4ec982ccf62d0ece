//! Events and answers to requests: hands them to the UI, and decides what is read sooner.

use std::time::Instant;

use super::{Finished, Got, Watch};
use crate::{
    cluster::{Delta, EngineEvent, ListId, Part, ServiceId},
    engine::{EngineError, ServiceReader},
    session::{
        clock::wall,
        watch::{
            hot_services::Surprise,
            refusals::{Refusals, told_nodes, told_services, unread},
            usage::RequestKind,
        },
    },
};

impl Watch {
    pub(super) async fn heard_events(&mut self, events: Vec<EngineEvent>) {
        use RequestKind::{Hot, InView, Nodes, Pulse, Roll, Sweep};
        let now = Instant::now();
        self.meter.events += events.len() as u64;
        if events.iter().any(|event| matches!(&*event.kind, "service" | "node")) {
            self.prompted = Some(now);
            self.share_out(now);
        }
        for event in &events {
            match &*event.kind {
                "service" => {
                    self.stir(Surprise::FULL, now);
                    self.hot_services.touch(&ServiceId::from(event.id.clone()), now);
                    self.hurry(&[Pulse, Roll, InView, Hot], now);
                }
                "node" => {
                    self.stir(Surprise::FULL, now);
                    // Any service may have lost a task there, and tasks move for a while.
                    self.hot_services.touch_all(now);
                    self.hurry(&[Nodes, Pulse, Hot, Sweep], now);
                }
                "network" => {
                    if &*event.action == "remove" {
                        self.references.removed(&event.id);
                    }
                    self.hurry(&[RequestKind::Networks], now);
                }
                "secret" => self.hurry(&[RequestKind::Secrets], now),
                "config" => self.hurry(&[RequestKind::Configs], now),
                _ => {}
            }
        }
        self.teller.tell(events.into_iter().map(Delta::Event).collect()).await;
    }

    pub(super) async fn finished(&mut self, finished: Finished) -> Result<(), EngineError> {
        let now = Instant::now();
        let kind = finished.kind;
        self.paid(kind, finished.price, now);
        if finished.result.is_ok() && self.refused.answers(kind) {
            tracing::info!(?kind, "a list that was refused is answered again");
        }
        match finished.result {
            Ok(Got::Services(reader, services)) => {
                self.reader = Some(reader);
                let surprise = self.hot_services.take(&services, now);
                for part in self.references.take(services.iter().map(|s| &**s)) {
                    // A service names what no list has: it is new, or its event was lost.
                    self.hurry(RequestKind::of_objects(part).as_slice(), now);
                }
                self.stir(surprise, now);
                if surprise > Surprise::NONE {
                    self.hurry(&[RequestKind::InView, RequestKind::Hot], now);
                }
                self.teller.tell(told_services(services)).await;
            }
            Ok(Got::Nodes(nodes)) => self.teller.tell(told_nodes(nodes)).await,
            Ok(Got::Tasks(list, prints)) => {
                self.tasks_came = true;
                if kind == RequestKind::Sweep {
                    self.told_all_tasks(list, now);
                }
                let surprise = self.hot_services.told(&prints, now);
                self.stir(surprise, now);
            }
            Ok(Got::Objects(read)) => {
                let deltas = read.settle(&mut self.references);
                self.teller.tell(deltas).await;
            }
            Err(error) => {
                self.meter.failures += 1;
                if let Some(part) = kind.objects() {
                    self.objects_failed(kind, part, &error, now).await;
                    return Ok(());
                }
                if matches!(kind, RequestKind::Pulse | RequestKind::Roll) {
                    self.reader = Some(ServiceReader::default());
                }
                if error.is_timeout() && Refusals::part(kind) == Some(Part::Tasks) {
                    // Services and nodes tell whether the link is lost.
                    self.tasks_silent(&error, now).await;
                    return Ok(());
                }
                if error.is_connection() {
                    return Err(error);
                }
                if error.costs_a_part() {
                    // What is refused is unknown; without services there is nothing to watch.
                    let Some(part) = Refusals::part(kind) else { return Err(error) };
                    if self.refused.add(part, error.is_forbidden(), now) {
                        self.teller.tell(vec![unread(part, &error.brief())]).await;
                    }
                    return Ok(());
                }
                // A service may be removed between two requests: an answer to one, not a lost link.
                let reason = self.engine.ask_why().await;
                // Once for each time that it begins, not for each time that it goes on.
                let is_removed = matches!(error, EngineError::NotFound { .. });
                if self.refused.fails(kind) && !is_removed {
                    tracing::warn!(%error, ?kind, "a list was refused");
                } else {
                    tracing::debug!(%error, ?kind, "a list was refused again");
                }
                reason?;
            }
        }
        Ok(())
    }

    /// Networks, secrets or configs could not be read: that costs nothing else, and whether the link is
    /// lost other lists tell.
    async fn objects_failed(
        &mut self,
        kind: RequestKind,
        part: Part,
        error: &EngineError,
        now: Instant,
    ) {
        tracing::debug!(%error, ?kind, "a list can't be read");
        self.pace(kind).retry(now);
        let is_link = error.is_connection()
            && !matches!(error, EngineError::Garbage { .. } | EngineError::Timeout { .. });
        // What is refused is told once.
        if !is_link && (!error.costs_a_part() || self.refused.add(part, error.is_forbidden(), now))
        {
            self.teller.tell(vec![unread(part, &error.brief())]).await;
        }
    }

    /// A task list did not come: that is unknown now, and asked for until it does.
    async fn tasks_silent(&mut self, error: &EngineError, now: Instant) {
        tracing::warn!(%error, "tasks are not answered");
        if self.silent_tasks.is_none() {
            self.silent_tasks = Some(ListId(self.next_list));
            let after = match error {
                EngineError::Timeout { after, .. } => after.as_nanos(),
                _ => 0,
            };
            let after = i64::try_from(after).unwrap_or_default();
            let since = wall().shifted(self.teller.skew - after);
            let silent = Delta::Silent(Part::Tasks, error.brief().into(), since);
            self.teller.tell(vec![silent]).await;
        }
        self.pace(RequestKind::Sweep).hurry(now);
    }

    /// All tasks were listed: they are known again, unless the list began before they were dropped.
    fn told_all_tasks(&mut self, list: ListId, now: Instant) {
        match self.silent_tasks {
            Some(first) if list < first => self.pace(RequestKind::Sweep).hurry(now),
            _ => self.silent_tasks = None,
        }
    }
}
