//! Problems: what is wrong, the worst first, and below all that is known of the one under the cursor.

pub(in crate::ui) mod detail;
pub(in crate::ui) mod words;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use crate::{
    cluster::{Subject, TaskId, Timestamp},
    config::Slot,
    session::Command,
    triage::{Began, Problem, Quiet, Severity},
    ui::{
        app::cluster::Cluster,
        chrome::{empty, frame_of, rows, title},
        input::actions::{Act, KeyContext},
        screen::{Count, Cx, Handled, Screen, Then, problems::detail::Detail},
        table::{
            Row, Sorting, Table,
            columns::{Cell, Column, Key},
            rows::{Moving, Rows},
        },
        widget::text,
    },
};

const HOUR: i64 = 3_600 * 1_000_000_000;

/// Glyph and word of a problem: its severity, or that it is resolved or acknowledged.
fn state(p: &Problem) -> Cell<'static> {
    if p.resolved.is_some() {
        return Cell::new("✓ resolved", Slot::Ok);
    }
    match p.quiet {
        Some(Quiet::Acknowledged) => Cell::dim("– known"),
        Some(Quiet::Muted(_)) => Cell::dim("– muted"),
        None => Cell::new(
            format!("{} {}", words::glyph(p.severity), p.severity.word()),
            words::slot(p.severity),
        ),
    }
}

const COLUMNS: &[Column<Problem>] = &[
    Column {
        title: "STATE",
        min: 3,
        max: 10,
        shed: 0,
        right: false,
        cell: |p, _| state(p),
        key: |p, _| Key::Number(-(p.severity as i64)),
    },
    Column {
        title: "SINCE",
        min: 4,
        max: 8,
        shed: 1,
        right: true,
        cell: |p, c| match p.is_new(c.now) {
            true => Cell::new(words::since(p, c.now), Slot::Info),
            false if p.resolved.is_some() => Cell::dim(Began::from(p.resolved).short(c.now)),
            false => Cell::dim(p.since.short(c.now)),
        },
        key: |p, _| Key::newest_first(p.since.at_latest()),
    },
    Column {
        title: "WHAT",
        min: 20,
        max: 300,
        shed: 0,
        right: false,
        cell: |p, _| {
            let times = if p.times > 1 { format!("({}×) ", p.times) } else { String::new() };
            let quiet = p.resolved.is_some() || p.quiet.is_some() || p.severity == Severity::Advice;
            let said = format!("{times}{}", p.message);
            let cell = if quiet { Cell::dim(said) } else { Cell::text(said) };
            cell.or(|room| words::in_short(p, room))
        },
        key: |p, _| Key::text(&*p.message),
    },
];

/// A problem by its rule and object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemRow(usize, String);

impl Row for ProblemRow {
    type Id = String;
    fn id(&self) -> String {
        self.1.clone()
    }
}

/// The problems.
pub struct Problems {
    table: Table<ProblemRow>,
    pub(in crate::ui) detail: Detail,
}

impl Default for Problems {
    fn default() -> Self {
        let table = Table::ordered(Sorting::Fixed("what hurts most is first"));
        Self { table, detail: Detail::default() }
    }
}

impl Problems {
    /// The problem under the cursor.
    pub(in crate::ui) fn problem<'c>(&self, cluster: &'c Cluster) -> Option<&'c Problem> {
        cluster.problems().get(self.table.current()?.0).map(|p| &**p)
    }

    fn list_problems(&mut self, cluster: &Cluster) {
        let (found, filter) = (cluster.problems(), &self.table.filter);
        let rows: Vec<ProblemRow> = found
            .iter()
            .enumerate()
            .filter(|(_, p)| filter.passes(words::texts(p, cluster.model.now).into_iter()))
            .map(|(i, p)| ProblemRow(i, p.key()))
            .collect();
        self.table.set(rows, found.len(), 0, cluster.now);
        self.detail.show(self.table.current().map(|row| row.1.as_str()));
    }

    /// The worst problem is under the cursor.
    fn begin(&mut self) {
        self.table.reset();
        self.detail = Detail::default();
    }

    /// The cursor stays on its problem, whatever comes up before it.
    fn hold(&mut self) {
        self.table.to(self.table.index());
    }

    /// The task whose last lines are the evidence of the problem under the cursor.
    pub(in crate::ui) fn witness(&self, cluster: &Cluster) -> Option<TaskId> {
        let evidence = &self.problem(cluster)?.evidence;
        // The engine forgets a task and its log: no lines to ask for then.
        let known = |id: &&TaskId| cluster.model.store.task(id).is_some();
        evidence.iter().filter_map(|e| e.task.as_ref()).find(known).cloned()
    }

    fn acknowledge(&mut self, cluster: &mut Cluster) {
        self.quiet(cluster, |problem, _| match problem.quiet {
            None => (Some(Quiet::Acknowledged), "acknowledged, until it changes".into()),
            Some(_) => (None, "no longer acknowledged or muted".into()),
        });
    }

    /// For an hour, for eight, not at all.
    fn mute(&mut self, cluster: &mut Cluster) {
        self.quiet(cluster, |problem, now| match problem.quiet {
            Some(Quiet::Muted(until)) if until > now.shifted(HOUR) => {
                (None, "no longer muted".into())
            }
            Some(Quiet::Muted(_)) => {
                (Some(Quiet::Muted(now.shifted(8 * HOUR))), "muted for 8 hours".into())
            }
            _ => {
                (Some(Quiet::Muted(now.shifted(HOUR))), "muted for an hour; m again: for 8".into())
            }
        });
    }

    fn quiet(
        &mut self,
        cluster: &mut Cluster,
        how: impl Fn(&Problem, Timestamp) -> (Option<Quiet>, String),
    ) {
        let Some(problem) = self.problem(cluster).cloned() else {
            return cluster.say("no problem is selected: 7 lists them");
        };
        if problem.resolved.is_some() {
            return cluster.say("this is over already");
        }
        // A second press must mean the same problem.
        self.hold();
        let now = cluster.model.now;
        let (quiet, said) = how(&problem, now);
        cluster.triage.quiet(&problem, quiet, now);
        cluster.command(Command::Quieted(cluster.triage.quieted()));
        cluster.say(format!("{}: {said}", problem.object));
    }
}

impl Screen for Problems {
    fn context(&self) -> KeyContext {
        KeyContext::Problems
    }

    fn refresh(&mut self, cx: Cx<'_>) {
        self.list_problems(cx.cluster);
    }

    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect) {
        self.draw_both(cx.cluster, frame, area);
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(&self.table)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(&mut self.table)
    }

    fn moved(&mut self) -> Option<&mut dyn Moving> {
        if self.detail.is_read() { Some(&mut self.detail) } else { Some(&mut self.table) }
    }

    fn count(&self, cluster: &Cluster) -> Count {
        Count::Of(cluster.problems().len())
    }

    fn subject(&self, cluster: &Cluster) -> Option<Subject> {
        self.problem(cluster).map(|problem| problem.subject.clone())
    }

    fn act(&mut self, act: Act, cluster: &mut Cluster) -> Handled {
        match act {
            Act::Acknowledge => self.acknowledge(cluster),
            Act::Mute => self.mute(cluster),
            Act::NextPane | Act::PreviousPane => {
                self.hold();
                self.detail.turn();
            }
            Act::Zoom => {
                self.hold();
                self.detail.zoom();
            }
            Act::OpenMoreLogs => return Handled::Then(Then::LogsOfProblems),
            _ => return Handled::No,
        }
        Handled::Yes
    }

    fn offers(&self, act: Act, cluster: &Cluster) -> Option<bool> {
        match act {
            Act::OpenMoreLogs => Some(self.problem(cluster).is_some()),
            Act::Zoom => Some(true),
            _ => None,
        }
    }

    fn leave(&mut self) -> bool {
        if self.table.filter.text.is_empty() {
            return self.detail.leave();
        }
        self.table.set_filter("");
        true
    }

    fn opened(&mut self, again: bool, cluster: &Cluster) {
        if again {
            self.list_problems(cluster);
        }
        // To the same one again, unless it is over by now.
        if !again || self.problem(cluster).is_none_or(|problem| problem.resolved.is_some()) {
            self.begin();
        }
    }

    fn click(&mut self, line: u16) -> bool {
        let hit = self.table.click(line);
        self.detail.focused &= !hit;
        hit
    }
}

impl Problems {
    fn draw_both(&self, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
        let (table, detail) = (&self.table, &self.detail);
        let Some(problem) = self.problem(cluster).filter(|_| area.height >= 14 || detail.is_read())
        else {
            return self.draw_list(cluster, frame, area);
        };
        let lines = detail::details(
            cluster,
            problem,
            self.detail.last_lines.as_ref(),
            area.width.saturating_sub(2) as usize,
        );
        // The list keeps its rows first, but never more than it needs or half of the room.
        let wanted = table.rows().len() as u16 + 3;
        let least = area.height / 3;
        let top = wanted.min((area.height - (lines.len() as u16 + 2).min(area.height)).max(least));
        let [above, below] =
            Layout::vertical([Constraint::Length(top.max(5)), Constraint::Min(6)]).areas(area);
        let below = if detail.zoomed || area.height < 14 {
            area
        } else {
            self.draw_list(cluster, frame, above);
            below
        };
        let name = text::clean(&problem.object).into_owned();
        let mut head = Line::from(vec![
            Span::styled(format!(" {name} "), cluster.style(Slot::Title)),
            Span::styled(format!("{} ", problem.rule), cluster.style(Slot::Dim)),
        ]);
        // The last line tells of more below it.
        let room = below.height.saturating_sub(2) as usize;
        let all = lines.len();
        detail.page.set(room);
        let from = detail.scroll.clamp(all.saturating_sub(room));
        if from > 0 || (detail.is_read() && all > room) {
            let said = format!("lines {}–{} of {all} ", from + 1, (from + room).min(all));
            head.push_span(Span::styled(said, cluster.style(Slot::Dim)));
        }
        let inner = frame_of(cluster, frame, below, head, detail.is_read());
        let hidden = all.saturating_sub(from + room);
        for (row, line) in lines.into_iter().skip(from).take(room).enumerate() {
            let place = Rect { y: inner.y + row as u16, height: 1, ..inner };
            if hidden > 0 && row + 1 == room && !detail.is_read() {
                frame.render_widget(
                    Line::styled(detail::more(cluster, hidden + 1), cluster.style(Slot::Dim)),
                    place,
                );
            } else {
                frame.render_widget(line, place);
            }
        }
    }

    fn draw_list(&self, cluster: &Cluster, frame: &mut Frame<'_>, area: Rect) {
        let table = &self.table;
        let mut head = title(cluster, "Problems", table.rows().len(), table.all, &table.filter);
        let count = |is_so: fn(&Problem) -> bool| {
            cluster.problems().iter().map(|p| &**p).filter(|p| is_so(p)).count()
        };
        // Each row is counted once.
        let resolved = count(|p| p.resolved.is_some());
        let known = count(|p| p.resolved.is_none() && !p.is_loud() && p.quiet.is_some());
        let loud = cluster.loud().count();
        let advice = cluster.problems().len() - resolved - known - loud;
        let new = cluster.loud().filter(|p| p.is_new(cluster.model.now)).count();
        let others = [(new, "new"), (known, "known"), (advice, "advice"), (resolved, "resolved")];
        let others = others.iter().filter(|(n, _)| *n > 0);
        let others: String = others.map(|(n, word)| format!(", {n} {word}")).collect();
        if table.filter.is_empty() && !others.is_empty() {
            head.push_span(Span::styled(
                format!("({loud} to act on{others}) "),
                cluster.style(Slot::Dim),
            ));
        }
        if let Some(parts) = cluster.model.store.unread().unjudged() {
            head.push_span(Span::styled(format!("{parts} unknown "), cluster.style(Slot::Warn)));
        }
        let inner = frame_of(cluster, frame, area, head, !self.detail.is_read());
        if table.rows().is_empty() {
            let nothing = match cluster.model.store.unread().unjudged() {
                None => "· no problems: all services run, all nodes are ready".to_owned(),
                Some(parts) => format!("· no problems in what is told; {parts} unknown"),
            };
            let hidden = table.hidden("problems", words::SEARCHED);
            return empty(cluster, frame, inner, hidden, &nothing);
        }
        rows(cluster, frame, inner, (table, COLUMNS, !self.detail.is_read()), |row| {
            cluster.problems().get(row.0).map(|p| &**p)
        });
    }
}
