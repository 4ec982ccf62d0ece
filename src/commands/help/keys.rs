//! `skep help keys`.

use super::layout::HelpText;
use crate::ui::{
    GLOBAL, Keymap, PRESETS,
    actions::{ACTIONS, Action, KeyContext, ROWS, VIEWS},
};

/// Keys, and which actions have them there.
struct Section {
    title: &'static str,
    context: KeyContext,
    has: fn(&Action) -> bool,
}

fn in_all(action: &Action, contexts: &[KeyContext]) -> bool {
    contexts.iter().all(|context| action.contexts.contains(context))
}

/// Where keys differ; an action stands where it comes first, and again where it has other keys.
const SECTIONS: &[Section] = &[
    Section {
        title: "In tables, the events and Problems",
        context: KeyContext::Table,
        has: |a| in_all(a, ROWS) && !a.contexts.contains(&KeyContext::Log),
    },
    Section { title: "Everywhere", context: KeyContext::Table, has: |a| in_all(a, VIEWS) },
    Section { title: "In tables", context: KeyContext::Table, has: |_| true },
    Section { title: "In a log", context: KeyContext::Log, has: |_| true },
    Section { title: "In the events", context: KeyContext::Events, has: |_| true },
    Section { title: "In Problems", context: KeyContext::Problems, has: |_| true },
    Section { title: "In Clusters", context: KeyContext::Clusters, has: |_| true },
    Section { title: "On the wall", context: KeyContext::Wall, has: |_| true },
    Section { title: "On a page", context: KeyContext::Page, has: |_| true },
    Section { title: "In a plan", context: KeyContext::Plan, has: |_| true },
    Section { title: "In the editor", context: KeyContext::Editor, has: |_| true },
    Section { title: "In a prompt", context: KeyContext::Prompt, has: |_| true },
];

/// The rows of the README's table that may stand there: the keys of an action in a context, and words.
pub fn key_rows() -> Vec<String> {
    let keymap = Keymap::default();
    let rows = ACTIONS.iter().flat_map(|a| a.contexts.iter().map(move |c| (a, *c)));
    rows.map(|(action, context)| {
        let shown = keymap.shown(action, context);
        let keys: Vec<String> = shown.split(' ').map(|key| format!("`{key}`")).collect();
        format!("| {} | {} |", keys.join(" "), action.words)
    })
    .collect()
}

pub(super) fn text(text: &mut HelpText) {
    let keymap = Keymap::default();
    text.heading("Keys");
    text.paragraph(
        "? on the screen shows those that mean something there, and the palette (:) takes actions by \
         their ids. Each action is listed once, and again where its keys differ.",
    );
    let mut told: Vec<(&str, String)> = Vec::new();
    for section in SECTIONS {
        let here = |a: &&Action| a.contexts.contains(&section.context) && (section.has)(a);
        let rows: Vec<(&Action, String)> = ACTIONS
            .iter()
            .filter(here)
            .map(|action| (action, keymap.shown(action, section.context)))
            .filter(|(action, keys)| !told.iter().any(|(id, k)| *id == action.id && k == keys))
            .collect();
        if rows.is_empty() {
            continue;
        }
        text.heading(section.title);
        for (action, keys) in rows {
            let what = format!("{keys:<14} {}", action.id);
            text.entry(&what, 32, action.words);
            told.push((action.id, keys));
        }
    }
    text.heading("Filters and commands");
    text.paragraph(
        "A filter looks at all that a row's object carries, shown or not; an id is found by its beginning, from \
         four characters on. Enter keeps it, Esc clears it.",
    );
    text.paragraph(
        "In the palette: an action's id, with the name of a service or node where it is for one \
         (:scale web, :drain node3); :theme NAME, :cluster NAME, :q.",
    );
    text.paragraph(
        "Esc leaves whatever lies over a view, without a trace. A plan is confirmed by y alone, a \
         dangerous one by typing the name; Enter never confirms.",
    );
    text.heading("The mouse");
    text.paragraph(
        "A click puts the cursor there, a second one drills down, the wheel scrolls, edges between \
         panes are dragged. With Shift it is the terminal's own, to select text; --no-mouse leaves it \
         to the terminal altogether.",
    );
    text.heading("Keys of your own");
    let contexts: Vec<&str> = KeyContext::ALL.iter().map(|context| context.id()).collect();
    text.paragraph(&format!(
        "In the config file, [keys] gives actions other keys wherever they work, and [keys.CONTEXT] in \
         one context: {}. [] takes a key away. A key may mean two things in two contexts, never in \
         one. [keys.{GLOBAL}] is [keys] itself: an action that is called like a context stands there. \
         Presets to begin with: {}.",
        contexts.join(", "),
        PRESETS.join(", ")
    ));
    text.paragraph("[keys]");
    for line in
        ["preset = \"default\"", "scale = [\"s\", \"F5\"]", "rollback = []    # only :rollback"]
    {
        text.line(line);
    }
    text.paragraph("[keys.log]");
    text.line("mark = \"v\"");
    text.paragraph(
        "Keys are written s, G, Ctrl-x, Alt-l, F5, Space, PgDn. Keys that a newer skep gives to an \
         action yield to those your file gives to another. The y of a plan and Esc over a view can't \
         be changed.",
    );
}
