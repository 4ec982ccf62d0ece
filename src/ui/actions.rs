//! The one table of actions: it feeds the keymap, the footer, the help, the palette, the README and
//! the read-only test, so that they can't drift.

/// What a key can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Overview,
    Services,
    Nodes,
    Tasks,
    Events,
    Logs,
    Problems,
    Clusters,
    NextCluster,
    PreviousCluster,
    NextPane,
    PreviousPane,
    Down,
    Up,
    Top,
    Bottom,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Enter,
    Back,
    Filter,
    Palette,
    Help,
    Scale,
    Update,
    Rollback,
    Force,
    Drain,
    Activate,
    PauseNode,
    Promote,
    Demote,
    Labels,
    RemoveNode,
    OpenLogs,
    OpenMoreLogs,
    Describe,
    Yaml,
    Mark,
    Sort,
    Reverse,
    Copy,
    Pause,
    Zoom,
    History,
    FailedLog,
    FailedRollback,
    Dismiss,
    Retry,
    Stats,
    Wall,
    Acknowledge,
    Mute,
    Report,
    Blast,
    Longer,
    Shorter,
    Quit,
    Highlight,
    NextHit,
    PreviousHit,
    NextError,
    PreviousError,
    OnlyTask,
    OnlyNode,
    OnlyStream,
    OnlySeverity,
    Wrap,
    Times,
}

/// Where an action has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Everywhere.
    Any,
    /// Where a service can be meant: a service, its task, or its problem.
    Service,
    /// Where something is under the cursor.
    Object,
    /// Where rows are.
    Table,
    /// In a log.
    Log,
    /// In a log or in the events.
    Lines,
    /// In the events.
    Events,
    /// On a problem.
    Problem,
    /// On a node.
    Node,
    /// On a node, or a task of one.
    Placed,
}

/// One line of the table.
pub struct Action {
    /// What it does.
    pub act: Act,
    /// Its name in the palette.
    pub id: &'static str,
    /// In the footer.
    pub short: &'static str,
    /// In the help.
    pub words: &'static str,
    /// Where.
    pub context: Context,
    /// Whether it can end in a write.
    pub writes: bool,
    /// Its keys, unless the user's config gives it others.
    pub keys: &'static [&'static str],
    /// Whether the footer shows it.
    pub footer: bool,
}

const fn row(
    act: Act,
    id: &'static str,
    keys: &'static [&'static str],
    words: &'static str,
    context: Context,
) -> Action {
    Action { act, id, short: id, words, context, writes: false, keys, footer: false }
}

const fn shown(mut action: Action, short: &'static str) -> Action {
    action.short = short;
    action.footer = true;
    action
}

const fn writing(mut action: Action) -> Action {
    action.writes = true;
    action
}

use Context::{Any, Events, Lines, Log, Node, Object, Placed, Problem, Service, Table};

/// Every action, in the order of the help.
pub const ACTIONS: &[Action] = &[
    writing(shown(
        row(Act::Scale, "scale", &["s"], "scale the selected service (5, +2, -1)", Service),
        "scale",
    )),
    writing(shown(
        row(Act::Update, "update", &["u"], "update: image first, every field with Ctrl-e", Service),
        "update",
    )),
    writing(shown(
        row(Act::Rollback, "rollback", &["r"], "roll back to the previous spec", Service),
        "roll back",
    )),
    writing(shown(
        row(Act::Force, "force", &["f"], "force update: replace all tasks", Service),
        "force",
    )),
    writing(shown(
        row(Act::Drain, "drain", &["D"], "drain the selected node: its tasks go elsewhere", Node),
        "drain",
    )),
    writing(shown(
        row(Act::Activate, "activate", &["A"], "let the node take tasks again", Node),
        "activate",
    )),
    writing(row(
        Act::PauseNode,
        "pause-node",
        &["P"],
        "no new tasks for the node; those there stay",
        Node,
    )),
    writing(row(Act::Promote, "promote", &["+"], "make the node a manager", Node)),
    writing(row(Act::Demote, "demote", &["-"], "make the manager a worker", Node)),
    writing(row(Act::Labels, "labels", &["Ctrl-l"], "edit the node's labels", Node)),
    writing(row(
        Act::RemoveNode,
        "remove-node",
        &["Delete"],
        "remove a node that is down from the Swarm",
        Node,
    )),
    shown(row(Act::OpenLogs, "logs-of", &["l"], "logs of the selection", Object), "logs"),
    row(
        Act::OpenMoreLogs,
        "logs-more",
        &["L"],
        "logs of its whole stack; in Problems: of all that have problems",
        Object,
    ),
    shown(
        row(
            Act::Describe,
            "describe",
            &["d"],
            "everything about the selection on one page",
            Object,
        ),
        "describe",
    ),
    shown(
        row(
            Act::Acknowledge,
            "acknowledge",
            &["a"],
            "know of a problem: quiet until it changes, or loud again",
            Problem,
        ),
        "know of it",
    ),
    shown(
        row(Act::Mute, "mute", &["m"], "mute a problem for an hour, for eight, or not", Problem),
        "mute",
    ),
    row(Act::Yaml, "yaml", &["y"], "the raw document as YAML", Object),
    row(
        Act::Mark,
        "mark",
        &["Space"],
        "mark (actions then apply to all marked; in a log: a range)",
        Table,
    ),
    row(Act::Copy, "copy", &["c"], "copy the ID or name", Object),
    row(Act::Enter, "open", &["Enter"], "drill down; in a log: the line in full", Object),
    row(Act::Back, "back", &["Esc"], "back", Any),
    shown(
        row(Act::Filter, "filter", &["/"], "filter (! inverts, /regex/, ~fuzzy)", Table),
        "filter",
    ),
    row(Act::Sort, "sort", &["o"], "next sort column", Table),
    row(Act::Reverse, "reverse", &["O"], "reverse the order", Table),
    row(Act::History, "history", &["h"], "show or fold the history of tasks", Table),
    row(Act::Highlight, "highlight", &["&"], "make text stand out in a log", Log),
    row(Act::NextHit, "next-hit", &["n"], "next hit", Log),
    row(Act::PreviousHit, "previous-hit", &["N"], "previous hit", Log),
    row(Act::NextError, "next-error", &["e"], "next error", Log),
    row(Act::PreviousError, "previous-error", &["E"], "previous error", Log),
    row(
        Act::OnlyTask,
        "only-task",
        &["T"],
        "only the lines of this task (in events: of this object), or all again",
        Lines,
    ),
    row(Act::OnlyNode, "only-node", &["H"], "only the lines from this node (host)", Log),
    row(
        Act::OnlyStream,
        "only-stream",
        &["S"],
        "stdout, stderr, both (in events: only this kind, or all)",
        Lines,
    ),
    row(
        Act::OnlySeverity,
        "only-severity",
        &["V"],
        "only warnings and errors, only errors, all (in events: changes, failures, all)",
        Lines,
    ),
    row(Act::Longer, "longer", &["<"], "events of a longer time", Events),
    row(Act::Shorter, "shorter", &[">"], "events of a shorter time", Events),
    row(Act::Wrap, "wrap", &["W"], "wrap long lines, or pan with ← →", Log),
    row(Act::Times, "times", &["t"], "times in UTC, local, as ages, off", Log),
    row(Act::Down, "down", &["j", "Down"], "move down", Table),
    row(Act::Up, "up", &["k", "Up"], "move up", Table),
    row(Act::Top, "top", &["g", "Home"], "to the top", Table),
    row(Act::Bottom, "bottom", &["G", "End"], "to the bottom", Table),
    row(Act::HalfDown, "half-down", &["Ctrl-d"], "half a page down", Table),
    row(Act::HalfUp, "half-up", &["Ctrl-u"], "half a page up", Table),
    row(Act::PageDown, "page-down", &["PgDn"], "a page down", Table),
    row(Act::PageUp, "page-up", &["PgUp"], "a page up", Table),
    row(Act::NextPane, "next-pane", &["Tab"], "next pane", Any),
    row(Act::PreviousPane, "previous-pane", &["Shift-Tab"], "previous pane", Any),
    row(Act::Zoom, "zoom", &["z"], "zoom the pane", Any),
    row(Act::Overview, "overview", &["1"], "Overview", Any),
    row(Act::Services, "services", &["2"], "Services", Any),
    row(Act::Nodes, "nodes", &["3"], "Nodes", Any),
    row(Act::Tasks, "tasks", &["4"], "Tasks", Any),
    row(Act::Events, "events", &["5"], "Events", Any),
    row(Act::Logs, "logs", &["6"], "Logs", Any),
    row(Act::Problems, "problems", &["7"], "Problems", Any),
    row(Act::Clusters, "clusters", &["8"], "Clusters: all that are open, their managers", Any),
    row(Act::PreviousCluster, "previous-cluster", &["["], "previous cluster", Any),
    row(Act::NextCluster, "next-cluster", &["]"], "next cluster", Any),
    row(Act::Pause, "pause", &["p"], "pause the screen (data flows on)", Any),
    row(Act::FailedLog, "failed-log", &["Ctrl-x"], "log of a failed action's task", Any),
    writing(row(
        Act::FailedRollback,
        "failed-rollback",
        &["Ctrl-r"],
        "roll back a failed action",
        Any,
    )),
    row(Act::Dismiss, "dismiss", &["x"], "put finished actions away", Any),
    shown(
        row(Act::Blast, "blast", &["b"], "what dies if this node is lost", Placed),
        "what dies with it",
    ),
    row(Act::Report, "report", &["R"], "write an incident report (Markdown) of the last hour", Any),
    row(Act::Retry, "reconnect", &["C"], "connect again now", Any),
    row(Act::Wall, "wall", &["w"], "the wall: pages that turn by themselves, and back", Any),
    row(Act::Stats, "stats", &[], "what watching costs the manager and the link", Any),
    shown(row(Act::Palette, "palette", &[":"], "command palette", Any), "command"),
    shown(row(Act::Help, "help", &["?"], "help for this screen", Any), "help"),
    row(Act::Quit, "quit", &["q", "Ctrl-c"], "quit (asks only while an action is in flight)", Any),
];

/// The table's line for an action.
pub fn action(act: Act) -> &'static Action {
    ACTIONS.iter().find(|a| a.act == act).unwrap_or(&ACTIONS[0])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_key_means_one_thing() {
        let mut seen = HashSet::new();
        for action in ACTIONS {
            for key in action.keys {
                assert!(seen.insert(*key), "{key} is given twice");
            }
        }
        let ids: HashSet<_> = ACTIONS.iter().map(|a| a.id).collect();
        assert_eq!(ids.len(), ACTIONS.len());
    }
}
