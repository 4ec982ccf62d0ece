//! The Overview: a layout over the panes of services, nodes, tasks of the selection, and events or logs.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{
        app::cluster::Cluster,
        screen::{Cx, kinds::View, registry::Screens},
    },
};

/// Panes as the user wants them, where that is not as they are by themselves.
#[derive(Clone, Copy, Debug, Default)]
struct Split {
    /// Columns of the left pane on top.
    left: Option<u16>,
    /// Rows of the panes on top.
    top: Option<u16>,
    /// Rows of the pane in the middle.
    middle: Option<u16>,
}

/// An edge between panes that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Left,
    Top,
    Middle,
}

/// Its panes, in the order of Tab.
const PANES: [View; 5] = [View::Services, View::Nodes, View::Tasks, View::Events, View::Logs];

/// Number of columns from which events and logs stand beside each other.
const BESIDE: u16 = 180;

/// Which pane of the Overview has the keyboard, and how they are laid out.
#[derive(Debug)]
pub struct Overview {
    pane: View,
    /// The pane has all of the body.
    pub zoomed: bool,
    /// The bottom pane shows logs instead of events.
    pub bottom_logs: bool,
    /// The tasks are those of the node, not of the service.
    pub tasks_of_node: bool,
    split: Split,
}

impl Default for Overview {
    fn default() -> Self {
        Self {
            pane: View::Services,
            zoomed: false,
            bottom_logs: false,
            tasks_of_node: false,
            split: Split::default(),
        }
    }
}

impl Overview {
    /// The pane that has the keyboard.
    pub fn pane(&self) -> View {
        self.pane
    }

    /// The pane that many after it.
    pub fn next(&self, by: isize) -> View {
        let at = PANES.iter().position(|p| *p == self.pane).unwrap_or(0);
        PANES[(at as isize + by).rem_euclid(PANES.len() as isize) as usize]
    }

    /// Gives a pane the keyboard; what it shows decides what the others show.
    pub fn enter(&mut self, pane: View) {
        self.pane = pane;
        match self.pane {
            View::Services => self.tasks_of_node = false,
            View::Nodes => self.tasks_of_node = true,
            View::Events => self.bottom_logs = false,
            View::Logs => self.bottom_logs = true,
            _ => {}
        }
    }

    /// Whether a view is one of the panes.
    pub fn has(&self, view: View) -> bool {
        PANES.contains(&view)
    }
}

fn is_tabbed(area: Rect) -> bool {
    area.width < 100 || area.height < 26
}

impl Screens {
    /// Whether there is room for events and logs, and something in both.
    fn has_both(&self, columns: u16) -> bool {
        columns >= BESIDE && self.logs.log.is_some()
    }

    /// Where the panes of the Overview are.
    pub fn panes(&self, area: Rect) -> Vec<(View, Rect)> {
        let pane = self.overview.pane;
        if self.overview.zoomed {
            return vec![(pane, area)];
        }
        let split = self.overview.split;
        let services = self.services.table.rows().len();
        let nodes = self.nodes.table.rows().len();
        if is_tabbed(area) {
            let body = Rect { y: area.y + 1, height: area.height - 1, ..area };
            let list = match pane {
                View::Services => services,
                View::Nodes => nodes,
                _ => return vec![(pane, body)],
            };
            if body.height < 14 {
                return vec![(pane, body)];
            }
            let top = split.top.unwrap_or(list as u16 + 3).clamp(6, body.height * 3 / 5);
            let [top, bottom] =
                Layout::vertical([Constraint::Length(top), Constraint::Min(5)]).areas(body);
            return vec![(pane, top), (View::Tasks, bottom)];
        }
        let rows = services.max(nodes) as u16 + 3;
        let most = area.height - 12;
        let top = split.top.map_or(rows.clamp(7, area.height * 2 / 5), |n| n.clamp(4, most));
        let task_rows = self.tasks.table.rows().len() as u16 + 3;
        let middle = split.middle.map_or(task_rows.clamp(6, area.height * 3 / 10), |n| {
            n.clamp(4, area.height - top - 6)
        });
        let (top, middle) = self.grown(area.height, top, middle, (rows, task_rows));
        let [top, middle, bottom] = Layout::vertical([
            Constraint::Length(top),
            Constraint::Length(middle),
            Constraint::Min(6),
        ])
        .areas(area);
        let left = split.left.map_or(area.width * 61 / 100, |n| n.clamp(30, area.width - 30));
        let [left, right] =
            Layout::horizontal([Constraint::Length(left), Constraint::Min(30)]).areas(top);
        let mut panes = vec![(View::Services, left), (View::Nodes, right), (View::Tasks, middle)];
        if self.has_both(area.width) {
            let [events, logs] =
                Layout::horizontal([Constraint::Percentage(45), Constraint::Min(80)]).areas(bottom);
            panes.extend([(View::Events, events), (View::Logs, logs)]);
        } else {
            let shown = if self.overview.bottom_logs { View::Logs } else { View::Events };
            panes.push((shown, bottom));
        }
        panes
    }

    /// Rows of the panes on top and in the middle: what the events leave empty is theirs, if they have more
    /// rows than they show.
    fn grown(&self, all: u16, top: u16, middle: u16, wanted: (u16, u16)) -> (u16, u16) {
        if self.overview.bottom_logs {
            return (top, middle);
        }
        let split = self.overview.split;
        let events = (self.events.table.rows().len() as u16).saturating_add(3).max(6);
        let mut spare = all.saturating_sub(top + middle).saturating_sub(events.max(all / 5));
        let mut grow = |rows: u16, wanted: u16, held: Option<u16>| {
            let more = wanted.saturating_sub(rows).min(spare);
            let more = if held.is_some() { 0 } else { more };
            spare -= more;
            rows + more
        };
        let top = grow(top, wanted.0, split.top);
        (top, grow(middle, wanted.1, split.middle))
    }

    /// The tab at a place of a small screen.
    pub fn tab(&self, area: Rect, x: u16, y: u16) -> Option<View> {
        let is_overview = self.view == View::Overview && !self.overview.zoomed;
        if !is_overview || !is_tabbed(area) || y != area.y {
            return None;
        }
        let mut end = area.x;
        PANES.into_iter().find(|pane| {
            end += pane.name().len() as u16 + 3;
            x < end
        })
    }

    /// The edge at a place.
    pub fn edge(&self, area: Rect, x: u16, y: u16) -> Option<Edge> {
        if self.view != View::Overview {
            return None;
        }
        let panes = self.panes(area);
        let &[(_, left), _, (_, middle), _, ..] = panes.as_slice() else { return None };
        let near = |a: u16, b: u16| a == b || a + 1 == b;
        if y < left.bottom() - 1 && near(x, left.right()) {
            Some(Edge::Left)
        } else if near(y, left.bottom()) {
            Some(Edge::Top)
        } else if near(y, middle.bottom()) {
            Some(Edge::Middle)
        } else {
            None
        }
    }

    /// Moves an edge to a place.
    pub fn drag(&mut self, area: Rect, edge: Edge, x: u16, y: u16) {
        let rows = |from: u16| Some(y.saturating_sub(from));
        match edge {
            Edge::Left => self.overview.split.left = Some(x.saturating_sub(area.x)),
            Edge::Top => self.overview.split.top = rows(area.y),
            Edge::Middle => {
                let top = self.panes(area).first().map_or(area.y, |(_, left)| left.bottom());
                self.overview.split.middle = rows(top);
            }
        }
    }

    /// Draws the screen that is shown. The last `taken` rows are for something else.
    pub fn draw(&self, all: Cx<'_>, frame: &mut Frame<'_>, area: Rect, taken: u16) {
        let leader = self.leader(all.cluster);
        let cx = |view| self.cx(view, all, leader.as_ref());
        let above = |pane: Rect| {
            let room = (area.bottom() - taken.min(area.height)).saturating_sub(pane.y);
            Rect { height: pane.height.min(room), ..pane }
        };
        if self.view != View::Overview {
            return self.get(self.view).draw(cx(self.view), frame, above(area));
        }
        if !self.overview.zoomed && is_tabbed(area) {
            self.draw_tabs(all.cluster, frame, area);
        }
        let behind = (!self.has_both(frame.area().width)).then_some("Logs");
        for (view, area) in self.panes(area) {
            let mut cx = cx(view);
            cx.behind = behind;
            let area = above(area);
            if area.height > 2 {
                self.get(view).draw(cx, frame, area);
            }
        }
    }

    fn draw_tabs(&self, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
        let mut spans = Vec::new();
        for pane in PANES {
            let name = pane.name();
            if pane == self.overview.pane {
                spans.push(Span::styled(format!(" ▸{name} "), cluster.style(Slot::Focus)));
            } else {
                spans.push(Span::styled(format!("  {name} "), cluster.style(Slot::Dim)));
            }
        }
        spans.push(Span::styled("  Tab", cluster.style(Slot::Dim)));
        frame.render_widget(Line::from(spans), Rect { height: 1, ..area });
    }
}
