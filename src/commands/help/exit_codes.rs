//! `skep help exit-codes`.

use super::layout::HelpText;
use crate::commands::{
    Verdict,
    exec::HUNG_UP,
    fault::{FAILED, NOT_REACHED, NOT_STARTED, READ_ONLY, UNKNOWN, USAGE},
    stack::CHANGES,
};

pub(super) fn text(text: &mut HelpText) {
    let check = |verdict: Verdict, words| (verdict.code(), words);
    let tables: &[(&str, &[(u8, &str)])] = &[
        (
            "skep check, in the convention of monitoring plugins",
            &[
                check(Verdict::Ok, "ok"),
                check(Verdict::Warning, "the worst finding is a warning"),
                check(Verdict::Critical, "the worst finding is critical"),
                check(Verdict::Unknown, "a Swarm, or its nodes, services or tasks, can't be read"),
            ],
        ),
        (
            "skep snapshot",
            &[
                (0, "all of it was read"),
                (UNKNOWN, "a Swarm, or some of what it lists, can't be read"),
            ],
        ),
        (
            "skep nodes",
            &[
                (0, "all nodes are listed, also those that are not within reach"),
                (UNKNOWN, "a Swarm can't be read"),
            ],
        ),
        (
            "skep logs",
            &[(0, "all logs were read"), (FAILED, "a task's log, or the Swarm, can't be read")],
        ),
        (
            "skep report",
            &[
                (0, "it is written"),
                (FAILED, "it could not be written"),
                (UNKNOWN, "a Swarm, or some of what it lists, can't be read"),
            ],
        ),
        (
            "skep exec: the command's own, and",
            &[
                (READ_ONLY, "read-only"),
                (NOT_REACHED, "its node can't be reached, or the connection was lost"),
                (NOT_STARTED, "it was not started"),
                (HUNG_UP, "it was left with ~."),
            ],
        ),
        (
            "skep stack plan",
            &[
                (0, "a deploy would change nothing"),
                (CHANGES, "it would change something"),
                (FAILED, "there is no plan"),
            ],
        ),
        (
            "skep stack deploy",
            &[
                (0, "converged, or nothing was to change"),
                (FAILED, "something was not written, or has not converged"),
                (READ_ONLY, "read-only"),
            ],
        ),
        (
            "skep stack rm",
            &[
                (0, "all of it is gone"),
                (FAILED, "something is still there, or there was nothing"),
                (READ_ONLY, "read-only"),
            ],
        ),
        ("skep, and every other command", &[(0, "done"), (FAILED, "what was asked for failed")]),
        ("every command", &[(USAGE, "a bad command line or config file")]),
    ];
    text.heading("Exit codes");
    for (command, codes) in tables {
        text.paragraph(command);
        for (code, words) in *codes {
            text.entry(&format!("  {code}"), 6, words);
        }
    }
}
