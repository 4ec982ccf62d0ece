//! `skep help security`.

use super::layout::HelpText;
use crate::engine::{READS, SHELL, WRITES};

pub(super) fn text(text: &mut HelpText) {
    text.heading("What skep can send");
    text.paragraph(
        "Read-only is a type: with --read-only or --wall no value that can write exists in the process, \
         and the transport lets out only these:",
    );
    text.entry("GET", 7, &READS.join(", "));
    text.paragraph("Otherwise it adds these, each after a plan that was confirmed:");
    for (method, path) in WRITES {
        text.entry(method.as_str(), 7, path);
    }
    text.paragraph(
        "A shell has a permission of its own, which read-only lacks as well, and adds these to the task's \
         node, each after a confirmation (skep help shell):",
    );
    for (method, path) in SHELL {
        text.entry(method.as_str(), 7, path);
    }
    text.paragraph(
        "A write changes only what it names, also with fields skep has never heard of. A conflict is \
         re-read and planned anew, a timeout is read back, never sent again. Every write is in the audit \
         file.",
    );
    text.heading("What a Swarm can't do to you");
    text.paragraph(
        "Nothing from the cluster reaches the terminal raw: not on the screen, not from check, snapshot, \
         report, contexts and logs, not in an error. Control characters (C1 and DEL, too) in names, \
         labels, errors and log lines are shown as text (␛); what reorders or hides text (bidi controls, \
         zero-width characters) is left out. JSON escapes them as \\uXXXX wherever it goes and keeps its \
         meaning; reports, the audit file and the log file are safe to look at.",
    );
    text.paragraph(
        "But a shell in a container is a terminal of that container: what is written there arrives as it is.",
    );
    text.paragraph(
        "Only the message of a line that 'skep logs' writes into a pipe or file stays as the container \
         wrote it, byte for byte; the 'task@node | ' before it is clean there as well.",
    );
    text.heading("What is hidden");
    text.paragraph(
        "Values that look secret are masked in pages, plans, the editor and the audit file; x on a page \
         shows them.",
    );
    text.paragraph(
        "What skep keeps is for its user alone: folders 0700, files 0600, whatever the umask. Only regular \
         files of that user are opened. The state folder may be a link, say to another disk; then the \
         folder it leads to must be the user's own and closed to others already, and skep changes nothing \
         there but what is in it.",
    );
    text.heading("What is run");
    text.paragraph(
        "On a node that is looked at over ssh one command is run, as the user of the login: it prints \
         lines of /proc and runs df. 'docker system dial-stdio' is run where sshd forwards no sockets.",
    );
    text.paragraph(
        "ssh and on_critical are run with arguments, never with strings: there is no shell. Plain tcp:// \
         is called that in the header.",
    );
    text.paragraph(
        "Whatever can reach a Docker socket is root on that machine: give skep's users ssh keys that may \
         only forward it, or --read-only for the wall's.",
    );
}
