//! The one table of actions: it feeds the keymap, the footer, the help, the palette, the README and
//! the read-only test, so that they can't drift.

pub(in crate::ui) mod act;
pub(in crate::ui) mod context;
pub(in crate::ui) mod row;

use std::sync::LazyLock;

pub use crate::ui::input::actions::{
    act::Act,
    context::{KeyContext, Needs},
    row::Action,
};
use crate::ui::{
    input::actions::row::{fixed, newer, row, shown, with, writing},
    screen::kinds::View,
};

use KeyContext::{Clusters, Editor, Events, Log, Page, Plan, Problems, Prompt, Table, Wall};
use Needs::{Node, Nothing, Object, Placed, Problem, Rows, Service, Task};

/// A cluster's own views.
pub const VIEWS: &[KeyContext] = &[Table, Events, Problems, Log];
/// Its views but the log, in which nothing writes and letters turn pages.
pub const ROWS: &[KeyContext] = &[Table, Events, Problems];
const SERVICES: &[KeyContext] = &[Table, Events, Problems, Page];
const LINES: &[KeyContext] = &[Events, Log];
const SCREENS: &[KeyContext] = &[Table, Events, Problems, Log, Clusters];
const SCREENS_AND_WALL: &[KeyContext] = &[Table, Events, Problems, Log, Clusters, Wall];
const MOVES: &[KeyContext] = &[Table, Events, Problems, Log, Clusters, Page, Plan];
const STEPS: &[KeyContext] = &[Table, Events, Problems, Log, Clusters, Wall, Page, Plan];

/// Every action, in the order of the help.
pub static ACTIONS: LazyLock<Vec<Action>> = LazyLock::new(|| {
    let mut all = Vec::from([
        writing(shown(
            row(
                Act::Scale,
                "scale",
                &["s"],
                "scale the selected service (5, +2, -1)",
                SERVICES,
                Service,
            ),
            "scale",
        )),
        writing(shown(
            row(
                Act::Update,
                "update",
                &["u"],
                "update: image first, every field with Ctrl-e",
                SERVICES,
                Service,
            ),
            "update",
        )),
        writing(newer(with(
            row(
                Act::Edit,
                "edit",
                &["e"],
                "edit the whole spec as YAML",
                &[Table, Events, Problems, Page, Prompt],
                Service,
            ),
            &[(Prompt, &["Ctrl-e"])],
        ))),
        writing(shown(
            row(
                Act::Rollback,
                "rollback",
                &["r"],
                "roll back to the previous spec",
                SERVICES,
                Service,
            ),
            "roll back",
        )),
        writing(shown(
            row(Act::Force, "force", &["f"], "force update: replace all tasks", SERVICES, Service),
            "force",
        )),
        writing(newer(row(
            Act::Shell,
            "shell",
            &["!"],
            "a shell in the task's container, on whatever node it is",
            SERVICES,
            Task,
        ))),
        writing(shown(
            row(
                Act::Drain,
                "drain",
                &["D"],
                "drain the selected node: its tasks go elsewhere",
                ROWS,
                Node,
            ),
            "drain",
        )),
        writing(shown(
            row(Act::Activate, "activate", &["A"], "let the node take tasks again", ROWS, Node),
            "activate",
        )),
        writing(row(
            Act::PauseNode,
            "pause-node",
            &["P"],
            "no new tasks for the node; those there stay",
            ROWS,
            Node,
        )),
        writing(row(Act::Promote, "promote", &["+"], "make the node a manager", ROWS, Node)),
        writing(row(Act::Demote, "demote", &["-"], "make the manager a worker", ROWS, Node)),
        writing(newer(row(Act::Labels, "labels", &["t"], "edit the node's labels", ROWS, Node))),
        writing(row(
            Act::RemoveNode,
            "remove-node",
            &["Delete"],
            "remove a node that is down from the Swarm",
            ROWS,
            Node,
        )),
        shown(
            row(Act::OpenLogs, "logs-of", &["l"], "logs of the selection", VIEWS, Object),
            "logs",
        ),
        row(
            Act::OpenMoreLogs,
            "logs-more",
            &["L"],
            "logs of its stack; in Problems: of all with problems",
            VIEWS,
            Object,
        ),
        newer(row(
            Act::Containers,
            "containers-of",
            &["i"],
            "all containers of the node, those outside of the Swarm too",
            ROWS,
            Placed,
        )),
        shown(
            row(
                Act::Describe,
                "describe",
                &["d"],
                "everything about the selection on one page",
                ROWS,
                Object,
            ),
            "describe",
        ),
        shown(
            row(
                Act::Acknowledge,
                "acknowledge",
                &["a"],
                "acknowledge a problem until it changes, or take that back",
                &[Problems],
                Problem,
            ),
            "acknowledge",
        ),
        shown(
            row(
                Act::Mute,
                "mute",
                &["m"],
                "mute a problem for an hour, for eight, or not",
                &[Problems],
                Problem,
            ),
            "mute",
        ),
        row(
            Act::Yaml,
            "yaml",
            &["y"],
            "the raw document as YAML",
            &[Table, Events, Problems, Log, Page],
            Object,
        ),
        shown(
            newer(row(
                Act::Compare,
                "compare",
                &["="],
                "compare a config with the one before, or two that are marked",
                &[Table, Page],
                Object,
            )),
            "compare",
        ),
        row(
            Act::Mark,
            "mark",
            &["Space"],
            "mark (actions then apply to all marked; in a log: a range)",
            &[Table, Events, Problems, Log, Wall],
            Rows,
        ),
        row(Act::Copy, "copy", &["c"], "copy the ID or name", VIEWS, Object),
        row(
            Act::Enter,
            "open",
            &["Enter"],
            "drill down; in a log: the line in full",
            SCREENS,
            Object,
        ),
        fixed(
            with(
                row(
                    Act::Back,
                    "back",
                    &["Esc"],
                    "back",
                    &[Table, Events, Problems, Log, Clusters, Wall, Page, Plan, Editor, Prompt],
                    Nothing,
                ),
                &[(Page, &["Esc", "q", "d"])],
            ),
            &[Plan, Editor, Prompt],
        ),
        shown(
            row(Act::Filter, "filter", &["/"], "filter (! inverts, /regex/, ~fuzzy)", VIEWS, Rows),
            "filter",
        ),
        row(Act::Sort, "sort", &["o"], "next sort column", ROWS, Rows),
        row(Act::Reverse, "reverse", &["O"], "reverse the order", ROWS, Rows),
        row(Act::History, "history", &["h"], "show or fold the history of tasks", ROWS, Rows),
        row(Act::Highlight, "highlight", &["&"], "make text stand out in a log", &[Log], Rows),
        row(Act::NextHit, "next-hit", &["n"], "next hit", &[Log], Rows),
        row(Act::PreviousHit, "previous-hit", &["N"], "previous hit", &[Log], Rows),
        row(Act::NextError, "next-error", &["e"], "next error", &[Log], Rows),
        row(Act::PreviousError, "previous-error", &["E"], "previous error", &[Log], Rows),
        row(
            Act::OnlyTask,
            "only-task",
            &["T"],
            "only the lines of this task (in events: of this object), or all again",
            LINES,
            Rows,
        ),
        row(
            Act::OnlyNode,
            "only-node",
            &["H"],
            "only the lines from this node (host)",
            &[Log],
            Rows,
        ),
        row(
            Act::OnlyStream,
            "only-stream",
            &["S"],
            "stdout, stderr, both (in events: only this kind, or all)",
            LINES,
            Rows,
        ),
        row(
            Act::OnlySeverity,
            "only-severity",
            &["V"],
            "only warnings and errors, only errors, all (in events: changes, failures, all)",
            LINES,
            Rows,
        ),
        row(Act::Longer, "longer", &["<"], "show a longer period", &[Events], Rows),
        row(Act::Shorter, "shorter", &[">"], "show a shorter period", &[Events], Rows),
        row(Act::Wrap, "wrap", &["W"], "wrap long lines, or pan with ← →", &[Log], Rows),
        row(Act::Times, "times", &["t"], "times in UTC, local, as ages, off", &[Log], Rows),
        row(Act::Down, "down", &["j", "Down"], "move down", STEPS, Rows),
        row(Act::Up, "up", &["k", "Up"], "move up", STEPS, Rows),
        row(Act::Top, "top", &["g", "Home"], "to the top", MOVES, Rows),
        with(
            row(Act::Bottom, "bottom", &["G", "End"], "to the bottom", MOVES, Rows),
            &[(Log, &["G", "End", "F"])],
        ),
        with(
            row(Act::HalfDown, "half-down", &["Ctrl-d"], "half a page down", MOVES, Rows),
            &[(Log, &["Ctrl-d", "d"])],
        ),
        with(
            row(Act::HalfUp, "half-up", &["Ctrl-u"], "half a page up", MOVES, Rows),
            &[(Log, &["Ctrl-u", "u"])],
        ),
        with(
            row(Act::PageDown, "page-down", &["PgDn"], "a page down", STEPS, Rows),
            &[(Log, &["PgDn", "f"])],
        ),
        with(
            row(Act::PageUp, "page-up", &["PgUp"], "a page up", STEPS, Rows),
            &[(Log, &["PgUp", "b"])],
        ),
        row(Act::NextPane, "next-pane", &["Tab"], "next pane", SCREENS_AND_WALL, Nothing),
        row(
            Act::PreviousPane,
            "previous-pane",
            &["Shift-Tab"],
            "previous pane",
            SCREENS_AND_WALL,
            Nothing,
        ),
        row(Act::Zoom, "zoom", &["z"], "zoom the pane", VIEWS, Nothing),
    ]);
    all.extend(View::ALL.iter().map(|view| open(*view)));
    all.extend([
        row(
            Act::Clusters,
            "clusters",
            &["8"],
            "Clusters: all that are open, their managers",
            SCREENS,
            Nothing,
        ),
        row(
            Act::PreviousCluster,
            "previous-cluster",
            &["["],
            "previous cluster",
            SCREENS_AND_WALL,
            Nothing,
        ),
        row(Act::NextCluster, "next-cluster", &["]"], "next cluster", SCREENS_AND_WALL, Nothing),
        row(
            Act::Pause,
            "pause",
            &["p"],
            "pause the screen (data flows on)",
            SCREENS_AND_WALL,
            Nothing,
        ),
        row(
            Act::FailedLog,
            "failed-log",
            &["Ctrl-x"],
            "log of a failed action's task",
            VIEWS,
            Nothing,
        ),
        writing(row(
            Act::FailedRollback,
            "failed-rollback",
            &["Ctrl-r"],
            "roll back a failed action",
            ROWS,
            Nothing,
        )),
        row(Act::Dismiss, "dismiss", &["x"], "dismiss finished actions", SCREENS, Nothing),
        shown(
            row(Act::Blast, "blast", &["b"], "what dies if this node is lost", ROWS, Placed),
            "what dies with it",
        ),
        row(
            Act::Report,
            "report",
            &["R"],
            "write an incident report (Markdown) of the last hour",
            SCREENS,
            Nothing,
        ),
        newer(row(Act::Versions, "versions", &["V"], "versions of all nodes", &[Table], Nothing)),
        row(Act::Retry, "reconnect", &["C"], "connect again now", SCREENS, Nothing),
        row(
            Act::Wall,
            "wall",
            &["w"],
            "the wall: pages that turn by themselves, and back",
            &[Table, Events, Problems, Log, Wall],
            Nothing,
        ),
        row(
            Act::Contexts,
            "contexts",
            &[],
            "contexts that could be opened, and whether they answer",
            SCREENS,
            Nothing,
        ),
        row(
            Act::Stats,
            "stats",
            &[],
            "what watching costs the manager and the link",
            VIEWS,
            Nothing,
        ),
        shown(row(Act::Palette, "palette", &[":"], "command palette", SCREENS, Nothing), "command"),
        shown(row(Act::Help, "help", &["?"], "help for this screen", SCREENS, Nothing), "help"),
        newer(row(
            Act::Redraw,
            "redraw",
            &["Ctrl-l"],
            "draw the screen anew",
            &[Table, Events, Problems, Log, Clusters, Wall, Page, Plan],
            Nothing,
        )),
        row(
            Act::Quit,
            "quit",
            &["q", "Ctrl-c"],
            "quit (asks only while an action is in flight)",
            SCREENS_AND_WALL,
            Nothing,
        ),
        newer(row(
            Act::Reveal,
            "reveal",
            &["x"],
            "show or hide what looks secret",
            &[Page],
            Nothing,
        )),
        fixed(
            writing(row(
                Act::CarryOut,
                "carry-out",
                &["y"],
                "carry the plan out",
                &[Plan],
                Nothing,
            )),
            &[Plan],
        ),
        writing(newer(row(
            Act::ShowPlan,
            "show-plan",
            &["Ctrl-s"],
            "show the plan",
            &[Editor],
            Nothing,
        ))),
    ]);
    all
});

/// The line that leads to a screen.
fn open(view: View) -> Action {
    let kind = view.kind();
    Action { keys: kind.keys, ..row(Act::Go(view), kind.id, &[], kind.name, SCREENS, Nothing) }
}

/// The table's line for an action.
pub fn action(act: Act) -> &'static Action {
    ACTIONS.iter().find(|a| a.act == act).unwrap_or(&ACTIONS[0])
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn a_key_means_one_thing_in_each_context() {
        for context in KeyContext::ALL {
            let mut seen = HashMap::new();
            for action in ACTIONS.iter().filter(|a| a.contexts.contains(&context)) {
                for key in action.keys_in(context) {
                    let other = seen.insert(*key, action.id);
                    assert_eq!(other, None, "{key} {}, and {}", context.place(), action.id);
                    assert!(!context.is_typed() || key.len() > 1, "{key} is text");
                }
            }
            assert!(!seen.is_empty(), "{} has keys", context.id());
        }
        let ids: HashSet<_> = ACTIONS.iter().map(|a| a.id).collect();
        assert_eq!(ids.len(), ACTIONS.len());
    }

    /// A log is read with a pager's keys: none of them, nor any other, leads to a write. Nor does one
    /// on the wall.
    #[test]
    fn nothing_writes_in_a_log_or_on_the_wall() {
        for action in ACTIONS.iter().filter(|a| a.writes) {
            for context in [KeyContext::Log, KeyContext::Wall, KeyContext::Clusters] {
                assert!(!action.contexts.contains(&context), "{} {}", action.id, context.place());
            }
        }
    }

    #[test]
    fn keys_of_a_context_are_for_one_the_action_has() {
        for action in ACTIONS.iter() {
            for context in action.keys_in.iter().map(|(c, _)| c).chain(action.fixed) {
                assert!(action.contexts.contains(context), "{} {}", action.id, context.place());
            }
        }
    }
}
