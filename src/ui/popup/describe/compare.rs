//! Two configs compared: name, size, age and users of each, and their contents line by line.

use std::{cmp::Ordering, time::Duration};

use base64::Engine as _;
use ratatui::text::Line;
use serde_json::Value;

use crate::{
    action::plan::{DiffLine, Mark, text_diff},
    cluster::{Config, ConfigId, Store, family},
    config::Slot,
    session::Token,
    text::{bytes, clean, count},
    ui::{
        app::cluster::Cluster,
        popup::page::DocumentResult,
        table::order::natural,
        widget::{diff, text},
    },
};

/// Time limit for the least difference: a greater one that is found sooner will do.
const PATIENCE: Duration = Duration::from_millis(100);
/// Lines of the difference that are shown.
const LINES: usize = 2_000;
/// Lines that went, or came, at one place: of more the rest is counted, so that both are seen.
const RUN: usize = 200;
/// A longer line is cut: it is looked through for each frame.
const LONG: usize = 4_000;

/// One of the two.
#[derive(Debug)]
struct Side {
    id: ConfigId,
    /// The request for its document.
    token: Token,
    read: Option<DocumentResult>,
}

/// How the contents differ.
#[derive(Debug, PartialEq, Eq)]
enum Difference {
    None,
    /// One of them is no text.
    Binary,
    /// Numbers of lines that went and came, and as much of them as is shown.
    Lines {
        gone: usize,
        come: usize,
        lines: Vec<DiffLine>,
    },
}

/// The two, the older one first.
#[derive(Debug)]
pub struct Comparison {
    sides: [Side; 2],
    /// Found once, when both were read.
    difference: Option<Difference>,
}

impl Comparison {
    /// Both are yet to be read, each by its request.
    pub fn new(sides: [(ConfigId, Token); 2]) -> Self {
        let sides = sides.map(|(id, token)| Side { id, token, read: None });
        Self { sides, difference: None }
    }

    /// Takes a document that was read; gives it back if it is for somebody else.
    pub fn take(&mut self, token: Token, read: DocumentResult) -> Option<DocumentResult> {
        let Some(side) = self.sides.iter_mut().find(|side| side.token == token) else {
            return Some(read);
        };
        side.read = Some(read);
        if let [Some(Ok(old)), Some(Ok(new))] = self.sides.each_ref().map(|side| &side.read) {
            self.difference = Some(difference(old, new));
        }
        None
    }
}

fn difference(old: &Value, new: &Value) -> Difference {
    let [old, new] = [old, new].map(|document| {
        let data = document["Spec"]["Data"].as_str().unwrap_or_default();
        base64::engine::general_purpose::STANDARD.decode(data)
    });
    if old == new {
        return Difference::None;
    }
    match [old, new].map(|data| String::from_utf8(data.ok()?).ok()) {
        [Some(old), Some(new)] => {
            let all = text_diff(&old, &new, PATIENCE);
            let number = |mark| all.iter().filter(|line| line.mark == mark).count();
            Difference::Lines {
                gone: number(Mark::Old),
                come: number(Mark::New),
                lines: shortened(&all),
            }
        }
        _ => Difference::Binary,
    }
}

/// By age, of one age by name.
fn order(a: &Config, b: &Config) -> Ordering {
    a.created.cmp(&b.created).then_with(|| natural(&a.name, &b.name))
}

/// The lines without most of long runs, and without most of long lines.
fn shortened(all: &[DiffLine]) -> Vec<DiffLine> {
    let mut lines = Vec::new();
    for run in all.chunk_by(|a, b| a.mark == b.mark) {
        lines.extend(run.iter().take(RUN).map(|line| DiffLine {
            mark: line.mark,
            text: text::cut(&line.text, LONG).into_owned(),
        }));
        if let Some(more) = run.len().checked_sub(RUN).filter(|more| *more > 0) {
            let said = match run[0].mark {
                Mark::Old => "removed",
                Mark::New => "added",
                Mark::Same | Mark::Gap => "not shown",
            };
            let text = format!("{} {said} as well", count(more, "line", "lines"));
            lines.push(DiffLine { mark: Mark::Gap, text });
        }
    }
    lines
}

/// The two in the order of their age: what came is then new.
pub(in crate::ui) fn by_age(store: &Store, mut both: [ConfigId; 2]) -> [ConfigId; 2] {
    if let [Some(first), Some(second)] = both.each_ref().map(|id| store.config(id.as_str()))
        && order(first, second).is_gt()
    {
        both.reverse();
    }
    both
}

/// The config of its family that was made last before it.
pub(in crate::ui) fn predecessor<'s>(store: &'s Store, of: &Config) -> Option<&'s Config> {
    let earlier = store.configs().filter(|one| {
        one.id != of.id && family(&one.name) == family(&of.name) && order(one, of).is_lt()
    });
    earlier.max_by(|a, b| order(a, b))
}

/// The page's lines. The contents may hold passwords and are shown only if `reveal`.
pub(in crate::ui) fn lines(
    cluster: &Cluster,
    comparison: &Comparison,
    reveal: bool,
    width: usize,
) -> Vec<Line<'static>> {
    let store = &cluster.model.store;
    let mut lines = Vec::new();
    let mut say = |said: &str, slot: Slot| {
        for line in text::wrapped(&clean(said), width.max(20)) {
            lines.push(Line::styled(line.to_owned(), cluster.style(slot)));
        }
    };
    for (side, sign, slot) in
        [(&comparison.sides[0], "-", Slot::Removed), (&comparison.sides[1], "+", Slot::Added)]
    {
        match store.config(side.id.as_str()) {
            Some(config) => say(&format!("{sign} {}", facts(cluster, config)), slot),
            None => say(&format!("{sign} {}: this config is gone", side.id), slot),
        }
        match &side.read {
            None => say("  is being read…", Slot::Dim),
            Some(Err(why)) => say(&format!("  can't be read: {why}"), Slot::Critical),
            Some(Ok(_)) => {}
        }
    }
    lines.push(Line::default());
    let mut say = |said: &str| {
        lines.push(Line::styled(text::cut(said, width).into_owned(), cluster.style(Slot::Dim)));
    };
    match &comparison.difference {
        None => {}
        Some(Difference::None) => say("the contents are the same"),
        Some(Difference::Binary) => say("the contents differ, and are no text"),
        Some(Difference::Lines { gone, come, lines: all }) => {
            say(&format!("{} removed, {come} added", count(*gone, "line", "lines")));
            if reveal {
                let shown = &all[..all.len().min(LINES)];
                lines.extend(diff::lines(|slot| cluster.style(slot), shown, width));
                if all.len() > LINES {
                    let more = format!("and {} more lines", all.len() - LINES);
                    lines.push(Line::styled(more, cluster.style(Slot::Dim)));
                }
            } else {
                say("hidden: they may hold passwords");
            }
        }
    }
    lines
}

/// Name, size, age and users of one, in a line.
fn facts(cluster: &Cluster, config: &Config) -> String {
    let store = &cluster.model.store;
    let age = cluster.model.age(config.created);
    let users = store.relations().with_config(&config.id);
    let users: Vec<String> = users.iter().map(|id| cluster.service_name(id)).collect();
    let used =
        if users.is_empty() { "unused".into() } else { format!("used by {}", users.join(", ")) };
    format!("{}  {}, created {age} ago, {used}", config.name, bytes(config.size))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(data: &[u8]) -> Value {
        json!({ "Spec": { "Data": base64::engine::general_purpose::STANDARD.encode(data) } })
    }

    #[test]
    fn contents_are_compared_whatever_they_are() {
        let of = |a: &[u8], b: &[u8]| difference(&document(a), &document(b));
        assert_eq!(of(b"a\nb\n", b"a\nb\n"), Difference::None);
        assert_eq!(of(b"\xff\xfe", b"a"), Difference::Binary);
        assert_eq!(of(b"\xff\xfe", b"\xff\xfe"), Difference::None, "the same, if no text");
        let Difference::Lines { lines, .. } = of(b"a\nb\nc\n", b"a\nB\nc\n") else {
            panic!("they differ")
        };
        let marks: Vec<(Mark, &str)> = lines.iter().map(|l| (l.mark, &*l.text)).collect();
        assert_eq!(
            marks,
            [(Mark::Same, "a"), (Mark::Old, "b"), (Mark::New, "B"), (Mark::Same, "c")]
        );
        // What is far from the beginning says where it is, and a last line without an end is a line.
        let long = |last: &str| format!("{}{last}", "x\n".repeat(9));
        let Difference::Lines { lines, .. } = of(long("y").as_bytes(), long("z").as_bytes()) else {
            panic!("they differ")
        };
        assert_eq!((lines[0].mark, &*lines[0].text), (Mark::Gap, "line 8"));
        assert_eq!(
            lines.last().map(|l| (l.mark, &*l.text)),
            Some((Mark::New, "z (no newline at the end)"))
        );
        // Ends of lines are told, and of two long ones both sides are seen.
        let Difference::Lines { lines, .. } = of(b"a\nb", b"a\nb\n") else { panic!("they differ") };
        assert_eq!(&*lines[1].text, "b (no newline at the end)");
        let Difference::Lines { lines, .. } = of(b"a\r\n", b"a\n") else { panic!("they differ") };
        assert_eq!([&*lines[0].text, &*lines[1].text], ["a\r", "a"]);
        let many = |word: &str| (0..5_000).map(|n| format!("{word}{n}\n")).collect::<String>();
        let Difference::Lines { gone, come, lines } =
            of(many("x").as_bytes(), many("y").as_bytes())
        else {
            panic!("they differ")
        };
        assert_eq!((gone, come), (5_000, 5_000));
        assert_eq!(lines.len(), 2 * RUN + 2);
        assert_eq!(lines.last().map(|l| &*l.text), Some("4800 lines added as well"));
    }

    #[test]
    fn a_document_of_another_request_is_given_back() {
        let id = |name: &str| ConfigId::from(name);
        let mut both = Comparison::new([(id("a"), Token(1)), (id("b"), Token(2))]);
        assert!(both.take(Token(3), Err("x".into())).is_some());
        assert!(both.take(Token(2), Ok(Box::new(document(b"b")))).is_none());
        assert_eq!(both.difference, None, "one is missing");
        assert!(both.take(Token(1), Ok(Box::new(document(b"a")))).is_none());
        assert!(matches!(both.difference, Some(Difference::Lines { .. })));
    }
}
