//! Many keys at once: pasted, held, or left over from a link that hung. Whatever came, the next key acts
//! at once.

use std::time::Duration;

use super::tui::{LATER, SOON, Tui};

/// Types so much at once, then a key that must act by itself.
fn burst(tui: &mut Tui, bytes: &str) {
    tui.keys(bytes);
    tui.keys("?");
    tui.until(LATER, &format!("the help after {} bytes", bytes.len()), |s| {
        s.contains("any other key closes")
    });
    tui.keys("\x1b");
    tui.until(SOON, "the help is gone", |s| !s.contains("any other key closes"));
}

#[test]
fn every_key_after_a_burst_acts_at_once() {
    let mut tui = Tui::start(100, 30, &["--demo"]);
    tui.shows(SOON, "● live");
    for size in [1, 1_023, 1_024, 1_025, 2_048, 4_096, 5_000, 65_536, 230_000] {
        burst(&mut tui, &"jk".repeat(size / 2 + 1)[..size]);
    }
    // The mouse, dragged and turned: whole sequences, and cut anywhere.
    let storm: String = (0..4_000)
        .map(|i| format!("\x1b[<{};{};{}M", [32, 64, 65][i % 3], i % 99 + 1, i % 29 + 1))
        .collect();
    burst(&mut tui, &storm);
    burst(&mut tui, &storm[1..storm.len()]);
    tui.keys("q");
    assert_eq!(tui.ended(Duration::from_secs(20)), 0);
}
