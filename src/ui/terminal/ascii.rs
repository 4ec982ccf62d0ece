//! Draws in ASCII, for terminals and locales without UTF-8.

use ratatui::buffer::Buffer;

/// Whether the locale's character set is UTF-8, as far as the environment tells.
pub fn is_utf8(env: impl Fn(&str) -> Option<String>) -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| env(name));
    // The first that is set counts. A bare "C" is what ssh and containers leave when nobody chose:
    // only a character set that is named and another one is believed.
    named.into_iter().find(|value| !value.is_empty()).is_none_or(|value| {
        let set = value.split_once('.').map_or("", |(_, set)| set).to_ascii_lowercase();
        let set = set.split('@').next().unwrap_or_default().replace('-', "");
        set == "utf8" || (set.is_empty() && value != "POSIX")
    })
}

/// Replaces every cell that is not ASCII by one that is.
pub(in crate::ui) fn flatten(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let plain = plain(cell.symbol());
            cell.set_symbol(plain);
        }
    }
}

fn plain(symbol: &str) -> &'static str {
    match symbol.chars().next().unwrap_or(' ') {
        '─' | '━' | '–' | '—' | '╌' | '┄' => "-",
        '│' | '┃' | '▏' | '▎' | '▌' | '┊' => "|",
        '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '┬' | '┴' | '┼' | '┌' | '┐' | '└' | '┘' => {
            "+"
        }
        '▰' | '█' | '▇' | '▆' | '■' => "#",
        '▅' | '▄' => "=",
        '▃' | '▂' => "-",
        '▁' => "_",
        '▱' | '·' | '…' => ".",
        '✗' | '×' => "x",
        '✓' => "v",
        '●' | '★' => "*",
        '◐' | '◌' | '↻' => "~",
        '○' => "o",
        '▸' | '›' | '→' | '⇒' | '▶' => ">",
        '◂' | '‹' | '←' => "<",
        '▾' | '▼' | '↓' => "v",
        '▴' | '▲' | '↑' => "^",
        '⚠' => "!",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '\u{a0}' => " ",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_whether_it_is_utf8() {
        let with = |pairs: &'static [(&str, &str)]| {
            is_utf8(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert!(with(&[("LANG", "en_GB.UTF-8")]));
        assert!(with(&[("LC_ALL", "C.utf8"), ("LANG", "de_DE.ISO-8859-1")]));
        assert!(with(&[]) && with(&[("LANG", "C")]) && with(&[("LC_ALL", ""), ("LANG", "en_US")]));
        assert!(!with(&[("LANG", "de_DE.ISO-8859-15@euro")]));
        assert!(!with(&[("LC_ALL", "POSIX"), ("LANG", "en_GB.UTF-8")]));
    }
}
