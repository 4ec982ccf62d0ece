//! Requests of the lists whose time has come.

use std::time::{Duration, Instant};

use super::{Finished, Got, Watch};
use crate::{
    cluster::{ListId, Scope},
    engine::Price,
    session::watch::{
        lists::{Teller, stream_list},
        objects::read_objects,
        usage::RequestKind,
    },
};

/// Delay before asking again for something that can't be asked now.
const SOON: Duration = Duration::from_millis(50);

impl Watch {
    pub(super) fn send_due(&mut self) {
        let now = Instant::now();
        self.rest(now);
        if self.pace(RequestKind::Pulse).is_due(now) {
            self.ask_services(RequestKind::Pulse, now);
        }
        if self.pace(RequestKind::Roll).is_due(now) {
            self.ask_services(RequestKind::Roll, now);
        }
        self.put_off_refused(now);
        if self.pace(RequestKind::Nodes).is_due(now) {
            self.pace(RequestKind::Nodes).sent(now);
            let engine = self.engine.clone();
            self.jobs.spawn(async move {
                let (result, price) = match engine.nodes().await {
                    Ok((nodes, price)) => (Ok(Got::Nodes(nodes)), price),
                    Err(error) => (Err(error), Price::default()),
                };
                Finished { kind: RequestKind::Nodes, price, result }
            });
        }
        for kind in [RequestKind::InView, RequestKind::Hot] {
            // While tasks are not answered, the whole list tells when they are again.
            if self.silent_tasks.is_some() {
                self.pace(kind).skip(now);
            }
            if !self.pace(kind).is_due(now) {
                continue;
            }
            let mut services = match kind {
                RequestKind::InView => self.hot_services.in_view(),
                _ => self.hot_services.hot(now),
            };
            // One request for both, if the others are few and their turn is soon.
            if kind == RequestKind::InView
                && !services.is_empty()
                && self.paces[RequestKind::Hot as usize]
                    .is_due_with(&self.paces[kind as usize], now)
                && let Some(few) = self.hot_services.few_hot(now)
            {
                services.extend(few);
                self.pace(RequestKind::Hot).skip(now);
            }
            if services.is_empty() {
                self.pace(kind).skip(now);
            } else {
                self.ask_tasks(kind, Scope::Services(services), now);
            }
        }
        if self.pace(RequestKind::Sweep).is_due(now) {
            self.ask_tasks(RequestKind::Sweep, Scope::All, now);
        }
        for kind in RequestKind::OBJECTS {
            if self.pace(kind).is_due(now) {
                self.ask_objects(kind, now);
            }
        }
    }

    /// Lists that are refused wait until they are asked for again.
    fn put_off_refused(&mut self, now: Instant) {
        for kind in RequestKind::ALL {
            let Some(again) = self.refused.again(kind) else { continue };
            match kind {
                // The whole list tells when tasks are listed again.
                RequestKind::InView | RequestKind::Hot => self.pace(kind).skip(now),
                _ => self.pace(kind).put_off(again.max(now)),
            }
        }
    }

    fn ask_services(&mut self, kind: RequestKind, now: Instant) {
        // One at a time: the reader goes from list to list.
        let Some(mut reader) = self.reader.take() else {
            return self.pace(kind).put_off(now + SOON);
        };
        self.pace(kind).sent(now);
        if kind == RequestKind::Pulse {
            // It tells all that a roll would.
            self.pace(RequestKind::Roll).skip(now);
        }
        let engine = self.engine.clone();
        self.jobs.spawn(async move {
            let (result, price) =
                match engine.services(&mut reader, kind == RequestKind::Pulse).await {
                    Ok((services, price)) => (Ok(Got::Services(reader, services)), price),
                    Err(error) => (Err(error), Price::default()),
                };
            Finished { kind, price, result }
        });
    }

    fn ask_tasks(&mut self, kind: RequestKind, scope: Scope, now: Instant) {
        let teller = self.teller.clone();
        self.ask_tasks_for(kind, scope, std::future::ready(Some(teller)), now);
    }

    /// Sends the request at once, and delivers the answer when there is a receiver.
    pub(super) fn ask_tasks_for(
        &mut self,
        kind: RequestKind,
        scope: Scope,
        teller: impl Future<Output = Option<Teller>> + Send + 'static,
        now: Instant,
    ) {
        self.pace(kind).sent(now);
        let list = ListId(self.next_list);
        self.next_list += 1;
        let engine = self.engine.clone();
        self.jobs.spawn(async move {
            let read = async {
                let tasks = engine.tasks(&scope).await?;
                stream_list(tasks, list, scope, teller).await
            };
            match read.await {
                Ok(read) => {
                    Finished { kind, price: read.price, result: Ok(Got::Tasks(list, read.prints)) }
                }
                Err(error) => Finished { kind, price: Price::default(), result: Err(error) },
            }
        });
    }

    /// Networks, secrets or configs.
    fn ask_objects(&mut self, kind: RequestKind, now: Instant) {
        let Some(part) = kind.objects() else { return };
        self.pace(kind).sent(now);
        let (engine, sought) = (self.engine.clone(), self.references.wanted(part));
        let gone = self.references.gone();
        self.jobs.spawn(async move {
            match read_objects(&engine, part, sought, &gone).await {
                Ok(read) => {
                    Finished { kind, price: read.price, result: Ok(Got::Objects(Box::new(read))) }
                }
                Err(error) => Finished { kind, price: Price::default(), result: Err(error) },
            }
        });
    }
}
