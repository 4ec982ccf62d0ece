//! Events: the engine's own, and the task transitions skep derived.

pub(in crate::ui) mod filter;

use std::time::Duration;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    cluster::{Consequence, Entry, Gravity, Subject, failures},
    config::Slot,
    ui::{
        app::{cluster::Cluster, trend},
        chrome::{empty, frame_of, missed, rows, title},
        input::actions::{Act, KeyContext},
        screen::{Count, Cx, Handled, Screen, events::filter::EventFilter},
        table::{
            Row, Table,
            columns::{Cell, Column, Key},
            rows::Rows,
        },
        widget::{spark, text},
    },
};

fn slot(entry: &Entry) -> Slot {
    match entry.gravity {
        Gravity::Quiet => Slot::Dim,
        Gravity::Note => Slot::Info,
        Gravity::Good => Slot::Text,
        Gravity::Bad => Slot::Critical,
    }
}

/// Texts that a filter searches.
pub fn texts(entry: &Entry) -> [&str; 4] {
    [&entry.kind, &entry.name, &entry.text, entry.who.as_deref().unwrap_or_default()]
}

const COLUMNS: &[Column<Entry>] = &[
    Column {
        title: "TIME",
        min: 8,
        max: 8,
        shed: 0,
        right: false,
        cell: |e, _| Cell::dim(e.at.clock()),
        key: |e, _| Key::Number(e.at.nanos()),
    },
    Column {
        title: "KIND",
        min: 4,
        max: 8,
        shed: 1,
        right: false,
        cell: |e, _| Cell::dim(&*e.kind),
        key: |e, _| Key::text(&*e.kind),
    },
    Column {
        title: "NAME",
        min: 8,
        max: 32,
        shed: 0,
        right: false,
        cell: |e, _| Cell::name(&*e.name, Slot::Text),
        key: |e, _| Key::text(&*e.name),
    },
    Column {
        title: "WHAT",
        min: 10,
        max: 300,
        shed: 0,
        right: false,
        cell: |e, c| match c.consequences.get(&e.seq) {
            Some(effect) => {
                Cell::new(format!("⇒ {} · {}", led_to(e, effect), e.said()), Slot::Warn)
            }
            None => Cell::new(e.said(), slot(e)),
        },
        key: |e, _| Key::text(&*e.text),
    },
];

/// `12 failures from 8s on`: what it led to, before what it was, for that may be long.
fn led_to(entry: &Entry, effect: &Consequence) -> String {
    let after = text::age(entry.at.age(effect.first));
    match effect.failures {
        1 => format!("1 failure after {after}"),
        n => format!("{n} failures from {after} on"),
    }
}

/// A journal entry by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRow(pub u64);

impl Row for EventRow {
    type Id = u64;
    fn id(&self) -> u64 {
        self.0
    }
}

/// The events.
pub struct Events {
    pub(in crate::ui) table: Table<EventRow>,
    filter: EventFilter,
}

impl Default for Events {
    fn default() -> Self {
        Self { table: Table::newest_last(), filter: EventFilter::default() }
    }
}

impl Events {
    /// The entry under the cursor.
    pub fn entry<'c>(&self, cluster: &'c Cluster) -> Option<&'c Entry> {
        cluster.model.store.journal().get(self.table.current()?.0)
    }
}

impl Screen for Events {
    fn context(&self) -> KeyContext {
        KeyContext::Events
    }

    fn refresh(&mut self, cx: Cx<'_>) {
        let (model, now) = (&cx.cluster.model, cx.cluster.now);
        let (journal, text) = (model.store.journal(), &self.table.filter);
        // As time passes the oldest leave the period.
        let oldest = self.table.rows().first().and_then(|row| journal.get(row.0));
        let is_over = oldest.is_some_and(|entry| !self.filter.is_in_period(entry, model.now));
        if !is_over && self.table.is_fresh(model.journal_stamp(), now) {
            return;
        }
        let rows = journal
            .iter()
            .filter(|e| self.filter.passes(e, model.now))
            .filter(|e| text.passes(texts(e).into_iter()))
            .map(|e| EventRow(e.seq))
            .collect();
        self.table.set(rows, journal.iter().len(), model.journal_stamp(), now);
    }

    fn stale(&mut self) {
        self.table.stale();
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        let (cluster, table) = (cx.cluster, &self.table);
        let mut head = title(cluster, "Events", table.rows().len(), table.all, &table.filter);
        if table.filter.is_empty() && !self.filter.is_open() {
            let count = format!(" {}/{} ", table.rows().len(), table.all);
            head.spans[1] = Span::styled(count, cluster.style(Slot::Dim));
        }
        head.extend(missed(cluster, table.missed()));
        let filtered = self.filter.words();
        if !filtered.is_empty() {
            let said = format!("{} · Esc all ", text::clean(&filtered));
            head.push_span(Span::styled(said, cluster.style(Slot::Info)));
        }
        if cx.full && self.filter.period().is_none() {
            let said = format!("{} ", self.filter.period_in_words());
            head.push_span(Span::styled(said, cluster.style(Slot::Dim)));
        }
        if !cx.full {
            if let Some(behind) = cx.behind {
                head.push_span(Span::styled(format!("│ {behind} "), cluster.style(Slot::Dim)));
            }
            for span in trends(cluster, area.width) {
                head.push_span(span);
            }
        }
        let mut inner = frame_of(cluster, frame, area, head, cx.focused);
        if cx.full && inner.height >= 10 && cluster.link.last_heard.is_some() {
            self.histogram(cluster, frame, Rect { height: 2, ..inner });
            inner = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        }
        if table.rows().is_empty() {
            let nothing = "nothing has happened since skep began to watch";
            let mut hidden = table.hidden("events", "kind, name, what happened, who did it");
            if let Some(hidden) = hidden.as_mut().filter(|_| !filtered.is_empty()) {
                hidden.also(&filtered);
            }
            return empty(cluster, frame, inner, hidden, nothing);
        }
        let journal = cluster.model.store.journal();
        rows(cluster, frame, inner, (table, COLUMNS, cx.focused), |row| journal.get(row.0));
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn count(&self, cluster: &Cluster) -> Count {
        Count::Of(cluster.model.store.journal().iter().len())
    }

    fn subject(&self, cluster: &Cluster) -> Option<Subject> {
        self.entry(cluster).map(|entry| entry.subject.clone())
    }

    fn act(&mut self, act: Act, cluster: &mut Cluster) -> Handled {
        let entry = self.entry(cluster);
        match act {
            Act::OnlyTask => {
                let of = |subject: &_| match subject {
                    // Of a task all that its service went through: that is the story.
                    Subject::Task(_, service) => {
                        let known = cluster.model.store.service(service).map(|s| s.name.clone());
                        (Subject::Service(service.clone()), known)
                    }
                    other => (other.clone(), None),
                };
                let object = entry.filter(|e| e.subject != Subject::Other).map(|e| {
                    let (subject, name) = of(&e.subject);
                    (subject, name.unwrap_or_else(|| e.name.clone()))
                });
                self.filter.turn_object(object);
            }
            Act::OnlyStream => self.filter.turn_kind(entry.map(|e| e.kind.clone())),
            Act::OnlySeverity => self.filter.turn_least(),
            Act::Longer => self.filter.zoom(true),
            Act::Shorter => self.filter.zoom(false),
            _ => return Handled::No,
        }
        self.table.stale();
        Handled::Yes
    }

    fn offers(&self, act: Act, cluster: &Cluster) -> Option<bool> {
        match act {
            Act::Longer | Act::Shorter => Some(self.filter.can_zoom(act == Act::Longer)),
            Act::OnlyTask => {
                let here = self.subject(cluster).is_some_and(|s| s != Subject::Other);
                Some(self.filter.object.is_some() || here)
            }
            _ => None,
        }
    }

    fn follows(&self) -> bool {
        self.table.missed().is_none()
    }

    fn leave(&mut self) -> bool {
        let filtered = self.can_leave();
        if !self.table.filter.text.is_empty() {
            self.table.set_filter("");
        } else if filtered {
            self.filter = EventFilter::default();
            self.table.stale();
        }
        filtered
    }

    fn can_leave(&self) -> bool {
        !self.table.filter.text.is_empty() || !self.filter.is_open()
    }
}

/// Sparkline of the last minutes, where there is room in the title.
fn trends(cluster: &Cluster, width: u16) -> Vec<Span<'static>> {
    let failed = trend::failures(cluster.model.store.journal(), cluster.model.now, RECENT);
    let running = cluster.trend.running();
    let running = &running[running.len().saturating_sub(RECENT)..];
    if width < 100 || cluster.link.last_heard.is_none() {
        return Vec::new();
    }
    let dim = cluster.style(Slot::Dim);
    let sum: u64 = failed.iter().sum();
    let slot = if sum > 0 { Slot::Warn } else { Slot::Dim };
    let mut spans = vec![Span::styled("│ 30m: failed ", dim)];
    spans.extend(spark::spans(&failed, RECENT, cluster.style(slot), cluster.style(Slot::Border)));
    spans.push(Span::styled(format!(" {sum} "), cluster.style(slot)));
    if running.len() > 1 {
        spans.push(Span::styled("running ", dim));
        spans.push(Span::styled(format!("{} ", spark::spark(running, RECENT)), dim));
    }
    spans
}

/// Minutes of the small charts.
const RECENT: usize = 30;

const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// Where all there is is shown, the chart is of no shorter period.
const LEAST: Duration = Duration::from_secs(600);

impl Events {
    /// Failures over time: a line that says what it is, and the bars.
    fn histogram(&self, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
        let now = cluster.model.now;
        let journal = cluster.model.store.journal();
        let all = journal.iter().next().map_or(Duration::ZERO, |oldest| oldest.at.age(now));
        let period = self.filter.period().unwrap_or(all.max(LEAST));
        let nanos = i64::try_from(period.as_nanos()).unwrap_or(i64::MAX);
        let words = text::age(period);
        let parts = area.width.saturating_sub(2) as usize;
        let counts = failures(journal, now.shifted(-nanos), now, parts);
        let (total, peak) = (counts.iter().sum::<u32>(), counts.iter().copied().max().unwrap_or(0));
        let said = if total == 0 {
            format!(" no failures in the last {words}")
        } else {
            // One failure in the time of a narrow bar is not twelve a minute.
            let minutes = period.as_secs_f64() / 60.0;
            let steps = (minutes as usize).clamp(1, parts.max(1));
            let most = failures(journal, now.shifted(-nanos), now, steps).into_iter().max();
            let rate = f64::from(most.unwrap_or(0)) * steps as f64 / minutes;
            let rate = if rate >= 10.0 { format!("{rate:.0}") } else { format!("{rate:.1}") };
            format!(" {total} failures in the last {words}, at most {rate} a minute")
        };
        let slot = if total == 0 { Slot::Dim } else { Slot::Warn };
        let line = Line::from(vec![
            Span::styled(said, cluster.style(slot)),
            Span::styled("   < longer  > shorter", cluster.style(Slot::Dim)),
        ]);
        frame.render_widget(line, Rect { height: 1, ..area });
        let bars = counts.iter().map(|n| match n {
            0 => Span::styled("·", cluster.style(Slot::Dim)),
            n => {
                let height = (*n as usize * 8).div_ceil(peak.max(1) as usize).clamp(1, 8);
                Span::styled(BARS[height], cluster.style(Slot::Critical))
            }
        });
        let place =
            Rect { x: area.x + 1, y: area.y + 1, height: 1, width: area.width.saturating_sub(2) };
        frame.render_widget(Line::from_iter(bars), place);
    }
}
