//! Text from the cluster on its way to the screen: made harmless, cut to width, put in words.

use std::{borrow::Cow, time::Duration};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use crate::text::clean;

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

/// An age in two or three characters: `0s`, `42s`, `7m`, `3h`, `12d`, `3y`.
pub fn age(age: Duration) -> String {
    let s = age.as_secs();
    match s {
        0..=99 => format!("{s}s"),
        100..=5_999 => format!("{}m", s / 60),
        6_000..=172_799 => format!("{}h", s / 3_600),
        172_800..=63_071_999 => format!("{}d", s / 86_400),
        _ => format!("{}y", s / 31_536_000),
    }
}

/// Bytes in binary units: `512`, `64M`, `23.5G`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    if n < 1024 {
        return n.to_string();
    }
    let mut value = n as f64;
    let mut unit = "";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 10.0 && value.fract() >= 0.05 {
        format!("{value:.1}{unit}")
    } else {
        format!("{value:.0}{unit}")
    }
}

/// CPUs from billionths: `2`, `0.5`, `1.25`.
pub fn cpus(nano: u64) -> String {
    let text = format!("{:.2}", nano as f64 / 1e9);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
    fn ages_and_sizes_are_short() {
        for (s, text) in [(0, "0s"), (99, "99s"), (100, "1m"), (7_200, "2h"), (200_000, "2d")] {
            assert_eq!(age(Duration::from_secs(s)), text);
        }
        for (n, text) in
            [(512, "512"), (64 << 20, "64M"), (25_276_502_016, "24G"), (1_610_612_736, "1.5G")]
        {
            assert_eq!(bytes(n), text);
        }
        assert_eq!(cpus(500_000_000), "0.5");
    }
}
