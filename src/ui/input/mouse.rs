//! The mouse: click, wheel, double-click to drill down, and edges between panes that are dragged.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::{
    cluster::Timestamp,
    ui::{
        app::workspace::Workspace,
        input::actions::Act,
        screen::{kinds::View, overview::Edge},
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

impl Mouse {
    /// Takes in what the mouse did in the body of the screen.
    pub(in crate::ui) fn take(
        &mut self,
        event: MouseEvent,
        area: Rect,
        workspace: &mut Workspace<'_>,
    ) {
        let wheel = match event.kind {
            MouseEventKind::ScrollDown => NOTCH,
            MouseEventKind::ScrollUp => -NOTCH,
            _ => 0,
        };
        let now = workspace.cluster.now;
        if !workspace.popups.is_empty() {
            let code = if wheel > 0 { KeyCode::Down } else { KeyCode::Up };
            for _ in 0..wheel.abs() {
                workspace.popup_key(&KeyEvent::new(code, KeyModifiers::NONE));
            }
            return;
        }
        if let Some(over) = workspace.together.screen_mut() {
            if let Some(moved) = over.moved().filter(|_| wheel != 0) {
                moved.step(wheel);
            }
            return;
        }
        let (x, y) = (event.column, event.row);
        if wheel != 0 {
            if workspace.point(area, x, y) {
                workspace.act_times(wheel);
            }
            return;
        }
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let edge = workspace.screens.edge(area, x, y);
                if let Some(pane) = workspace.screens.tab(area, x, y) {
                    return workspace.screens.enter_pane(pane);
                }
                let twice =
                    |(a, b, at): (u16, u16, Timestamp)| (a, b) == (x, y) && at.age(now) < DOUBLE;
                let double = self.clicked.take().is_some_and(twice);
                self.dragged = edge;
                let hit = edge.is_none()
                    && workspace.point(area, x, y)
                    && workspace.screens.focused_mut().click(y);
                if hit {
                    if double {
                        workspace.act(Act::Enter);
                    } else {
                        self.clicked = Some((x, y, now));
                    }
                }
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                if let Some(edge) = self.dragged {
                    workspace.screens.drag(area, edge, x, y);
                }
            }
            MouseEventKind::Up(_) => self.dragged = None,
            _ => {}
        }
    }
}

impl Workspace<'_> {
    /// Gives the pane under the mouse the keyboard; false if there is none.
    fn point(&mut self, area: Rect, x: u16, y: u16) -> bool {
        if self.screens.view == View::Overview {
            let panes = self.screens.panes(area);
            let hit = panes.iter().find(|(_, place)| place.contains((x, y).into()));
            let Some((pane, _)) = hit else { return false };
            if *pane != self.screens.overview.pane() {
                self.screens.enter_pane(*pane);
            }
        }
        area.contains((x, y).into())
    }

    fn act_times(&mut self, by: isize) {
        let act = if by > 0 { Act::Down } else { Act::Up };
        for _ in 0..by.abs() {
            self.act(act);
        }
    }
}
