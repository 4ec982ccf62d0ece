//! Scrolling of a popup's lines.

use std::cell::Cell;

use ratatui::{Frame, layout::Rect, text::Line};

use crate::ui::{
    app::cluster::Cluster,
    input::actions::{Act, KeyContext},
    popup::behaviour::lines_at,
};

/// The first line shown; drawing keeps it within what there is.
#[derive(Debug, Default)]
pub struct Scroll(Cell<usize>);

impl Scroll {
    /// Moves by lines.
    pub fn by(&self, lines: isize) {
        self.0.set(self.0.get().saturating_add_signed(lines));
    }

    /// Moves as an action says; false if it is none of moving. Drawing stops at the last line.
    pub fn act(&self, act: Act) -> bool {
        self.by(match act {
            Act::Down => 1,
            Act::Up => -1,
            Act::HalfDown => 10,
            Act::HalfUp => -10,
            Act::PageDown => 20,
            Act::PageUp => -20,
            Act::Top => isize::MIN,
            Act::Bottom => isize::MAX,
            _ => return false,
        });
        true
    }

    /// Keeps it at most `max`; returns where it is.
    pub fn clamp(&self, max: usize) -> usize {
        self.0.set(self.0.get().min(max));
        self.0.get()
    }
}

/// The keys that scroll: `j k`.
pub(in crate::ui) fn scroll_keys(cluster: &Cluster, context: KeyContext) -> String {
    let keys = [Act::Down, Act::Up].into_iter().filter_map(|act| cluster.key_of(act, context));
    keys.collect::<Vec<_>>().join(" ")
}

/// Draws the lines from the scroll position on, which stops at the last page.
pub(in crate::ui) fn scrolled(
    frame: &mut Frame<'_>,
    area: Rect,
    lines: Vec<Line<'_>>,
    scroll: &Scroll,
) {
    let from = scroll.clamp(lines.len().saturating_sub(area.height as usize));
    lines_at(frame, area, lines.into_iter().skip(from).collect());
}
