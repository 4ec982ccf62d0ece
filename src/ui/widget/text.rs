//! Text from the cluster on its way to the screen: made harmless, cut to width, put in words.

use std::{borrow::Cow, collections::HashMap};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use crate::text::{age, clean, cpus, short_bytes};

/// Columns a clean text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The first `max` columns, ending in `…` if something was cut. Never splits a character from its
/// combining marks.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    // Bytes bound columns, except where a character is wider than it is long: there is none.
    if text.len() <= max || width(text) <= max {
        return Cow::Borrowed(text);
    }
    if max == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let mut end = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        let w = width(cluster);
        if used + w > max - 1 {
            break;
        }
        used += w;
        end = at + cluster.len();
    }
    Cow::Owned(format!("{}…", &text[..end]))
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

/// The text in lines of at most `width` columns, cut between words where it can be.
pub fn wrapped(value: &str, columns: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = value;
    while width(rest) > columns {
        let fits = rest.len() - skip(rest, columns).len();
        let cut = rest[..fits].rfind(' ').map_or(fits, |i| i + 1);
        lines.push(&rest[..cut]);
        rest = &rest[cut..];
    }
    lines.push(rest);
    lines
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
