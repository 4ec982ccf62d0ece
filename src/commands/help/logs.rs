//! `skep help logs`.

use super::layout::HelpText;

pub(super) fn text(text: &mut HelpText) {
    text.heading("Logs");
    text.paragraph(
        "l shows the log of a service, task, node or marked set, L that of its stack, and in Problems \
         of all that have problems: merged by time, dead tasks included, with how they ended. l on an \
         event leads to the lines of that moment. A pager's keys move, and no key in a log writes: \
         'skep help keys'.",
    );
    text.heading("Commands");
    for (command, words) in [
        (":goto 14:32", "to a time, or to an age: :goto -15m"),
        (":stack NAME", "the logs of a stack"),
        (":logs problems", "the logs of all services that have problems"),
        (":save FILE", "writes what is shown"),
        (":tee FILE", "keeps writing; :tee alone ends that"),
        (":keys err,user", "of JSON lines these keys beside level and message"),
    ] {
        text.entry(command, 17, words);
    }
    text.paragraph("log_keys in the config file sets the keys of JSON lines for good.");
    text.heading("Without a screen");
    text.paragraph("skep logs web api --follow --grep 'error|panic'");
    text.paragraph(
        "merges the tasks of services by time, dead ones too; --json, --since 15m, --tail N, \
         --timestamps. A node that does not answer is named, and the exit code is then 1. Written into a \
         pipe or file, the message of a line stays as the container wrote it, byte for byte.",
    );
}
