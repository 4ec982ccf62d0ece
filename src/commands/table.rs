//! Answers on stdout: aligned columns, and JSON.

use crate::text::clean_json;

/// JSON for a program, which somebody may look at as well.
pub(super) fn json_text(value: &serde_json::Value) -> String {
    format!("{}\n", clean_json(&format!("{value:#}")))
}

/// Lines of cells, aligned.
pub(super) fn columns(lines: Vec<Vec<String>>) -> String {
    let wide = |cell: &str| unicode_width::UnicodeWidthStr::width(cell);
    let count = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|l| wide(&l[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let mut text = String::from(" ");
        for (cell, width) in line.iter().zip(&widths) {
            text += &format!(" {cell}{} ", " ".repeat(width - wide(cell)));
        }
        out += text.trim_end();
        out.push('\n');
    }
    out
}
