//! Themes: data in `themes/*.toml`, embedded, one style a slot.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// What a piece of the screen means; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// Plain.
    Text,
    /// Healthy, or beside the point.
    Dim,
    /// Names of panes.
    Title,
    /// Frames.
    Border,
    /// The frame with the keyboard.
    Focus,
    /// The row under the cursor.
    Selected,
    /// The row under the cursor of a pane without the keyboard.
    Unfocused,
    /// Rows marked for an action.
    Marked,
    /// Came good.
    Ok,
    /// On its way.
    Busy,
    /// Look at it.
    Warn,
    /// Act.
    Critical,
    /// Neutral emphasis.
    Info,
    /// Comes with a plan.
    Added,
    /// Goes with a plan.
    Removed,
    /// A key to press.
    Key,
    /// The top line.
    Header,
    /// What must not be missed.
    Banner,
}

impl Slot {
    /// Every slot, for tests.
    pub const ALL: [Self; 18] = [
        Self::Text,
        Self::Dim,
        Self::Title,
        Self::Border,
        Self::Focus,
        Self::Selected,
        Self::Unfocused,
        Self::Marked,
        Self::Ok,
        Self::Busy,
        Self::Warn,
        Self::Critical,
        Self::Info,
        Self::Added,
        Self::Removed,
        Self::Key,
        Self::Header,
        Self::Banner,
    ];
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None, or NO_COLOR.
    Mono,
    /// The terminal's own palette.
    Ansi16,
    /// The xterm cube.
    Ansi256,
    /// 24 bits.
    True,
}

impl Depth {
    /// What stdout's terminal says; NO_COLOR is obeyed.
    pub fn detect() -> Self {
        if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) {
            return Self::Mono;
        }
        match supports_color::on_cached(supports_color::Stream::Stdout) {
            None => Self::Mono,
            Some(level) if level.has_16m => Self::True,
            Some(level) if level.has_256 => Self::Ansi256,
            Some(_) => Self::Ansi16,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Paint {
    fg: Option<Hex>,
    bg: Option<Hex>,
    ansi: Option<Name>,
    ansi_bg: Option<Name>,
    bold: bool,
    dim: bool,
    /// Without colours: reversed.
    reverse_mono: bool,
    /// Without colours: underlined.
    underline_mono: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Hex(u8, u8, u8);

impl TryFrom<String> for Hex {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no colour: write #rrggbb");
        let hex =
            text.strip_prefix('#').filter(|h| h.len() == 6 && h.is_ascii()).ok_or_else(wrong)?;
        let part = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).map_err(|_| wrong());
        Ok(Self(part(0)?, part(2)?, part(4)?))
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Name(Color);

impl TryFrom<String> for Name {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let color = match text.as_str() {
            "default" => Color::Reset,
            "black" => Color::Black,
            "red" => Color::Red,
            "green" => Color::Green,
            "yellow" => Color::Yellow,
            "blue" => Color::Blue,
            "magenta" => Color::Magenta,
            "cyan" => Color::Cyan,
            "white" => Color::Gray,
            "bright-black" => Color::DarkGray,
            "bright-red" => Color::LightRed,
            "bright-green" => Color::LightGreen,
            "bright-yellow" => Color::LightYellow,
            "bright-blue" => Color::LightBlue,
            "bright-magenta" => Color::LightMagenta,
            "bright-cyan" => Color::LightCyan,
            "bright-white" => Color::White,
            other => return Err(format!("'{other}' is none of the 16 colours")),
        };
        Ok(Self(color))
    }
}

/// A style for every slot.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: BTreeMap<Slot, Style>,
}

const EMBEDDED: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
];

impl Theme {
    /// The themes there are.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// A theme by name, for a terminal with so many colours.
    ///
    /// # Errors
    /// One line: no such theme, or what is wrong with it.
    pub fn load(name: &str, depth: Depth) -> Result<Self, String> {
        let (_, text) = EMBEDDED.iter().find(|(n, _)| *n == name).ok_or_else(|| {
            format!(
                "no theme '{name}'; there are: {}",
                Self::names().collect::<Vec<_>>().join(", ")
            )
        })?;
        let paints: BTreeMap<Slot, Paint> =
            toml::from_str(text).map_err(|e| format!("theme {name}: {}", e.message()))?;
        let styles = paints.into_iter().map(|(slot, paint)| (slot, style(&paint, depth))).collect();
        Ok(Self { styles })
    }

    /// How a slot looks.
    pub fn style(&self, slot: Slot) -> Style {
        self.styles.get(&slot).copied().unwrap_or_default()
    }
}

/// How a cluster's name stands out in its colour: one of the sixteen by name, or `#rrggbb`.
///
/// # Errors
/// It is neither.
pub fn badge(colour: &str, depth: Depth) -> Result<Style, String> {
    let mut style = Style::new().add_modifier(Modifier::BOLD);
    if colour.starts_with('#') {
        let Hex(r, g, b) = Hex::try_from(colour.to_owned())?;
        // Dark letters on a light colour, light ones on a dark one.
        let light = u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 > 140_000;
        style.bg = match depth {
            Depth::True => Some(Color::Rgb(r, g, b)),
            Depth::Ansi256 => Some(Color::Indexed(ansi_colours::ansi256_from_rgb((r, g, b)))),
            Depth::Ansi16 | Depth::Mono => None,
        };
        style.fg = style.bg.map(|_| if light { Color::Black } else { Color::White });
    } else {
        let Name(colour) = Name::try_from(colour.to_owned())?;
        if depth != Depth::Mono {
            let light = matches!(
                colour,
                Color::Gray
                    | Color::White
                    | Color::Yellow
                    | Color::LightYellow
                    | Color::Cyan
                    | Color::LightCyan
                    | Color::Green
                    | Color::LightGreen
            );
            style.bg = Some(colour);
            style.fg = Some(if light { Color::Black } else { Color::White });
        }
    }
    if style.bg.is_none() {
        style = style.add_modifier(Modifier::REVERSED);
    }
    Ok(style)
}

fn style(paint: &Paint, depth: Depth) -> Style {
    let mut style = Style::new();
    let color = |hex: Option<Hex>, name: Option<Name>| match depth {
        Depth::Mono => None,
        Depth::Ansi16 => name.map(|n| n.0),
        Depth::Ansi256 => hex
            .map(|Hex(r, g, b)| Color::Indexed(ansi_colours::ansi256_from_rgb((r, g, b))))
            .or(name.map(|n| n.0)),
        Depth::True => hex.map(|Hex(r, g, b)| Color::Rgb(r, g, b)).or(name.map(|n| n.0)),
    };
    style.fg = color(paint.fg, paint.ansi);
    style.bg = color(paint.bg, paint.ansi_bg);
    let mut modifier = Modifier::empty();
    modifier.set(Modifier::BOLD, paint.bold);
    // With real colours a dimmed colour would be dimmed twice.
    modifier.set(Modifier::DIM, paint.dim && depth == Depth::Mono);
    if depth == Depth::Mono {
        modifier.set(Modifier::REVERSED, paint.reverse_mono);
        modifier.set(Modifier::UNDERLINED, paint.underline_mono);
    }
    style.add_modifier(modifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_paints_every_slot_at_every_depth() {
        for name in Theme::names() {
            for depth in [Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True] {
                let theme = Theme::load(name, depth).unwrap();
                for slot in Slot::ALL {
                    assert!(theme.styles.contains_key(&slot), "{name} lacks {slot:?}");
                    let style = theme.style(slot);
                    let colours = style.fg.is_some() || style.bg.is_some();
                    assert_eq!(colours, depth != Depth::Mono, "{name} {slot:?} {depth:?}");
                }
            }
        }
        assert!(Theme::load("nord?", Depth::True).unwrap_err().contains("dark, light"));
    }
}
