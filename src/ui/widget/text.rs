//! Text from the cluster on its way to the screen: made harmless, cut to width, put in words.

use std::{borrow::Cow, collections::HashMap};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use crate::text::{age, bytes, bytes_of, cpus};

/// Bytes of one text that the screen looks at. A label or an error may be as long as a message of the
/// engine, and a frame must cost what is seen of it.
pub const MOST: usize = 16 << 10;

/// A text made harmless ([`crate::text::clean`]); of a huge one the beginning, and how much was left out.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= MOST {
        return crate::text::clean(text);
    }
    let begin = begin(text, MOST);
    let left_out = bytes((text.len() - begin.len()) as u64);
    Cow::Owned(format!("{}… and {left_out} more", crate::text::clean(begin)))
}

/// The first `most` bytes, whole characters only.
pub fn begin(text: &str, most: usize) -> &str {
    let most = most.min(text.len());
    let whole = (0..=most).rev().find(|at| text.is_char_boundary(*at));
    &text[..whole.unwrap_or(0)]
}

/// Columns a clean text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The first `max` columns, ending in `…` if something was cut. Never splits a character from its
/// combining marks.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    // Bytes bound columns, except where a character is wider than it is long: there is none.
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let fits = fitting(text, max);
    if fits.len() == text.len() || max == 0 {
        return Cow::Borrowed(fits);
    }
    Cow::Owned(format!("{}…", fitting(fits, max - 1)))
}

/// The longest beginning of at most `max` columns. Looks at no more of the text.
pub fn fitting(text: &str, max: usize) -> &str {
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        used += width(cluster);
        if used > max {
            return &text[..at];
        }
    }
    text
}

/// The last `max` columns, beginning with `…` if something was cut.
pub fn end(text: &str, max: usize) -> Cow<'_, str> {
    let all = width(text);
    if all <= max {
        return Cow::Borrowed(text);
    }
    match max {
        0 => Cow::Borrowed(""),
        max => Cow::Owned(format!("…{}", skip(text, all + 1 - max))),
    }
}

/// At most `max` columns of a name: of its stack as much as there is room for, then begin and end of the
/// rest, and more of the end, where names differ.
pub fn name(text: &str, max: usize) -> Cow<'_, str> {
    if width(text) <= max || max < 6 {
        return cut(text, max);
    }
    let Some((stack, own)) = text.split_once('_').filter(|(_, own)| !own.is_empty()) else {
        return Cow::Owned(middle(text, max));
    };
    let room = max.saturating_sub(width(own) + 1);
    Cow::Owned(match room {
        // Less than two letters of a stack tell nothing.
        0..=2 => format!("…{}", middle(own, max - 1)),
        _ => format!("{}_{own}", cut(stack, room)),
    })
}

/// Begin and end of a text, in at most `max` columns.
fn middle(text: &str, max: usize) -> String {
    let all = width(text);
    if all <= max {
        return text.to_owned();
    }
    let front = max.saturating_sub(1) / 3;
    let back = max.saturating_sub(1 + front);
    format!("{}{}", cut(text, front + 1), skip(text, all.saturating_sub(back)))
}

/// Names in at most `max` columns each; those that would look the same, from where they differ on.
pub fn names(all: &[&str], max: usize) -> Vec<String> {
    let mut shown: Vec<String> = all.iter().map(|text| name(text, max).into_owned()).collect();
    let mut alike: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, text) in shown.iter().enumerate() {
        alike.entry(text).or_default().push(at);
    }
    let alike: Vec<Vec<usize>> = alike.into_values().filter(|same| same.len() > 1).collect();
    for same in alike {
        let first = all[same[0]];
        let others = same.iter().map(|at| all[*at]).filter(|other| *other != first);
        let Some(common) = others.map(|other| common(first, other)).min() else { continue };
        for at in same {
            let rest: String = all[at].chars().skip(common.saturating_sub(2)).collect();
            shown[at] = cut(&format!("…{rest}"), max).into_owned();
        }
    }
    shown
}

/// Characters with which both begin.
fn common(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count()
}

/// The text without its first `skip` columns.
pub fn skip(text: &str, skip: usize) -> &str {
    let mut used = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        if used >= skip {
            return &text[at..];
        }
        used += width(cluster);
    }
    ""
}

/// The text in lines of at most `columns` columns, cut between words where it can be. Each line is looked
/// at once: who takes only the first pays for no more.
pub fn wrapped(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    lines(text, columns, |line| line.rfind(' ').map_or(line.len(), |at| at + 1))
}

/// The text in lines of `columns` columns, wherever that cuts it.
pub fn broken(text: &str, columns: usize) -> impl Iterator<Item = &str> {
    lines(text, columns, str::len)
}

/// Lines of at most `columns` columns, each as long as `end` makes of what fits.
fn lines(text: &str, columns: usize, end: fn(&str) -> usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let fits = fitting(text, columns);
        let at = match end(fits) {
            _ if fits.len() == text.len() => text.len(),
            // A character wider than the line has one of its own.
            0 => text.graphemes(true).next().map_or(text.len(), str::len),
            at => at,
        };
        let (line, after) = text.split_at(at);
        rest = Some(after).filter(|after| !after.is_empty());
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_keeps_columns() {
        assert_eq!(cut("shop_api", 8), "shop_api");
        assert_eq!(cut("shop_api_long", 8), "shop_ap…");
        assert_eq!(cut("名前名前", 5), "名前…");
        assert_eq!(cut("名前名前", 4), "名…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(skip("名前ab", 3), "ab");
        assert_eq!(
            [end("shop_api", 8), end("shop_api", 4), end("名前ab", 4)],
            ["shop_api", "…api", "…ab"]
        );
    }

    #[test]
    fn lines_keep_columns_and_lose_nothing() {
        let all = |text, columns| wrapped(text, columns).collect::<Vec<_>>();
        assert_eq!(all("one two three", 8), ["one two ", "three"]);
        assert_eq!(all("onetwothree", 4), ["onet", "woth", "ree"]);
        assert_eq!(all("", 4), [""]);
        assert_eq!(all("名前名前", 5), ["名前", "名前"]);
        assert_eq!(all("名前", 1), ["名", "前"]);
        assert_eq!(broken("one two", 5).collect::<Vec<_>>(), ["one t", "wo"]);
    }

    #[test]
    fn a_huge_text_costs_what_is_seen_of_it() {
        for huge in ["x".repeat(3 << 20), "a b ".repeat(3 << 18), "前".repeat(1 << 20)] {
            let shown = clean(&huge);
            assert!(shown.len() <= MOST + 20, "{}", shown.len());
            assert!(shown.ends_with("… and 3 MiB more"));
            let seen: usize = wrapped(&huge, 20).take(4).map(str::len).sum();
            assert!(seen <= 4 * 20 * 3);
        }
        assert_eq!(clean("short\n"), "short␊");
    }

    #[test]
    fn names_are_cut_where_they_do_not_differ() {
        let full = "production_checkout-api";
        let shown = [23, 22, 16, 14, 13, 10, 5].map(|max| name(full, max).into_owned());
        assert_eq!(
            shown,
            [
                full,
                "producti…_checkout-api",
                "pr…_checkout-api",
                "…checkout-api",
                "…checkout-api",
                "…ch…ut-api",
                "prod…"
            ]
        );
        assert_eq!(name("a-name-without-a-stack", 12), "a-n…-a-stack");
        assert_eq!(name("shop_", 8), "shop_");
        let alike = ["shop_frontend-eu-west-1-a.1", "shop_frontend-us-west-1-a.1", "shop_db.1"];
        let shown = names(&alike, 14);
        assert_eq!(shown, ["…d-eu-west-1-…", "…d-us-west-1-…", "shop_db.1"]);
        assert_eq!(names(&["long-name-of-it"; 2], 8), ["lo…of-it", "lo…of-it"]);
    }
}
