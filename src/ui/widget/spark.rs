//! Small charts of a row of cells.

use ratatui::{style::Style, text::Span};

const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values, newest last, as so many cells; each cell is the highest of those it stands for. Zero is
/// the lowest step, and what is more than zero is never drawn as zero.
pub fn spark(values: &[u64], cells: usize) -> String {
    let cells = cells.min(values.len());
    if cells == 0 {
        return String::new();
    }
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    (0..cells)
        .map(|cell| {
            let part = &values[cell * values.len() / cells..(cell + 1) * values.len() / cells];
            match part.iter().copied().max().unwrap_or(0) {
                0 => STEPS[0],
                value => STEPS[1 + (value * 6 / most) as usize],
            }
        })
        .collect()
}

/// The same, zeros in a style of their own: where nothing was draws no eye.
pub fn spans(values: &[u64], cells: usize, some: Style, none: Style) -> Vec<Span<'static>> {
    let chart: Vec<char> = spark(values, cells).chars().collect();
    chart
        .chunk_by(|a, b| (*a == STEPS[0]) == (*b == STEPS[0]))
        .map(|run| {
            let style = if run[0] == STEPS[0] { none } else { some };
            Span::styled(run.iter().collect::<String>(), style)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spark_never_hides_what_is_more_than_nothing() {
        assert_eq!(spark(&[0, 0, 0], 3), "▁▁▁");
        assert_eq!(spark(&[0, 1, 1000], 3), "▁▂█");
        assert_eq!(spark(&[0, 5, 0, 0], 2), "█▁", "the highest of two");
        assert_eq!(spark(&[3], 10), "█");
        assert_eq!(spark(&[], 10), "");
    }
}
