//! Views, panes, and the scope of the task list.

use crate::cluster::{NodeId, ServiceId};

/// A full-size view, or the Overview of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Panes of everything.
    Overview,
    /// Services.
    Services,
    /// Nodes.
    Nodes,
    /// Tasks.
    Tasks,
    /// The timeline.
    Events,
    /// A log.
    Logs,
    /// Problems.
    Problems,
}

impl View {
    /// All, in the order of their keys.
    pub const ALL: [Self; 7] = [
        Self::Overview,
        Self::Services,
        Self::Nodes,
        Self::Tasks,
        Self::Events,
        Self::Logs,
        Self::Problems,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Services => "Services",
            Self::Nodes => "Nodes",
            Self::Tasks => "Tasks",
            Self::Events => "Events",
            Self::Logs => "Logs",
            Self::Problems => "Problems",
        }
    }

    /// The view of a name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.name().eq_ignore_ascii_case(name))
    }
}

/// A pane of the Overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// Services.
    Services,
    /// Nodes.
    Nodes,
    /// Tasks of what is selected.
    Tasks,
    /// The timeline.
    Events,
    /// A log.
    Logs,
}

/// Scope of the task list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskScope {
    /// All tasks.
    All,
    /// Those of a service.
    Service(ServiceId),
    /// Those on a node.
    Node(NodeId),
}
