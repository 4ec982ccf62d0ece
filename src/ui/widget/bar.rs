//! Bars of a few cells.

/// `▰▰▱▱`: `part` of `whole` in `cells`. A cell is full from half of its share on, and the last one only
/// where all is: a figure beside it tells a little from nothing.
pub fn bar(part: u64, whole: u64, cells: usize) -> String {
    let filled = filled(part, whole, cells);
    (0..cells).map(|i| if i < filled { '▰' } else { '▱' }).collect()
}

fn filled(part: u64, whole: u64, cells: usize) -> usize {
    if whole == 0 || part >= whole {
        return if part > 0 { cells } else { 0 };
    }
    if part == 0 || cells == 0 {
        return 0;
    }
    let exact = part as f64 / whole as f64 * cells as f64;
    (exact.round() as usize).min(cells - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_lies_about_nothing_and_all() {
        assert_eq!(bar(0, 4, 4), "▱▱▱▱");
        assert_eq!(bar(3, 1_000, 4), "▱▱▱▱", "0.3 % is not a quarter");
        assert_eq!(bar(1, 100, 4), "▱▱▱▱");
        assert_eq!(bar(1, 8, 4), "▰▱▱▱");
        assert_eq!(bar(1, 2, 1), "▱");
        assert_eq!(bar(99, 100, 4), "▰▰▰▱");
        assert_eq!(bar(4, 4, 4), "▰▰▰▰");
        assert_eq!(bar(0, 0, 2), "▱▱");
    }
}
