//! Quit while an action is in flight?

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{
        app::Effect,
        chrome::popup,
        popup::behaviour::{Behaviour, Reaction, is_ctrl_c, is_plain, lines_at, title},
        screen::below::Below,
    },
};

/// The question.
#[derive(Debug)]
pub struct Quit;

impl Behaviour for Quit {
    fn key(&mut self, key: &KeyEvent, _: Below<'_>) -> Reaction {
        let yes = key.code == KeyCode::Char('y') && is_plain(key);
        if yes || is_ctrl_c(key) {
            return Reaction::done_then(|host| host.cluster_mut().effects.push(Effect::Quit));
        }
        Reaction::GivenUp
    }

    fn takes_ctrl_c(&self) -> bool {
        true
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, _: Rect) {
        let cluster = below.cluster;
        let inner = popup(cluster, frame, 62, 4, title(cluster, "Quit?"));
        lines_at(
            frame,
            inner,
            vec![
                Line::raw(" An action is in flight. The Swarm goes on with it, unwatched."),
                Line::from(vec![
                    Span::styled(" y ", cluster.style(Slot::Key)),
                    Span::raw("quit   "),
                    Span::styled("Esc ", cluster.style(Slot::Key)),
                    Span::raw("stay"),
                ]),
            ],
        );
    }
}
