//! Data for drawing cells: the model and the time.

use std::collections::HashMap;

use crate::{
    cluster::{Consequence, ServiceId, Store, Timestamp},
    session::Names,
    triage::Severity,
};

/// The model, and the manager's time at this moment.
#[derive(Debug, Default)]
pub struct Model {
    /// One Swarm as last heard.
    pub store: Store,
    /// Now, by the manager's clock: ages are told with it.
    pub now: Timestamp,
    /// The worst severity found for each service that needs a human.
    pub troubled: HashMap<ServiceId, Severity>,
    /// Consequences of changes, by the number of the event.
    pub consequences: HashMap<u64, Consequence>,
    /// Networks, secrets and configs by name.
    pub names: Names,
}
