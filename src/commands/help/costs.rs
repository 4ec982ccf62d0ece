//! `skep help costs`.

use super::layout::HelpText;

/// Measured costs: the comparison, its ratio, and the figures of `tests/bench/table real hour`.
pub const COSTS: &[[&str; 3]] = &[
    [
        "load 100,000 tasks: from start until all are counted / `curl` of the same lists (wanted: 1.3)",
        "1.49",
        "619 ms / 414 ms, the median of 15 pairs (1.17 to 1.82); the first frame, with all counts, after a third of that",
    ],
    ["resident memory then / 150 MiB", "0.74", "112 MiB"],
    ["CPU while 500 tasks change a second / 25 % of a core", "0.2 to 0.3", "6 to 8 %"],
    ["a key to its frame then, 99 of 100 / 16 ms", "1.4", "23.0 ms; the median key 1.2 ms"],
    ["sort 100,000 tasks, by the slowest column / a frame of 33 ms", "0.33", "10.8 ms"],
    ["filter them as you type, the slowest key / a frame", "0.41", "13.6 ms"],
    ["jump to their end / a frame", "0.01", "0.2 ms"],
    [
        "the same with 400,000 old tasks beside them: sort; filter; jump / a frame",
        "0.4; 0.5 to 0.6; 0.06",
        "13 ms; 16 to 18 ms; 2 ms, on a machine that was busy with other things",
    ],
    [
        "all rules over 100,000 tasks / 200 ms; after 500 changed ones / 5 ms",
        "0.12; 0.03",
        "24 ms; 0.2 ms",
    ],
    ["read a list of 100,000 tasks / copy its bytes", "2.6", "100 MB in 122 ms, on one core"],
    [
        "real Swarm of 5 nodes, 20 services of 3 tasks, idle: requests / `watch -n2 docker service ls`",
        "0.58",
        "35 / 60 a minute",
    ],
    ["there: bytes of answers / the same", "0.57", "216 KB / 378 KB a minute"],
    [
        "there: CPU / 0.5 % of a core; bytes to the terminal a second / 300",
        "0.17; 0.2 to 0.7",
        "0.08 %; 61, and up to 198 in the first minutes, while ages go by the second",
    ],
    [
        "real Swarm of 5 nodes, 21 services of which six fail over and over or wait, nobody at the keys: requests; bytes / the same, in the first minute",
        "0.57; 0.94",
        "34 / 60; 361 KB / 382 KB; in each later one at most 29 / 60 and 295 KB",
    ],
    [
        "50 embedded Swarms of 200 nodes and 3,000 tasks in the view of all, nothing happens: CPU / 5 % of a core; bytes to the terminal a second / 1,000",
        "0.1 to 0.3; 0.2 to 0.3",
        "0.4 to 1.6 %; 165 to 251; 239 MiB; with 30 changes a second in all 5.3 to 5.8 % and 1.2 to 2.0 KB a second",
    ],
    [
        "real managers with 100,000 pending tasks, one service in view: their CPU / `watch -n2 docker service ls`",
        "0.47",
        "13.9 % / 29.3 % of a core",
    ],
    [
        "a real hour of churn (some forty tasks fail a second): memory at the end / after 5 minutes",
        "1.02",
        "23.4 → 23.9 MiB, at most 24.2; 0.5 % of a core",
    ],
    [
        "a million task changes, a link cut every thousand, sizes and views at random: memory in the last quarter / in the second",
        "1.01 to 1.04",
        "60 → 62 MiB over 1,001 links; in the end the model is what a fresh load says",
    ],
];

pub(super) fn text(text: &mut HelpText) {
    text.heading("What it costs");
    text.paragraph(
        "Measured, not promised, misses included: ratios on a machine of two cores, by \
         'tests/bench/table real hour' in the source (the embedded rows need no Docker: 'cargo bench'). \
         The embedded Swarm is served by another process on the same machine. :stats shows what your \
         own costs: each kind of request, what it cost and how often it is asked.",
    );
    for [figure, ratio, measured] in COSTS {
        text.paragraph(&format!("{}: {ratio}", figure.replace('`', "'")));
        text.entry("", 3, &measured.replace('`', "'"));
    }
    text.heading("How");
    text.paragraph(
        "Every answer's cost to the manager (until its first byte, less the round trip) is taken from \
         the budget of its kind of request, and what one kind does not need the others get. What is in \
         view, has just changed or is not converged comes first; a quiet service costs next to nothing. \
         --budget sets the share of a manager's time that watching may use. While nobody presses a key \
         and nobody changes anything, all of it stays below what 'watch -n2 docker service ls' asks and \
         gets, whatever fails or waits.",
    );
    text.paragraph(
        "Lists are read as their bytes arrive, away from the screen, long ones by two at once, and a \
         spec that was met before is passed over; a task takes some 400 bytes.",
    );
    text.paragraph(
        "Frames are written by a thread of their own: at most 30 a second, fewer over a link that is \
         slow to take them or an ssh session that is behind, and never while a key waits.",
    );
}
