//! `skep help flags`.

use clap::{Arg, CommandFactory};

use super::layout::HelpText;
use crate::cli::Cli;

pub(super) fn text(text: &mut HelpText) {
    let mut command = Cli::command();
    command.build();
    text.heading("Flags");
    for arg in command.get_arguments() {
        flag(text, arg);
    }
    text.heading("Commands");
    text.paragraph("Flags that choose what to connect to go before or after them.");
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        text.paragraph(&format!("skep {}: {about}", sub.get_name()));
        let own = sub.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help");
        for arg in own {
            flag(text, arg);
        }
    }
}

fn flag(text: &mut HelpText, arg: &Arg) {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let values: Vec<&str> = match arg.get_action().takes_values() {
        true => arg.get_value_names().into_iter().flatten().map(|name| name.as_str()).collect(),
        false => Vec::new(),
    };
    let what = format!("{} {}", names.join(", "), values.join(" "));
    let help = arg.get_long_help().or(arg.get_help());
    text.entry(what.trim(), 24, &help.map(ToString::to_string).unwrap_or_default());
}
