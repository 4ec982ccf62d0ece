//! Text from the cluster on its way to the screen: made harmless, cut to width, put in words.

use std::borrow::Cow;

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
}
