//! The filter of a table: text, `!` inverts, `/regex/`.

use regex::{Regex, RegexBuilder};

/// A filter as typed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// As typed.
    pub text: String,
    kind: Kind,
    invert: bool,
}

#[derive(Clone, Debug, Default)]
enum Kind {
    #[default]
    All,
    Text(String),
    Regex(Box<Regex>),
    /// A regex that is not complete yet: lets everything pass, and says why.
    Wrong(String),
}

impl Filter {
    /// Reads what was typed. Plain text ignores case unless it has a capital.
    pub fn new(text: &str) -> Self {
        let (invert, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let kind = if rest.is_empty() {
            Kind::All
        } else if let Some(pattern) = rest.strip_prefix('/') {
            let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
            let smart = !pattern.chars().any(char::is_uppercase);
            match RegexBuilder::new(pattern).case_insensitive(smart).size_limit(1 << 20).build() {
                Ok(regex) => Kind::Regex(Box::new(regex)),
                Err(error) => {
                    let why = error.to_string();
                    let last = why.lines().last().unwrap_or_default();
                    Kind::Wrong(last.trim_start_matches("error: ").to_owned())
                }
            }
        } else {
            Kind::Text(rest.to_owned())
        };
        Self { text: text.to_owned(), kind, invert }
    }

    /// Whether it lets everything pass.
    pub fn is_empty(&self) -> bool {
        matches!(self.kind, Kind::All)
    }

    /// What is wrong with it.
    pub fn error(&self) -> Option<&str> {
        match &self.kind {
            Kind::Wrong(why) => Some(why),
            _ => None,
        }
    }

    /// Whether a row with these texts passes.
    pub fn passes<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> bool {
        let hit = match &self.kind {
            Kind::All | Kind::Wrong(_) => return true,
            Kind::Text(wanted) => texts.any(|t| contains(t, wanted)),
            Kind::Regex(regex) => texts.any(|t| regex.is_match(t)),
        };
        hit != self.invert
    }
}

/// Smart case: a capital in `wanted` makes it exact.
fn contains(text: &str, wanted: &str) -> bool {
    if wanted.chars().any(char::is_uppercase) {
        return text.contains(wanted);
    }
    if text.is_ascii() && wanted.is_ascii() {
        return text.len() >= wanted.len()
            && text
                .as_bytes()
                .windows(wanted.len())
                .any(|w| w.eq_ignore_ascii_case(wanted.as_bytes()));
    }
    text.to_lowercase().contains(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_inversion_and_regex() {
        let passes = |filter: &str, text: &str| Filter::new(filter).passes([text].into_iter());
        assert!(passes("api", "shop_API") && !passes("API", "shop_api") && passes("", "x"));
        assert!(!passes("!api", "shop_api") && passes("!api", "shop_web"));
        assert!(passes("/^shop.*[0-9]$/", "shop_api.2") && !passes("/^api", "shop_api"));
        assert!(passes("/[/", "anything"), "half a regex hides nothing");
        assert!(Filter::new("/[/").error().is_some());
        assert!(passes("é", "CAFÉ"));
    }
}
