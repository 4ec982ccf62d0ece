//! Docker's contexts and the clusters of the config file that are not open. Enter opens one beside the
//! others.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{
        app::{Openable, cluster::Cluster, settings::Request},
        chrome::{clear, frame_of},
        popup::behaviour::{Behaviour, Reaction, lines_at, title},
        screen::below::Below,
        widget::text,
    },
};

/// Lines for all that the one under the cursor answered.
const DETAIL: u16 = 2;

/// The list.
#[derive(Debug, Default)]
pub struct Contexts {
    /// The line under the cursor.
    at: usize,
}

impl Behaviour for Contexts {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let all = &below.cluster.others.openable;
        let last = all.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Reaction::GivenUp,
            KeyCode::Down | KeyCode::Char('j') => self.at = (self.at + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => self.at = self.at.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => self.at = 0,
            KeyCode::End | KeyCode::Char('G') => self.at = last,
            KeyCode::Enter => {
                // One that does not answer could not be closed again.
                let one = all.get(self.at);
                let one = one.filter(|one| {
                    is_open(below.cluster, one) || !matches!(one.answer, Some(Err(_)))
                });
                if let Some(no) = one.and_then(|one| one.no) {
                    return Reaction::done_then(move |host| {
                        host.cluster_mut().requests.push(Request::Open(no, None));
                    });
                }
            }
            _ => {}
        }
        Reaction::Stays
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        clear(cluster, frame, area);
        let inner = frame_of(cluster, frame, area, title(cluster, "Contexts"), true);
        let keys = [("j k", "move"), ("Enter", "open beside the others"), ("Esc", "back")];
        let keys: Vec<Span<'_>> = keys
            .into_iter()
            .flat_map(|(key, words)| {
                let words = Span::styled(format!("{words} "), cluster.style(Slot::Dim));
                [Span::styled(format!(" {key} "), cluster.style(Slot::Key)), words]
            })
            .collect();
        let foot = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
        frame.render_widget(Line::from(keys), foot);
        let body = Rect { height: inner.height.saturating_sub(1 + DETAIL), ..inner };
        let all = &cluster.others.openable;
        if all.is_empty() {
            let said = "nothing else: 'docker context create' and the config file make more";
            return frame.render_widget(Line::styled(said, cluster.style(Slot::Dim)), body);
        }
        let wide = |of: fn(&Openable) -> &str, most: usize| {
            all.iter().map(|one| text::width(&text::clean(of(one)))).max().unwrap_or(0).min(most)
        };
        let width = body.width as usize;
        let name = wide(|one| &one.name, 20);
        let endpoint = wide(|one| &one.endpoint, (width / 3).max(16));
        let rest = width.saturating_sub(2 + name + 2 + 6 + 2 + endpoint + 2);
        let rows = body.height as usize;
        let from = (self.at + 1).saturating_sub(rows);
        for (row, one) in all.iter().enumerate().skip(from).take(rows) {
            let place = Rect { y: body.y + (row - from) as u16, height: 1, ..body };
            if row == self.at {
                frame.buffer_mut().set_style(place, cluster.style(Slot::Selected));
            }
            let (said, slot) = state(cluster, one);
            let cell = |said: &str, wide: usize| {
                let said = text::clean(said);
                let said = text::cut(&said, wide);
                format!("{said}{}  ", " ".repeat(wide.saturating_sub(text::width(&said))))
            };
            let line = Line::from(vec![
                Span::styled(if row == self.at { "› " } else { "  " }, cluster.style(Slot::Focus)),
                Span::styled(cell(&one.name, name), cluster.style(Slot::Title)),
                Span::styled(cell(one.source, 6), cluster.style(Slot::Dim)),
                Span::styled(cell(&one.endpoint, endpoint), cluster.style(Slot::Dim)),
                Span::styled(text::cut(&text::clean(said), rest).into_owned(), cluster.style(slot)),
            ]);
            frame.render_widget(line, place);
        }
        let Some(one) = all.get(self.at) else { return };
        let (said, slot) = state(cluster, one);
        let said = text::clean(said);
        let lines = text::wrapped(&said, width).take(DETAIL as usize);
        let lines = lines.map(|line| Line::styled(line.to_owned(), cluster.style(slot))).collect();
        lines_at(frame, Rect { y: body.bottom(), height: DETAIL, ..inner }, lines);
    }
}

/// Its state in words, and how that looks.
fn state<'o>(cluster: &Cluster, one: &'o Openable) -> (&'o str, Slot) {
    match &one.answer {
        _ if is_open(cluster, one) => ("open: Enter goes there", Slot::Ok),
        None => ("is asked…", Slot::Dim),
        Some(Ok(said)) => (said, Slot::Text),
        Some(Err(why)) => (why, Slot::Critical),
    }
}

/// Whether it is open already.
fn is_open(cluster: &Cluster, one: &Openable) -> bool {
    one.no.is_some_and(|no| cluster.no == no || cluster.others.open.contains(&no))
}
