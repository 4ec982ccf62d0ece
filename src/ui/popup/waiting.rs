//! Something that is being read before it can be shown.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    config::Slot,
    session::Token,
    ui::{
        chrome::popup,
        popup::behaviour::{Behaviour, Host, Reaction, title},
        screen::below::Below,
        widget::text,
    },
};

/// Something that is being read.
#[derive(Debug)]
pub struct Waiting {
    /// Of the request.
    pub token: Token,
    /// Description.
    pub what: String,
    /// The work that is waited for: `Reading`.
    pub verb: &'static str,
}

impl Behaviour for Waiting {
    fn key(&mut self, key: &KeyEvent, _: Below<'_>) -> Reaction {
        if key.code == KeyCode::Esc { Reaction::GivenUp } else { Reaction::Stays }
    }

    fn give_up(&mut self, host: &mut dyn Host) {
        let operations = &mut host.cluster_mut().operations;
        operations.pending = None;
        operations.shell = None;
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, _: Rect) {
        let cluster = below.cluster;
        let inner = popup(cluster, frame, 60, 3, title(cluster, self.verb));
        let said = format!(" {} …   Esc gives up", text::clean(&self.what));
        frame.render_widget(Line::styled(said, cluster.style(Slot::Dim)), inner);
    }
}
