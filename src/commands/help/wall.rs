//! `skep help wall`.

use super::layout::HelpText;
use crate::ui::{
    Keymap,
    actions::{ACTIONS, KeyContext},
};

pub(super) fn text(text: &mut HelpText) {
    text.heading("The wall");
    text.paragraph(
        "skep --wall, or w: a screen that runs for months and that nobody sits at. Pages turn by \
         themselves: all clusters, figures that are read from four metres, problems, services, nodes, \
         what failed in the last hour. A new critical finding comes to the front, and a Swarm that is \
         lost fills the screen in red, with why.",
    );
    text.paragraph(
        "It never lies about being live: the heartbeat beside \"live\" goes with the data and stops \
         with it. With --wall nothing in the process can write, whatever is pressed. What is drawn moves \
         a little, so that nothing burns in; memory is bounded.",
    );
    text.heading("Keys");
    let keymap = Keymap::default();
    for action in ACTIONS.iter().filter(|a| a.contexts.contains(&KeyContext::Wall)) {
        let words = match action.id {
            "mark" | "pause" => "hold the page, or let it turn again",
            "down" | "page-down" | "next-pane" | "next-cluster" => "next page",
            "up" | "page-up" | "previous-pane" | "previous-cluster" => "previous page",
            "back" | "wall" => "back to the views",
            _ => action.words,
        };
        text.entry(&keymap.shown(action, KeyContext::Wall), 14, words);
    }
    text.heading("Settings");
    text.paragraph(
        "[wall] in the config file: turn, how long a page stays; bell, the terminal's bell at a new \
         critical finding; on_critical, a command then: a program and its arguments, run without a \
         shell, for 10 s at most, once a minute at most. Its environment has SKEP_CLUSTER, SKEP_RULE, \
         SKEP_OBJECT, SKEP_MESSAGE and SKEP_COUNT. A config file that others may write runs nothing.",
    );
    text.paragraph("[wall]");
    for line in ["turn = \"10s\"", "bell = true"] {
        text.line(line);
    }
    text.line("on_critical = [\"/usr/local/bin/page-me\", \"--from\", \"skep\"]");
}
