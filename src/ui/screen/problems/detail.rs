//! The detail below the problems: everything known of the one under the cursor.

use crate::{
    cluster::{TaskId, Timestamp},
    config::Slot,
    session::LogFrame,
    triage::{Began, Evidence, Family, Problem, Quiet, Remedy, Severity, unknown_beginning},
    ui::{
        app::cluster::Cluster,
        input::actions::{Act, KeyContext, action},
        popup::scroll::Scroll,
        screen::{kinds::View, problems::words},
        table::rows::Moving,
        widget::text,
    },
};

use std::cell::Cell;

use ratatui::text::{Line, Span};

/// A task, and its last log lines.
pub(in crate::ui) type LastLines = (TaskId, Result<Vec<LogFrame>, String>);

/// State of the detail below the list: Tab gives it the keyboard, z the whole screen.
#[derive(Debug, Default)]
pub(in crate::ui) struct Detail {
    /// The last lines of the task that is evidence, once they were read.
    pub last_lines: Option<LastLines>,
    /// The task whose last lines were asked for.
    pub asked: Option<TaskId>,
    pub focused: bool,
    pub zoomed: bool,
    pub scroll: Scroll,
    /// Lines it had room for when it was last drawn.
    pub page: Cell<usize>,
    /// Key of the problem it shows.
    of: Option<String>,
}

impl Detail {
    /// Whether j and k scroll it.
    pub(in crate::ui) fn is_read(&self) -> bool {
        self.focused || self.zoomed
    }

    /// The keyboard goes to the detail, or back to the list.
    pub(in crate::ui) fn turn(&mut self) {
        self.focused = !self.is_read();
        self.zoomed = false;
    }

    /// The detail takes all of the screen, or gives it back.
    pub(in crate::ui) fn zoom(&mut self) {
        self.zoomed = !self.zoomed;
        self.focused = self.zoomed;
    }

    /// The list again; false if it was that already.
    pub(in crate::ui) fn leave(&mut self) -> bool {
        let was = self.is_read();
        (self.focused, self.zoomed) = (false, false);
        was
    }

    /// Shows the detail of a problem, from its first line if it is another one.
    pub(in crate::ui) fn show(&mut self, key: Option<&str>) {
        if self.of.as_deref() != key {
            self.of = key.map(str::to_owned);
            self.scroll = Scroll::default();
            if key.is_none() {
                self.leave();
            }
        }
    }
}

impl Moving for Detail {
    fn step(&mut self, by: isize) {
        self.scroll.by(by);
    }

    fn jump(&mut self, to_top: bool) {
        self.scroll.by(if to_top { isize::MIN } else { isize::MAX });
    }

    fn page_size(&self) -> usize {
        self.page.get()
    }
}

/// Number of lines below, and which keys lead there.
pub(in crate::ui) fn more(cluster: &Cluster, hidden: usize) -> String {
    let key = |act| cluster.settings.keymap.first(act, KeyContext::Problems);
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

/// Columns for the names of what is told.
const NAMES: usize = 7;

struct Details<'b> {
    cluster: &'b Cluster,
    last_lines: Option<&'b LastLines>,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Details<'_> {
    fn tell(&mut self, name: &str, said: &str, slot: Slot) {
        let clean = text::clean(said).into_owned();
        let mut label = format!(" {name:>NAMES$}  ");
        for part in text::wrapped(&clean, self.width.saturating_sub(NAMES + 4).max(20)) {
            self.lines.push(Line::from(vec![
                Span::styled(label, self.cluster.style(Slot::Dim)),
                Span::styled(part.trim_end().to_owned(), self.cluster.style(slot)),
            ]));
            label = " ".repeat(NAMES + 3);
        }
    }

    fn ago(&self, at: Timestamp) -> String {
        format!("{} ago", text::age(at.age(self.cluster.model.now)))
    }
}

/// Everything known of a problem, as a colleague would write it.
pub(in crate::ui) fn details(
    cluster: &Cluster,
    p: &Problem,
    last_lines: Option<&LastLines>,
    width: usize,
) -> Vec<Line<'static>> {
    let mut d = Details { cluster, last_lines, width, lines: Vec::new() };
    d.tell("what", &p.message, if p.is_loud() { words::slot(p.severity) } else { Slot::Text });
    let since = match (p.since, p.times) {
        (Began::At(at), 1) => format!("{}, {}", at.clock(), d.ago(at)),
        (Began::At(at), n) => format!("{}, {}; it came {n} times", at.clock(), d.ago(at)),
        _ if p.severity == Severity::Advice => String::new(),
        _ => unknown_beginning(&cluster.model.store, p, cluster.model.now),
    };
    if let Some(over) = p.resolved {
        d.tell("over", &format!("since {}, {}", over.clock(), d.ago(over)), Slot::Text);
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
    for (i, alike) in alike(&p.evidence).into_iter().enumerate() {
        let times = || alike.iter().filter_map(|one| one.at);
        let said = match (alike, times().min(), times().max()) {
            ([one], Some(at), _) => format!("{}  {}", d.ago(at), one.text),
            ([one, ..], Some(first), Some(last)) => {
                format!("{}×, {} to {}  {}", alike.len(), d.ago(first), d.ago(last), one.text)
            }
            ([one, ..], ..) => one.text.clone(),
            ([], ..) => String::new(),
        };
        d.tell(if i == 0 { "seen" } else { "" }, &said, Slot::Text);
    }
    // Its own figures are in the sentence already.
    let own = |f: &&Problem| f.subject == p.subject && f.family() == Some(Family::Shortage);
    let folded: Vec<&Problem> = p.folded.iter().map(|f| &**f).filter(|f| !own(f)).collect();
    for (i, folded) in folded.iter().enumerate().take(30) {
        let said = format!("{} {}", words::glyph(folded.severity), folded.message);
        d.tell(if i == 0 { "with it" } else { "" }, &said, words::slot(folded.severity));
    }
    if folded.len() > 30 {
        d.tell("", &format!("and {} more", folded.len() - 30), Slot::Dim);
    }
    d.lines
}

/// Evidence that says the same again and again, together.
fn alike(evidence: &[Evidence]) -> Vec<&[Evidence]> {
    evidence.chunk_by(|a, b| a.text == b.text && a.at.is_some() && b.at.is_some()).collect()
}

fn remedies(d: &mut Details<'_>, p: &Problem) {
    let read_only = d.cluster.is_read_only();
    let mut first = true;
    for (remedy, words) in &p.remedies {
        let act = act(*remedy);
        if read_only && action(act).writes {
            continue;
        }
        let label = if first { "do" } else { "" };
        // Names of nodes are in it.
        let said = text::clean(&format!("{}: {words}", action(act).short)).into_owned();
        let Some(key) = d.cluster.settings.keymap.first(act, KeyContext::Problems) else {
            continue;
        };
        let taken = NAMES + 4 + text::width(&key);
        let mut lead = vec![
            Span::styled(format!(" {label:>NAMES$}  "), d.cluster.style(Slot::Dim)),
            Span::styled(key, d.cluster.style(Slot::Key)),
            Span::styled(" ", d.cluster.style(Slot::Text)),
        ];
        for part in text::wrapped(&said, d.width.saturating_sub(taken + 1).max(20)) {
            let said = Span::styled(part.trim_end().to_owned(), d.cluster.style(Slot::Text));
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
        Remedy::Node => Act::Go(View::Nodes),
        Remedy::Events => Act::Go(View::Events),
    }
}

/// Log lines that are shown as evidence.
const LAST: usize = 3;

/// The last lines of the task that is evidence.
fn log_lines(d: &mut Details<'_>) {
    let Some((_, lines)) = d.last_lines else { return };
    match lines {
        Err(why) => d.tell("log", &format!("can't be read: {why}"), Slot::Dim),
        Ok(lines) if lines.is_empty() => d.tell("log", "it wrote nothing", Slot::Dim),
        Ok(lines) => {
            let last = lines.len().saturating_sub(LAST);
            for (i, line) in lines[last..].iter().enumerate() {
                let said = String::from_utf8_lossy(line.text.as_ref()).into_owned();
                let at = line.at.map_or(String::new(), Timestamp::clock);
                let said = format!("{at}  {}", said.trim_end());
                let room = d.width.saturating_sub(NAMES + 4);
                let clean = text::clean(&said).into_owned();
                d.tell(if i == 0 { "log" } else { "" }, &text::cut(&clean, room), Slot::Dim);
            }
        }
    }
}
