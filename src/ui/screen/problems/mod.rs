//! Problems: what is wrong, the worst first, and below all that is known of the one under the cursor.

pub(in crate::ui) mod actions;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use crate::{
    cluster::Subject,
    config::Slot,
    triage::{Began, Family, Problem, Quiet, Remedy, Severity, unknown_beginning},
    ui::{
        Board,
        chrome::{empty, frame_of, rows, title},
        input::actions::{Act, Context, action},
        table::columns::{Cell, Column, Key},
        widget::text,
    },
};

pub(in crate::ui) fn glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "✗",
        Severity::Warning => "!",
        Severity::Advice => "·",
    }
}

pub(in crate::ui) fn slot(severity: Severity) -> Slot {
    match severity {
        Severity::Critical => Slot::Critical,
        Severity::Warning => Slot::Warn,
        Severity::Advice => Slot::Dim,
    }
}

/// Colour of a count that is not full: that of the worst problem of the objects it counts, or else
/// `otherwise`, since an update also takes tasks down and is no alarm.
pub(in crate::ui) fn concern(board: &Board, counts: fn(&Subject) -> bool, otherwise: Slot) -> Slot {
    let about = board.loud().filter(|problem| {
        counts(&problem.subject) || problem.folded.iter().any(|folded| counts(&folded.subject))
    });
    about.map(|problem| problem.severity).max().map_or(otherwise, slot)
}

/// Colour of a count of services that is not full.
pub(in crate::ui) fn of_services(board: &Board) -> Slot {
    concern(board, |s| matches!(s, Subject::Service(_) | Subject::Task(..)), Slot::Busy)
}

/// Colour of a count of nodes or managers that is not full.
pub(in crate::ui) fn of_nodes(board: &Board) -> Slot {
    concern(board, |s| matches!(s, Subject::Node(_) | Subject::Other), Slot::Warn)
}

/// Texts that a filter searches.
pub fn texts(problem: &Problem) -> [&str; 4] {
    [problem.rule, problem.cause.unwrap_or(""), &problem.object, &problem.message]
}

/// Glyph and word of a problem: its severity, or that it is resolved or acknowledged.
fn state(p: &Problem) -> Cell<'static> {
    if p.resolved.is_set() {
        return Cell::new("✓ resolved", Slot::Ok);
    }
    match p.quiet {
        Some(Quiet::Acknowledged) => Cell::dim("– known"),
        Some(Quiet::Muted(_)) => Cell::dim("– muted"),
        None => Cell::new(format!("{} {}", glyph(p.severity), p.severity.word()), slot(p.severity)),
    }
}

/// A problem where there is no room for its sentence: its name, cut if it must be, and why in few words.
fn in_short(p: &Problem, room: usize) -> String {
    let times = if p.times > 1 { format!("({}×) ", p.times) } else { String::new() };
    let left = room.saturating_sub(text::width(&times));
    format!("{times}{}", briefly(&p.object, &p.brief, &p.message, left))
}

/// A name and what is said of it in few words, or its sentence where that is the shortest there is.
pub(in crate::ui) fn briefly(object: &str, brief: &str, message: &str, room: usize) -> String {
    if brief.is_empty() {
        return message.to_owned();
    }
    let left = room.saturating_sub(text::width(brief));
    format!("{}{brief}", text::name(object, left.max(NAME)))
}

/// Columns of a name that are not given up for what is said of it.
const NAME: usize = 20;

/// The sentence about a problem, or where it is too long for the room what is said in short.
pub(in crate::ui) fn fitting(p: &Problem, room: usize) -> String {
    let said = text::clean(&p.message).into_owned();
    if text::width(&said) <= room { said } else { text::clean(&in_short(p, room)).into_owned() }
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
        max: 5,
        shed: 1,
        right: true,
        cell: |p, c| {
            let at = if p.resolved.is_set() { p.resolved.into() } else { p.since };
            Cell::dim(at.short(c.now))
        },
        key: |p, _| Key::Number(-p.since.at_latest().unwrap_or_default().0),
    },
    Column {
        title: "WHAT",
        min: 20,
        max: 300,
        shed: 0,
        right: false,
        cell: |p, _| {
            let times = if p.times > 1 { format!("({}×) ", p.times) } else { String::new() };
            let quiet = p.resolved.is_set() || p.quiet.is_some() || p.severity == Severity::Advice;
            let said = format!("{times}{}", p.message);
            let cell = if quiet { Cell::dim(said) } else { Cell::text(said) };
            cell.or(|room| in_short(p, room))
        },
        key: |p, _| Key::text(&*p.message),
    },
];

/// Draws the view.
pub(in crate::ui) fn draw(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let table = &board.problem_rows;
    let detail = &board.detail;
    let Some(problem) = board.problem().filter(|_| area.height >= 14 || detail.is_read()) else {
        return list(board, frame, area);
    };
    let lines = details(board, problem, area.width.saturating_sub(2) as usize);
    // The list keeps its rows first, but never more than it needs or half of the room.
    let wanted = table.rows().len() as u16 + 3;
    let least = area.height / 3;
    let top = wanted.min((area.height - (lines.len() as u16 + 2).min(area.height)).max(least));
    let [above, below] =
        Layout::vertical([Constraint::Length(top.max(5)), Constraint::Min(6)]).areas(area);
    let below = if detail.zoomed || area.height < 14 {
        area
    } else {
        list(board, frame, above);
        below
    };
    let name = text::clean(&problem.object).into_owned();
    let mut head = Line::from(vec![
        Span::styled(format!(" {name} "), board.style(Slot::Title)),
        Span::styled(format!("{} ", problem.rule), board.style(Slot::Dim)),
    ]);
    // The last line tells of more below it.
    let room = below.height.saturating_sub(2) as usize;
    let all = lines.len();
    detail.page.set(room);
    let from = detail.scroll.clamp(all.saturating_sub(room));
    if from > 0 || (detail.is_read() && all > room) {
        let said = format!("lines {}–{} of {all} ", from + 1, (from + room).min(all));
        head.push_span(Span::styled(said, board.style(Slot::Dim)));
    }
    let inner = frame_of(board, frame, below, head, detail.is_read());
    let hidden = all.saturating_sub(from + room);
    for (row, line) in lines.into_iter().skip(from).take(room).enumerate() {
        let place = Rect { y: inner.y + row as u16, height: 1, ..inner };
        if hidden > 0 && row + 1 == room && !detail.is_read() {
            frame.render_widget(
                Line::styled(more(board, hidden + 1), board.style(Slot::Dim)),
                place,
            );
        } else {
            frame.render_widget(line, place);
        }
    }
}

/// Number of lines below, and which keys lead there.
fn more(board: &Board, hidden: usize) -> String {
    let key = |act| board.settings.keymap.first(act, Context::Problems);
    let lines = if hidden == 1 { "line" } else { "lines" };
    match (key(Act::NextPane), key(Act::Zoom)) {
        (Some(turn), Some(zoom)) => {
            format!(" … {hidden} more {lines}: {turn} to scroll here, {zoom} to enlarge")
        }
        (Some(key), None) => format!(" … {hidden} more {lines}: {key} to scroll here"),
        (None, Some(key)) => format!(" … {hidden} more {lines}: {key} to enlarge"),
        (None, None) => format!(" … {hidden} more {lines}"),
    }
}

fn list(board: &Board, frame: &mut Frame<'_>, area: Rect) {
    let table = &board.problem_rows;
    let mut head = title(board, "Problems", table.rows().len(), table.all, &table.filter);
    let count = |is_so: fn(&Problem) -> bool| {
        board.problems().iter().map(|p| &**p).filter(|p| is_so(p)).count()
    };
    // Each row is counted once.
    let resolved = count(|p| p.resolved.is_set());
    let known = count(|p| !p.resolved.is_set() && !p.is_loud() && p.quiet.is_some());
    let loud = board.loud().count();
    let advice = board.problems().len() - resolved - known - loud;
    if table.filter.is_empty() && loud < board.problems().len() {
        let others = [(known, "known"), (advice, "advice"), (resolved, "resolved")];
        let others = others.iter().filter(|(n, _)| *n > 0);
        let others: String = others.map(|(n, word)| format!(", {n} {word}")).collect();
        head.push_span(Span::styled(
            format!("({loud} to act on{others}) "),
            board.style(Slot::Dim),
        ));
    }
    if let Some(parts) = board.scene.store.unread().unjudged() {
        head.push_span(Span::styled(format!("{parts} unknown "), board.style(Slot::Warn)));
    }
    let inner = frame_of(board, frame, area, head, !board.detail.is_read());
    if table.rows().is_empty() {
        let nothing = match board.scene.store.unread().unjudged() {
            None => "· no problems: all services run, all nodes are ready".to_owned(),
            Some(parts) => format!("· no problems in what is told; {parts} unknown"),
        };
        return empty(board, frame, inner, table.all > 0, &nothing);
    }
    rows(board, frame, inner, (table, COLUMNS, !board.detail.is_read()), |row| {
        board.problems().get(row.0).map(|p| &**p)
    });
}

/// Columns for the names of what is told.
const NAMES: usize = 7;

struct Details<'b> {
    board: &'b Board,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Details<'_> {
    fn tell(&mut self, name: &str, said: &str, slot: Slot) {
        let clean = text::clean(said).into_owned();
        let mut label = format!(" {name:>NAMES$}  ");
        for part in text::wrapped(&clean, self.width.saturating_sub(NAMES + 4).max(20)) {
            self.lines.push(Line::from(vec![
                Span::styled(label, self.board.style(Slot::Dim)),
                Span::styled(part.trim_end().to_owned(), self.board.style(slot)),
            ]));
            label = " ".repeat(NAMES + 3);
        }
    }

    fn ago(&self, at: crate::cluster::Timestamp) -> String {
        format!("{} ago", text::age(at.age(self.board.scene.now)))
    }
}

/// Everything known of a problem, as a colleague would write it.
fn details(board: &Board, p: &Problem, width: usize) -> Vec<Line<'static>> {
    let mut d = Details { board, width, lines: Vec::new() };
    d.tell("what", &p.message, if p.is_loud() { slot(p.severity) } else { Slot::Text });
    let since = match (p.since, p.times) {
        (Began::At(at), 1) => format!("{}, {}", at.clock(), d.ago(at)),
        (Began::At(at), n) => format!("{}, {}; it came {n} times", at.clock(), d.ago(at)),
        _ if p.severity == Severity::Advice => String::new(),
        _ => unknown_beginning(&board.scene.store, p, board.scene.now),
    };
    if p.resolved.is_set() {
        d.tell("over", &format!("since {}, {}", p.resolved.clock(), d.ago(p.resolved)), Slot::Text);
    } else if !since.is_empty() {
        d.tell("since", &since, Slot::Text);
    }
    if let Some(Quiet::Muted(until)) = p.quiet {
        d.tell("muted", &format!("until {}", until.clock()), Slot::Text);
    }
    if !p.why.is_empty() {
        let cause = p.cause.map_or(String::new(), |c| format!(" ({c})"));
        d.tell("why", &format!("{}{cause}", p.why), Slot::Text);
    }
    if let Some(before) = &p.before {
        let second = std::time::Duration::from_secs(1);
        let gap = p.since.exactly().map(|since| before.at.age(since));
        let gap = gap
            .filter(|gap| *gap >= second)
            .map_or(String::new(), |gap| format!(", {} before it began", text::age(gap)));
        d.tell("changed", &format!("{}: {}{gap}", d.ago(before.at), before.text), Slot::Info);
    }
    remedies(&mut d, p);
    log_lines(&mut d);
    for (i, evidence) in p.evidence.iter().enumerate() {
        let at =
            if evidence.at.is_set() { format!("{}  ", d.ago(evidence.at)) } else { String::new() };
        d.tell(if i == 0 { "seen" } else { "" }, &format!("{at}{}", evidence.text), Slot::Text);
    }
    // Its own figures are in the sentence already.
    let own = |f: &&Problem| f.subject == p.subject && f.family() == Some(Family::Shortage);
    let folded: Vec<&Problem> = p.folded.iter().map(|f| &**f).filter(|f| !own(f)).collect();
    for (i, folded) in folded.iter().enumerate().take(30) {
        let said = format!("{} {}", glyph(folded.severity), folded.message);
        d.tell(if i == 0 { "with it" } else { "" }, &said, slot(folded.severity));
    }
    if folded.len() > 30 {
        d.tell("", &format!("and {} more", folded.len() - 30), Slot::Dim);
    }
    d.lines
}

fn remedies(d: &mut Details<'_>, p: &Problem) {
    let read_only = d.board.is_read_only();
    let mut first = true;
    for (remedy, words) in &p.remedies {
        let act = act(*remedy);
        if read_only && action(act).writes {
            continue;
        }
        let label = if first { "do" } else { "" };
        // Names of nodes are in it.
        let said = text::clean(&format!("{}: {words}", action(act).short)).into_owned();
        let Some(key) = d.board.settings.keymap.first(act, Context::Problems) else { continue };
        let taken = NAMES + 4 + text::width(&key);
        let mut lead = vec![
            Span::styled(format!(" {label:>NAMES$}  "), d.board.style(Slot::Dim)),
            Span::styled(key, d.board.style(Slot::Key)),
            Span::styled(" ", d.board.style(Slot::Text)),
        ];
        for part in text::wrapped(&said, d.width.saturating_sub(taken + 1).max(20)) {
            let said = Span::styled(part.trim_end().to_owned(), d.board.style(Slot::Text));
            lead.push(said);
            d.lines.push(Line::from(std::mem::take(&mut lead)));
            lead.push(Span::raw(" ".repeat(taken)));
        }
        first = false;
    }
}

/// The action that is meant: its key leads there from here.
fn act(remedy: Remedy) -> Act {
    match remedy {
        Remedy::Logs => Act::OpenLogs,
        Remedy::Rollback => Act::Rollback,
        Remedy::Scale => Act::Scale,
        Remedy::Update => Act::Update,
        Remedy::Force => Act::Force,
        Remedy::Drain => Act::Drain,
        Remedy::Activate => Act::Activate,
        Remedy::Demote => Act::Demote,
        Remedy::Delete => Act::RemoveNode,
        Remedy::Describe => Act::Describe,
        Remedy::Tasks => Act::Enter,
        Remedy::Node => Act::Nodes,
        Remedy::Events => Act::Events,
    }
}

/// Log lines that are shown as evidence.
const LAST: usize = 3;

/// The last lines of the task that is evidence.
fn log_lines(d: &mut Details<'_>) {
    let Some((_, lines)) = &d.board.last_lines else { return };
    match lines {
        Err(why) => d.tell("log", &format!("can't be read: {why}"), Slot::Dim),
        Ok(lines) if lines.is_empty() => d.tell("log", "it wrote nothing", Slot::Dim),
        Ok(lines) => {
            let last = lines.len().saturating_sub(LAST);
            for (i, line) in lines[last..].iter().enumerate() {
                let said = String::from_utf8_lossy(line.text.as_ref()).into_owned();
                let said = format!("{}  {}", line.at.clock(), said.trim_end());
                let room = d.width.saturating_sub(NAMES + 4);
                let clean = text::clean(&said).into_owned();
                d.tell(if i == 0 { "log" } else { "" }, &text::cut(&clean, room), Slot::Dim);
            }
        }
    }
}
