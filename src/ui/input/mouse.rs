//! The mouse: click, wheel, double-click to drill down, and edges between panes that are dragged.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::{
    cluster::Timestamp,
    ui::{
        App, Board,
        app::board::{Pane, View},
        chrome::{self, body},
        input::actions::Act,
        screen::overview::{self, Edge},
    },
};

/// Rows a notch of the wheel moves.
const NOTCH: isize = 3;
/// Two clicks within it are one that means more.
const DOUBLE: Duration = Duration::from_millis(400);

/// Operation of the mouse under way.
#[derive(Debug, Default)]
pub(in crate::ui) struct Mouse {
    clicked: Option<(u16, u16, Timestamp)>,
    dragged: Option<Edge>,
}

impl App {
    /// Takes in what the mouse did on a screen of that size.
    pub(in crate::ui) fn mouse(&mut self, event: MouseEvent, screen: Rect) {
        let wheel = match event.kind {
            MouseEventKind::ScrollDown => NOTCH,
            MouseEventKind::ScrollUp => -NOTCH,
            _ => 0,
        };
        // Where there is no room for panes there is nothing to point at.
        if self.wall.open || chrome::is_tiny(screen) {
            return;
        }
        let open = self.clusters.open;
        let now = self.now();
        let board = self.board_mut();
        if !board.popups.is_empty() {
            let code = if wheel > 0 { KeyCode::Down } else { KeyCode::Up };
            for _ in 0..wheel.abs() {
                board.popup_key(&KeyEvent::new(code, KeyModifiers::NONE));
            }
            return;
        }
        if open {
            if wheel != 0 {
                self.clusters.rows_mut().step(wheel);
            }
            return;
        }
        let area = body(board, screen);
        let (x, y) = (event.column, event.row);
        if wheel != 0 {
            if board.point(area, x, y) {
                board.act_times(wheel);
            }
            return;
        }
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let over = board.view == View::Overview;
                let edge = overview::edge(board, area, x, y).filter(|_| over);
                if let Some(pane) = overview::tab(board, area, x, y).filter(|_| over) {
                    return board.enter_pane(pane);
                }
                let twice =
                    |(a, b, at): (u16, u16, Timestamp)| (a, b) == (x, y) && at.age(now) < DOUBLE;
                let double = self.mouse.clicked.take().is_some_and(twice);
                self.mouse.dragged = edge;
                let board = self.board_mut();
                if edge.is_none() && board.point(area, x, y) && board.click(y) {
                    if double {
                        board.act(Act::Enter);
                    } else {
                        self.mouse.clicked = Some((x, y, now));
                    }
                }
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                if let Some(edge) = self.mouse.dragged {
                    overview::drag(self.board_mut(), area, edge, x, y);
                }
            }
            MouseEventKind::Up(_) => self.mouse.dragged = None,
            _ => {}
        }
    }
}

impl Board {
    /// Gives the pane under the mouse the keyboard; false if there is none.
    fn point(&mut self, area: Rect, x: u16, y: u16) -> bool {
        if self.view == View::Overview {
            let panes = overview::panes(self, area);
            let hit = panes.iter().find(|(_, place)| place.contains((x, y).into()));
            let Some((pane, _)) = hit else { return false };
            if *pane != self.pane {
                self.enter_pane(*pane);
            }
        }
        area.contains((x, y).into())
    }

    /// Puts the cursor on the row in that line; false if there is none.
    fn click(&mut self, y: u16) -> bool {
        match self.focus() {
            Pane::Services => self.services.click(y),
            Pane::Nodes => self.nodes.click(y),
            Pane::Tasks => self.tasks.click(y),
            Pane::Events if self.view == View::Problems => {
                let hit = self.problem_rows.click(y);
                self.detail.focused &= !hit;
                hit
            }
            Pane::Events => self.events.click(y),
            Pane::Logs => false,
        }
    }

    fn act_times(&mut self, by: isize) {
        let act = if by > 0 { Act::Down } else { Act::Up };
        for _ in 0..by.abs() {
            self.act(act);
        }
    }
}
