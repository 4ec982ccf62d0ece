//! Lines of a diff in the room there is: of a line that is longer, where it differs.

use ratatui::{style::Style, text::Line};

use crate::{
    action::plan::{DiffLine, Mark},
    config::Slot,
    text::clean,
    ui::widget::text,
};

/// A long line takes at most so many lines of the screen.
const LINES: usize = 3;
/// Columns shown of what is equal on both sides of what differs.
const AROUND: usize = 12;

/// The lines, with their signs.
pub fn lines(style: impl Fn(Slot) -> Style, diff: &[DiffLine], width: usize) -> Vec<Line<'static>> {
    let room = width.saturating_sub(2).max(10);
    let mut lines = Vec::new();
    for (at, line) in diff.iter().enumerate() {
        let (sign, slot) = match line.mark {
            Mark::Same => ("  ", Slot::Dim),
            Mark::Old => ("- ", Slot::Removed),
            Mark::New => ("+ ", Slot::Added),
            Mark::Gap => ("· ", Slot::Info),
        };
        let other = partner(diff, at).map(|line| clean(&line.text));
        let mut sign = sign;
        for said in fit(&clean(&line.text), other.as_deref(), room) {
            lines.push(Line::styled(format!("{sign}{said}"), style(slot)));
            sign = "  ";
        }
    }
    lines
}

/// The line it became, or was: the one at the same place in the lines that go with these.
fn partner(diff: &[DiffLine], at: usize) -> Option<&DiffLine> {
    let mark = diff[at].mark;
    let run = |from: usize, mark: Mark| diff[from..].iter().take_while(|l| l.mark == mark).count();
    let begins =
        |at: usize, mark: Mark| at - diff[..at].iter().rev().take_while(|l| l.mark == mark).count();
    match mark {
        Mark::Old => {
            let first = begins(at, Mark::Old);
            let new = at + run(at, Mark::Old);
            diff.get(new + at - first).filter(|_| at - first < run(new, Mark::New))
        }
        Mark::New => {
            let first = begins(at, Mark::New);
            let old = begins(first, Mark::Old);
            diff[old..first].get(at - first)
        }
        Mark::Same | Mark::Gap => None,
    }
}

/// The text in lines of `room` columns; what is equal in the other is cut out where there is no room.
fn fit(said: &str, other: Option<&str>, room: usize) -> Vec<String> {
    if text::width(said) <= room {
        return vec![said.to_owned()];
    }
    let Some(other) = other else { return vec![text::cut(said, room).into_owned()] };
    let (head, from, to) = different(said, other);
    let mut short = String::new();
    if text::width(&said[..from]) > text::width(head) + AROUND {
        let skipped = text::width(&said[..from]) - AROUND;
        short = format!("{head}…{}", text::skip(&said[..from], skipped));
    } else {
        short.push_str(&said[..from]);
    }
    short.push_str(&said[from..to]);
    short.push_str(&text::cut(&said[to..], AROUND));
    let mut lines = Vec::new();
    let mut rest = short.as_str();
    while lines.len() + 1 < LINES && text::width(rest) > room {
        let end = rest.len() - text::skip(rest, room).len();
        lines.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    lines.push(text::cut(rest, room).into_owned());
    lines
}

/// The key of a line, and from where to where it differs from the other.
fn different<'s>(said: &'s str, other: &str) -> (&'s str, usize, usize) {
    let same = |(a, b): &(char, char)| a == b;
    let pairs = said.chars().zip(other.chars()).take_while(same);
    let from: usize = pairs.map(|(c, _)| c.len_utf8()).sum();
    let tails = said[from..].chars().rev().zip(other[from..].chars().rev()).take_while(same);
    let to = said.len() - tails.map(|(c, _)| c.len_utf8()).sum::<usize>();
    let key = said[..from].find(": ").map_or(0, |at| at + 2);
    let key = if key == 0 { said.len() - said.trim_start_matches([' ', '-']).len() } else { key };
    (&said[..key.min(from)], from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(old: &str, new: &str) -> Vec<DiffLine> {
        let line = |mark, text: &str| DiffLine { mark, text: text.to_owned() };
        vec![line(Mark::Same, "x"), line(Mark::Old, old), line(Mark::New, new)]
    }

    fn shown(old: &str, new: &str, room: usize) -> [Vec<String>; 2] {
        let diff = pair(old, new);
        [1, 2].map(|at| fit(&diff[at].text, partner(&diff, at).map(|l| &*l.text), room))
    }

    #[test]
    fn a_long_line_shows_where_it_differs() {
        let long = "registry.example.org:5000/team/of/the/shop/some/service/api";
        let [old, new] =
            shown(&format!("  Image: {long}:1.8"), &format!("  Image: {long}:1.9"), 40);
        assert_eq!(old, ["  Image: …rvice/api:1.8"]);
        assert_eq!(new, ["  Image: …rvice/api:1.9"]);
        // One changed letter in the middle of a long value, and one that only lost its end.
        let (a, b) = ("a".repeat(9_000), "b".repeat(9_000));
        let [old, new] = shown(&format!("- K={a}x{b}"), &format!("- K={a}y{b}"), 40);
        assert!(old.len() == 1 && old[0].contains("aaaxbbb"), "{old:?}");
        assert!(new.len() == 1 && new[0].contains("aaaybbb"), "{new:?}");
        let [old, new] = shown(&format!("Image: {long}:1@{a}"), &format!("Image: {long}:1"), 40);
        assert!(old[0].contains("/api:1@aaa") && old.len() == LINES, "{old:?}");
        assert!(new[0].ends_with("/api:1"), "{new:?}");
        for line in old.iter().chain(&new) {
            assert!(text::width(line) <= 40, "{line}");
        }
    }

    #[test]
    fn lines_are_paired_in_order() {
        let line = |mark, text: &str| DiffLine { mark, text: text.to_owned() };
        let diff = [
            line(Mark::Old, "a"),
            line(Mark::Old, "b"),
            line(Mark::New, "c"),
            line(Mark::Same, "d"),
            line(Mark::New, "e"),
        ];
        let with = |at| partner(&diff, at).map(|l| &*l.text);
        assert_eq!(
            [with(0), with(1), with(2), with(3), with(4)],
            [Some("c"), None, Some("a"), None, None]
        );
    }
}
