//! `skep help config`.

use super::layout::HelpText;
use crate::config::{Depth, EXAMPLE, TerminalColours, Themes};

/// Files that skep keeps.
const FILES: &[(&str, &str)] = &[
    ("~/.config/skep/config.toml, themes/", "what you set (or the platform's like)"),
    ("~/.local/state/skep/audit.jsonl", "every write, with who, when, the diff and the result"),
    (
        "~/.local/state/skep/timeline/",
        "the last 24 h of each Swarm's events, so that a restart in an incident loses nothing",
    ),
    ("~/.local/state/skep/shells/", "shells that run, so that none is left behind"),
    ("~/.local/state/skep/skep.*.log", "diagnostics (--log-level), never on the screen"),
];

pub(super) fn text(text: &mut HelpText) {
    text.heading("Configuration");
    text.paragraph(
        "None is needed. 'skep config --path' tells where the file belongs, 'skep config --example' \
         prints the one below. A key it does not know is an error, named with its line.",
    );
    text.heading("Files");
    for (path, holds) in FILES {
        text.entry(path, 37, holds);
    }
    text.heading("Themes");
    let embedded = Themes::embedded(TerminalColours { depth: Depth::True, dark: None });
    let names: Vec<&str> = embedded.names().collect();
    text.paragraph(&format!(
        "{}. high-contrast has every text at least 7:1, colour-blind is for deuteranopia and protanopia, \
         sixteen is the terminal's own palette. :theme tries them on. Your own go into themes/NAME.toml \
         beside the config file; themes/dark.toml in the source explains what can be said. NO_COLOR is \
         obeyed.",
        names.join(", ")
    ));
    text.heading("Every setting");
    text.lines(EXAMPLE);
}
