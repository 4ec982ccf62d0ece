//! Figures that are read from across the room.

use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};
use tui_big_text::{BigText, PixelSize};

/// Three by five dots a character, a row in three bits.
const FONT: &[(char, [u8; 5])] = &[
    ('0', [0b111, 0b101, 0b101, 0b101, 0b111]),
    ('1', [0b010, 0b110, 0b010, 0b010, 0b111]),
    ('2', [0b111, 0b001, 0b111, 0b100, 0b111]),
    ('3', [0b111, 0b001, 0b111, 0b001, 0b111]),
    ('4', [0b101, 0b101, 0b111, 0b001, 0b001]),
    ('5', [0b111, 0b100, 0b111, 0b001, 0b111]),
    ('6', [0b111, 0b100, 0b111, 0b101, 0b111]),
    ('7', [0b111, 0b001, 0b010, 0b010, 0b010]),
    ('8', [0b111, 0b101, 0b111, 0b101, 0b111]),
    ('9', [0b111, 0b101, 0b111, 0b001, 0b111]),
    ('/', [0b001, 0b001, 0b010, 0b100, 0b100]),
    (':', [0b000, 0b010, 0b000, 0b010, 0b000]),
    ('k', [0b100, 0b101, 0b110, 0b101, 0b101]),
    ('L', [0b100, 0b100, 0b100, 0b100, 0b111]),
    ('O', [0b111, 0b101, 0b101, 0b101, 0b111]),
    ('S', [0b111, 0b100, 0b111, 0b001, 0b111]),
    ('T', [0b111, 0b010, 0b010, 0b010, 0b010]),
];

/// Dots of a character and the gap behind it.
const ADVANCE: u16 = 4;
const HEIGHT: u16 = 5;

/// The largest scale at which a text can be drawn: rows of a dot, which has twice as many columns; 0 if
/// only as text.
pub fn scale(text: &str, width: u16, height: u16) -> u16 {
    let dots = text.chars().count() as u16 * ADVANCE;
    if dots == 0 {
        return 0;
    }
    // The last character needs no gap.
    ((width + 2) / (dots * 2)).min(height / HEIGHT).min(4)
}

/// Columns and rows it takes at that scale.
pub fn size(text: &str, scale: u16) -> (u16, u16) {
    let chars = text.chars().count() as u16;
    if scale == 0 { (chars, 1) } else { (chars * ADVANCE * 2 * scale - 2 * scale, HEIGHT * scale) }
}

/// Draws a text, its dots as blocks.
pub fn draw(text: &str, scale: u16, area: Rect, buf: &mut Buffer, style: Style) {
    let area = area.intersection(buf.area);
    if scale == 0 {
        buf.set_stringn(area.x, area.y, text, area.width as usize, style);
        return;
    }
    for (at, c) in text.chars().enumerate() {
        let Some((_, rows)) = FONT.iter().find(|(known, _)| *known == c) else { continue };
        let left = area.x + at as u16 * ADVANCE * 2 * scale;
        for (row, bits) in rows.iter().enumerate() {
            for column in 0..3_u16 {
                if bits >> (2 - column) & 1 == 0 {
                    continue;
                }
                let dot = Rect {
                    x: left + column * 2 * scale,
                    y: area.y + row as u16 * scale,
                    width: 2 * scale,
                    height: scale,
                };
                for place in dot.intersection(area).positions() {
                    buf[place].set_symbol("█").set_style(style);
                }
            }
        }
    }
}

/// Rows of a name.
pub const NAME: u16 = 4;
/// Columns of each of its characters: as wide as the font is, or half of that.
const WIDE: u16 = 8;
const NARROW: u16 = 4;

/// Whether it can be drawn large.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

/// Whether it has room when it is wide.
pub fn is_wide(name: &str, columns: u16) -> bool {
    name.len() as u16 * WIDE <= columns
}

/// Draws a name large, as much of it as there is room for.
pub fn name(name: &str, wide: bool, area: Rect, buf: &mut Buffer, style: Style) {
    let (size, each) =
        if wide { (PixelSize::HalfHeight, WIDE) } else { (PixelSize::Quadrant, NARROW) };
    let said = super::text::cut(name, usize::from(area.width / each));
    // The font has no ellipsis.
    let said = said.replace('…', ".").into();
    BigText::builder().pixel_size(size).style(style).lines([said]).build().render(area, buf);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_as_large_as_fits() {
        assert_eq!(scale("6/6", 22, 5), 1);
        assert_eq!(scale("6/6", 21, 5), 0);
        assert_eq!(scale("6/6", 60, 10), 2);
        assert_eq!(size("6/6", 1), (22, 5));
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 5));
        draw("7", 1, buf.area, &mut buf, Style::new());
        let row = |y: u16| (0..6).map(|x| buf[(x, y)].symbol()).collect::<String>();
        assert_eq!(row(0), "██████");
        assert_eq!(row(4), "  ██  ");
    }
}
