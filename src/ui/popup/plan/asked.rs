//! The box of something to be confirmed: what it is, and the question under it.

use ratatui::{Frame, layout::Rect, text::Line};

use super::Reply;
use crate::{
    action::plan::Confirm,
    config::Slot,
    ui::{
        app::cluster::Cluster,
        chrome::popup,
        input::actions::KeyContext,
        popup::{
            behaviour::title,
            scroll::{Scroll, scroll_keys, scrolled},
        },
    },
};

/// Something to be confirmed.
pub(in crate::ui) struct AskedBox<'a> {
    /// Its name.
    pub title: String,
    /// Columns of the box.
    pub width: u16,
    /// The part that scrolls.
    pub lines: Vec<Line<'static>>,
    /// First line shown.
    pub scroll: &'a Scroll,
    /// The answer so far.
    pub answer: &'a Reply,
}

impl AskedBox<'_> {
    /// Draws it. With several clusters it is plain which is meant: `Plan: scale web 3 → 5 on prod`.
    pub fn draw(self, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
        let Self { title: name, width, lines, scroll, answer } = self;
        let name = match cluster.settings.named || cluster.others.names.len() > 1 {
            true => format!("{name} on {}", cluster.settings.name),
            false => name,
        };
        let height = (lines.len() as u16 + 4).min(area.height - 2).max(6);
        let inner = popup(cluster, frame, width, height, title(cluster, &name));
        let inner = Rect { x: inner.x + 1, width: inner.width - 1, ..inner };
        let body = Rect { height: inner.height.saturating_sub(2), ..inner };
        let total = lines.len();
        scrolled(frame, body, lines, scroll);
        if total > body.height as usize {
            // Letters are typed where a word confirms.
            let keys = match answer.confirm {
                Confirm::Yes => scroll_keys(cluster, KeyContext::Plan),
                Confirm::Type(_) => "↑ ↓ PgUp PgDn".to_owned(),
            };
            let said = format!("{} of {total} lines, {keys} scroll", body.height);
            let place = Rect { y: body.bottom(), height: 1, ..inner };
            frame.render_widget(Line::styled(said, cluster.style(Slot::Dim)), place);
        }
        let place = Rect { y: inner.bottom() - 1, height: 1, ..inner };
        frame.render_widget(answer.question(cluster, inner.width.into()), place);
    }
}
