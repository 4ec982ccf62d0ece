//! Applies a list of services.

use std::sync::Arc;

use super::{Kind, Store};
use crate::cluster::{Service, ServiceId, Subject, Timestamp};

impl Store {
    pub(super) fn replace_services(&mut self, services: Vec<Arc<Service>>, at: Timestamp) {
        // A service that did not change keeps its place in memory: most need no comparing.
        let is_same = |a: &Arc<Service>, b: &Arc<Service>| Arc::ptr_eq(a, b) || a == b;
        let same = services.len() == self.services.len()
            && services.iter().all(|s| self.services.get(&s.id).is_some_and(|k| is_same(k, s)));
        if same {
            return;
        }
        self.moved(Kind::Services);
        self.relations.take();
        let mut old = std::mem::take(&mut self.services);
        self.services.reserve(services.len());
        for mut service in services {
            // Lists come from several requests; an older answer must not undo a newer one.
            match old.remove(&service.id) {
                Some(known) if known.version > service.version && !service.is_unread => {
                    service = known;
                }
                Some(known) if is_same(&known, &service) => {}
                Some(known) => {
                    if known.spec != service.spec {
                        // Rules about what several services share must look again.
                        self.touched.swarm = true;
                    }
                    // While it was unreadable its spec was not known: no difference can be told.
                    if known.spec != service.spec && !known.is_unread && !service.is_unread {
                        self.journal_service(&known, &service, at);
                    }
                    self.roll += u64::from(known.name != service.name);
                    self.service_changed(&service.id);
                }
                None => {
                    self.roll += 1;
                    self.touched.swarm = true;
                    self.service_changed(&service.id);
                }
            }
            self.services.insert(service.id.clone(), service);
        }
        for id in old.into_keys() {
            self.roll += 1;
            self.touched.swarm = true;
            self.service_changed(&id);
            let tasks = self.by_service.get(&id).map(|g| g.tasks.clone()).unwrap_or_default();
            for task in tasks {
                self.remove_task(task);
            }
            self.memory.forget(&Subject::Service(id));
        }
    }

    fn service_changed(&mut self, id: &ServiceId) {
        self.touched.services.insert(id.clone());
        self.unreckoned.insert(id.clone());
    }
}
