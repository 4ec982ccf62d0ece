//! Colours: how many a terminal has, how they are written, how far apart they are.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// Number of colours of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None, or NO_COLOR.
    #[default]
    Mono,
    /// The terminal's own palette.
    Ansi16,
    /// The xterm cube.
    Ansi256,
    /// 24 bits.
    True,
}

impl Depth {
    /// Detects the depth of stdout's terminal; NO_COLOR is obeyed.
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

/// Colours of the terminal.
#[derive(Clone, Copy, Debug)]
pub struct TerminalColours {
    /// Number of colours.
    pub depth: Depth,
    /// Whether its background is dark, if it told.
    pub dark: Option<bool>,
}

impl TerminalColours {
    /// The theme that suits it.
    pub fn theme(self) -> &'static str {
        if self.dark == Some(false) { "light" } else { "dark" }
    }
}

/// `#rrggbb`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Hex(pub u8, pub u8, pub u8);

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

/// One of the terminal's sixteen.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(pub Color);

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

/// The colour of a terminal of 256 that comes nearest.
pub fn nearest(r: u8, g: u8, b: u8) -> u8 {
    anstyle_lossy::rgb_to_xterm(anstyle::RgbColor(r, g, b)).0
}

impl Hex {
    /// The colour on a terminal of a depth, if it can show it.
    pub(super) fn at(self, depth: Depth) -> Option<Color> {
        let Self(r, g, b) = self;
        match depth {
            Depth::True => Some(Color::Rgb(r, g, b)),
            Depth::Ansi256 => Some(Color::Indexed(nearest(r, g, b))),
            Depth::Ansi16 | Depth::Mono => None,
        }
    }

    /// Whether light letters are read on it rather than dark ones.
    pub(super) fn is_dark(self) -> bool {
        let Self(r, g, b) = self;
        u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 <= 140_000
    }
}

/// Style of a cluster's name in its colour: one of the sixteen by name, or `#rrggbb`.
///
/// # Errors
/// It is neither.
pub fn badge(colour: &str, depth: Depth) -> Result<Style, String> {
    let mut style = Style::new().add_modifier(Modifier::BOLD);
    if colour.starts_with('#') {
        let hex = Hex::try_from(colour.to_owned())?;
        style.bg = hex.at(depth);
        style.fg = style.bg.map(|_| if hex.is_dark() { Color::White } else { Color::Black });
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
