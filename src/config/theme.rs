//! Themes: data in `themes/*.toml`, embedded, one style a slot; the user's own go before them.

use std::{collections::BTreeMap, path::Path};

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::{
    colours::{Depth, Hex, Name, TerminalColours},
    file::line_of,
};

/// Meaning of a piece of the screen; the theme gives its style.
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
    /// Warnings that must not be missed.
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

/// A theme file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    /// Terminals it is made for.
    background: Hex,
    /// Keep the terminal's own background if that is as bright as this one.
    #[serde(default)]
    keeps_background: bool,
    /// The most colours that it uses.
    #[serde(default)]
    colours: Option<Colours>,
    paint: BTreeMap<Slot, Paint>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u16")]
struct Colours(Depth);

impl TryFrom<u16> for Colours {
    type Error = String;
    fn try_from(count: u16) -> Result<Self, String> {
        match count {
            0 => Ok(Self(Depth::Mono)),
            16 => Ok(Self(Depth::Ansi16)),
            256 => Ok(Self(Depth::Ansi256)),
            other => Err(format!("colours = {other}: write 0, 16 or 256, or leave it out")),
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

const EMBEDDED: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
    ("nord", include_str!("../../themes/nord.toml")),
    ("gruvbox", include_str!("../../themes/gruvbox.toml")),
    ("solarized", include_str!("../../themes/solarized.toml")),
    ("dracula", include_str!("../../themes/dracula.toml")),
    ("sixteen", include_str!("../../themes/sixteen.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// A style for every slot.
#[derive(Clone, Debug, Default)]
pub struct Theme {
    name: String,
    styles: BTreeMap<Slot, Style>,
    screen: Style,
    depth: Depth,
}

impl Theme {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Style of a slot.
    pub fn style(&self, slot: Slot) -> Style {
        self.styles.get(&slot).copied().unwrap_or_default()
    }

    /// Style of the background; empty where the terminal's own is kept.
    pub fn screen(&self) -> Style {
        self.screen
    }

    /// Number of colours it uses.
    pub fn depth(&self) -> Depth {
        self.depth
    }

    fn new(name: &str, sheet: &ThemeFile, look: TerminalColours) -> Self {
        let depth = sheet.colours.map_or(look.depth, |Colours(most)| most.min(look.depth));
        let dark = sheet.background.is_dark();
        let mut styles: BTreeMap<Slot, Style> = BTreeMap::new();
        if sheet.paint.len() < Slot::ALL.len()
            && let Ok(base) = read(embedded(if dark { "dark" } else { "light" }))
        {
            styles.extend(base.paint.iter().map(|(slot, paint)| (*slot, style(paint, depth))));
        }
        styles.extend(sheet.paint.iter().map(|(slot, paint)| (*slot, style(paint, depth))));
        let unlike = look.dark.is_some_and(|terminal| terminal != dark);
        let mut screen = Style::new();
        if !sheet.keeps_background || unlike {
            let named =
                if dark { (Color::Black, Color::Gray) } else { (Color::White, Color::Black) };
            let coloured = depth > Depth::Mono;
            screen.bg = sheet.background.at(depth).or(coloured.then_some(named.0));
            // In 16 colours the default is whatever suits the terminal's own background.
            screen.fg = match styles.get(&Slot::Text).and_then(|s| s.fg) {
                None | Some(Color::Reset) => coloured.then_some(named.1),
                fg => fg,
            };
            if depth == Depth::Ansi16 {
                for style in styles.values_mut().filter(|s| s.fg == Some(Color::Reset)) {
                    style.fg = screen.fg;
                }
            }
        }
        Self { name: name.to_owned(), styles, screen, depth }
    }
}

/// All themes there are, as this terminal shows them.
#[derive(Clone, Debug)]
pub struct Themes {
    /// Errors of the themes that can't be used.
    found: BTreeMap<String, Result<Theme, String>>,
    look: TerminalColours,
}

impl Themes {
    /// The themes that come with skep.
    pub fn embedded(look: TerminalColours) -> Self {
        let found = EMBEDDED.iter().map(|(name, text)| {
            let theme = read(text).map(|sheet| Theme::new(name, &sheet, look));
            let wrong = |(line, why)| format!("theme {name}, line {line}: {why}");
            ((*name).to_owned(), theme.map_err(wrong))
        });
        Self { found: found.collect(), look }
    }

    /// Those, and the user's own before them.
    pub fn load(dir: Option<&Path>, look: TerminalColours) -> Self {
        let mut themes = Self::embedded(look);
        let files = dir.and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten();
        for path in
            files.map(|file| file.path()).filter(|p| p.extension().is_some_and(|e| e == "toml"))
        {
            let Some(name) = path.file_stem().map(|n| n.to_string_lossy().into_owned()) else {
                continue;
            };
            let theme = match std::fs::read_to_string(&path) {
                Err(why) => Err(format!("theme {}: {why}", path.display())),
                Ok(text) => read(&text)
                    .map(|sheet| Theme::new(&name, &sheet, look))
                    .map_err(|(line, why)| format!("theme {}, line {line}: {why}", path.display())),
            };
            themes.found.insert(name, theme);
        }
        themes
    }

    /// The names of all themes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.found.keys().map(String::as_str)
    }

    /// One of them, or the one that suits the terminal.
    ///
    /// # Errors
    /// One line: no such theme, or what is wrong with it.
    pub fn get(&self, name: Option<&str>) -> Result<Theme, String> {
        let name = name.unwrap_or(self.look.theme());
        self.found.get(name).cloned().unwrap_or_else(|| {
            let all: Vec<&str> = self.names().collect();
            Err(format!("no theme '{name}'; there are: {}", all.join(", ")))
        })
    }
}

fn embedded(name: &str) -> &'static str {
    EMBEDDED.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| text)
}

/// Reads a theme file; what is wrong is told with its line.
fn read(text: &str) -> Result<ThemeFile, (usize, String)> {
    toml::from_str(text).map_err(|e| line_of(text, &e))
}

fn style(paint: &Paint, depth: Depth) -> Style {
    let color = |hex: Option<Hex>, name: Option<Name>| {
        let named = name.filter(|_| depth > Depth::Mono).map(|n| n.0);
        hex.and_then(|hex| hex.at(depth)).or(named)
    };
    let mut style = Style::new();
    style.fg = color(paint.fg, paint.ansi);
    style.bg = color(paint.bg, paint.ansi_bg);
    let mut modifier = Modifier::empty();
    modifier.set(Modifier::BOLD, paint.bold);
    // With real colours a dimmed colour would be dimmed twice.
    modifier.set(Modifier::DIM, paint.dim && depth == Depth::Mono);
    let reversed = depth == Depth::Mono || depth == Depth::Ansi16 && style.bg.is_none();
    modifier.set(Modifier::REVERSED, paint.reverse_mono && reversed);
    if depth == Depth::Mono {
        modifier.set(Modifier::UNDERLINED, paint.underline_mono);
    }
    style.add_modifier(modifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheets() -> impl Iterator<Item = (&'static str, ThemeFile)> {
        EMBEDDED.iter().map(|(name, text)| (*name, read(text).unwrap()))
    }

    /// Themes with colours of their own.
    fn painted() -> impl Iterator<Item = (&'static str, ThemeFile)> {
        sheets().filter(|(_, sheet)| sheet.colours.is_none())
    }

    const TEXTS: [Slot; 11] = [
        Slot::Text,
        Slot::Title,
        Slot::Focus,
        Slot::Marked,
        Slot::Ok,
        Slot::Busy,
        Slot::Warn,
        Slot::Critical,
        Slot::Info,
        Slot::Key,
        Slot::Dim,
    ];
    const STATES: [Slot; 4] = [Slot::Ok, Slot::Busy, Slot::Warn, Slot::Critical];

    fn linear(Hex(r, g, b): Hex) -> [f64; 3] {
        [r, g, b].map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Contrast as WCAG 2 defines it: 1 to 21.
    fn contrast(a: Hex, b: Hex) -> f64 {
        let luminance = |hex| {
            let [r, g, b] = linear(hex);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_theme_paints_every_slot_at_every_depth() {
        for depth in [Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let themes = Themes::embedded(TerminalColours { depth, dark: None });
            assert!(themes.names().count() >= 8);
            for name in themes.names() {
                let theme = themes.get(Some(name)).unwrap();
                for slot in Slot::ALL {
                    assert!(theme.styles.contains_key(&slot), "{name} lacks {slot:?}");
                    let style = theme.style(slot);
                    let reversed = style.add_modifier.contains(Modifier::REVERSED);
                    let colours = style.fg.is_some()
                        || style.bg.is_some()
                        || (theme.depth() == Depth::Ansi16 && reversed && name != "mono");
                    let wanted = depth != Depth::Mono && name != "mono";
                    assert_eq!(colours, wanted, "{name} {slot:?} {depth:?}");
                }
            }
            assert!(themes.get(Some("nord?")).unwrap_err().contains("dark, dracula"));
        }
    }

    #[test]
    fn every_text_can_be_read() {
        for (name, sheet) in painted() {
            let selected = sheet.paint[&Slot::Selected].bg.unwrap();
            let (plain, lifted) = if name == "high-contrast" { (7.0, 4.5) } else { (4.5, 3.0) };
            for slot in TEXTS {
                let fg = sheet.paint[&slot].fg.unwrap();
                let (on_screen, on_cursor) =
                    (contrast(fg, sheet.background), contrast(fg, selected));
                assert!(on_screen >= plain, "{name} {slot:?}: {on_screen:.2}");
                assert!(on_cursor >= lifted, "{name} {slot:?} under the cursor: {on_cursor:.2}");
            }
            for slot in [Slot::Header, Slot::Banner] {
                let paint = &sheet.paint[&slot];
                let contrast = contrast(paint.fg.unwrap(), paint.bg.unwrap());
                assert!(contrast >= plain, "{name} {slot:?}: {contrast:.2}");
            }
        }
    }

    /// Distance of two colours (CIE76) for a kind of colour blindness: Machado et al. 2009.
    fn apart(a: Hex, b: Hex, sees: [[f64; 3]; 3]) -> f64 {
        let lab = |hex| {
            let c = linear(hex);
            let [r, g, b] =
                sees.map(|row| row.iter().zip(c).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0));
            let f = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
            let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
            let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
            let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        lab(a).iter().zip(lab(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn states_are_told_apart_also_without_red_or_green() {
        let plain = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let protanopia = [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ];
        let deuteranopia = [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_82, 0.042_94, 0.968_881],
        ];
        for (name, sheet) in painted() {
            // Glyph and word say the same; still no theme may draw two states alike.
            let lacking = if name == "colour-blind" { 25.0 } else { 4.0 };
            for (sees, least) in [(plain, 20.0), (protanopia, lacking), (deuteranopia, lacking)] {
                for (i, a) in STATES.iter().enumerate() {
                    for b in &STATES[i + 1..] {
                        let colour = |slot| sheet.paint[slot].fg.unwrap();
                        let apart = apart(colour(a), colour(b), sees);
                        assert!(apart >= least, "{name} {a:?} {b:?}: {apart:.1}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_users_own_go_first_and_what_is_wrong_is_named_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("dark.toml", "background = \"#000000\"\n[paint]\ntext = { fg = \"#010203\" }\n");
        write("bad.toml", "background = \"#000000\"\n[paint]\ntext = { fg = \"red\" }\n");
        write("odd.toml", "background = \"#000000\"\n[paint]\n\ntexd = {}\n");
        let look = TerminalColours { depth: Depth::True, dark: Some(true) };
        let themes = Themes::load(Some(dir.path()), look);
        let own = themes.get(None).unwrap();
        assert_eq!(own.style(Slot::Text).fg, Some(Color::Rgb(1, 2, 3)));
        assert!(own.style(Slot::Critical).fg.is_some(), "what it leaves out");
        assert_eq!(own.screen().bg, Some(Color::Rgb(0, 0, 0)));
        let why = themes.get(Some("bad")).unwrap_err();
        assert!(why.contains("bad.toml, line 3") && why.contains("'red' is no colour"), "{why}");
        let why = themes.get(Some("odd")).unwrap_err();
        assert!(why.contains("line 4") && why.contains("texd"), "{why}");
    }

    #[test]
    fn a_theme_made_for_another_background_brings_its_own() {
        let screen = |name, dark| {
            let look = TerminalColours { depth: Depth::True, dark };
            Themes::embedded(look).get(name).unwrap().screen().bg
        };
        assert_eq!(screen(Some("light"), Some(true)), Some(Color::Rgb(255, 255, 255)));
        assert_eq!(screen(Some("light"), Some(false)), None);
        assert_eq!(screen(None, None), None);
        assert_eq!(screen(None, Some(false)), None, "the one that suits");
        assert!(screen(Some("nord"), Some(true)).is_some());
    }
}
