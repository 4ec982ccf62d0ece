//! `skep help shell`.

use super::layout::HelpText;
use crate::ui::{
    Keymap,
    actions::{Act, KeyContext, action},
};

pub(super) fn text(text: &mut HelpText) {
    let key = Keymap::default().shown(action(Act::Shell), KeyContext::Table);
    text.heading("A shell in a task's container");
    text.paragraph(&format!(
        "{key} on a task, in a table or on its page, asks and then hands the screen over: bash if the \
         container has it, else sh. When the shell ends the screen comes back and tells its exit code. \
         Enter ~. leaves it from our side, as in ssh; ~~ is one ~.",
    ));
    text.paragraph(
        "While it has the screen, what the container writes reaches the terminal as it is, as with docker \
         exec; afterwards the terminal's modes are reset. Meanwhile skep goes on watching.",
    );
    text.heading("Without a screen");
    for (command, words) in [
        ("skep exec web.2", "a shell"),
        ("skep exec web.2 -- ps aux", "a command; exits with its code"),
        ("skep exec web.2 -- tar x -C /data < a.tar", "stdin is passed on, as with docker exec -i"),
    ] {
        text.entry(command, 42, words);
    }
    text.paragraph(
        "A task is named as docker prints it, by its id or its container's, or by the beginning of one; a \
         service's name will do where one of its tasks runs. Without a terminal at both ends there is no \
         TTY, and stdout and stderr stay apart. In production it asks for the task's name; --yes gives it.",
    );
    text.heading("An image without a shell");
    text.paragraph(
        "Then a debug container can be made beside the task's, after a confirmation of its own (skep exec: \
         --debug): as root, with its processes and its network, from the newest image on the node that has \
         a shell. Nothing is pulled. The task's files are in /proc/1/root. It is removed afterwards.",
    );
    text.heading("Nothing is left behind");
    text.paragraph(
        "The engine lets a command go on for ever when its connection is lost. So all that a shell runs has \
         a mark in its environment: when it is left, its connection is lost or a signal ends skep, skep ends \
         what has the mark, what is in a session with that, and what any of these started. It tries again \
         while the node can't be reached, and the next skep ends what one that was killed has left, until \
         the node leaves the Swarm, or for 30 days. After an \
         exit of its own, what was put into the background stays, as with docker exec.",
    );
    text.paragraph(
        "What runs on all the same is named, with its PID on the node: a program of another user may not be \
         ended from within the container, and one that replaced the shell without its environment has no \
         mark. skep can't see a program that emptied its environment, has a session of its own and whose \
         parent is gone. A container without sh and cat can't be cleaned up so, and skep says that.",
    );
    text.heading("Who may");
    text.paragraph(
        "Nobody with --read-only. Each is in the audit file: who, where, the command, its begin and end, \
         the exit code; never what is typed.",
    );
}
