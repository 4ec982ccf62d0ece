//! The filter of a table: text, `!` inverts, `/regex/`, `~fuzzy`.

use regex::{Regex, RegexBuilder};

/// Length from which the beginning of an ID is recognised.
pub const LEAST_OF_ID: usize = 4;

/// A filter as typed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The text as it was typed.
    pub text: String,
    kind: Pattern,
    invert: bool,
}

#[derive(Clone, Debug, Default)]
enum Pattern {
    #[default]
    All,
    Text(Needle),
    /// These characters in this order, whatever lies between.
    Fuzzy(Needle),
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
            Pattern::All
        } else if let Some(pattern) = rest.strip_prefix('/') {
            let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
            let smart = !pattern.chars().any(char::is_uppercase);
            match RegexBuilder::new(pattern).case_insensitive(smart).size_limit(1 << 20).build() {
                Ok(regex) => Pattern::Regex(Box::new(regex)),
                Err(error) => {
                    let why = error.to_string();
                    let last = why.lines().last().unwrap_or_default();
                    Pattern::Wrong(last.trim_start_matches("error: ").to_owned())
                }
            }
        } else if let Some(fuzzy) = rest.strip_prefix('~') {
            Pattern::Fuzzy(Needle::new(fuzzy))
        } else {
            Pattern::Text(Needle::new(rest))
        };
        Self { text: text.to_owned(), kind, invert }
    }

    /// Whether it lets everything pass.
    pub fn is_empty(&self) -> bool {
        matches!(self.kind, Pattern::All | Pattern::Wrong(_))
    }

    /// Its error.
    pub fn error(&self) -> Option<&str> {
        match &self.kind {
            Pattern::Wrong(why) => Some(why),
            _ => None,
        }
    }

    /// Whether a row with these texts passes.
    pub fn passes<T: AsRef<str>>(&self, mut texts: impl Iterator<Item = T>) -> bool {
        self.is_empty() || texts.any(|text| self.hits(text.as_ref())) != self.invert
    }

    /// Whether an object of that id and these texts passes.
    pub fn passes_object<T: AsRef<str>>(&self, id: &str, texts: impl FnOnce() -> Vec<T>) -> bool {
        if self.is_empty() {
            return true;
        }
        let hits = self.hits_id(id) || texts().iter().any(|text| self.hits(text.as_ref()));
        hits != self.invert
    }

    /// Whether it is found in this text, inverted or not.
    pub fn hits(&self, text: &str) -> bool {
        match &self.kind {
            Pattern::All | Pattern::Wrong(_) => true,
            Pattern::Text(wanted) => wanted.is_in(text),
            Pattern::Fuzzy(wanted) => wanted.is_spread_over(text),
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }

    /// Whether it finds this id. An id is random letters, and any short text stands in some: it is meant
    /// if its beginning is typed, as docker takes it.
    pub fn hits_id(&self, id: &str) -> bool {
        match &self.kind {
            Pattern::Text(wanted) => {
                wanted.text.len() >= LEAST_OF_ID && id.starts_with(wanted.text.as_str())
            }
            Pattern::Fuzzy(_) => false,
            Pattern::All | Pattern::Wrong(_) | Pattern::Regex(_) => self.hits(id),
        }
    }

    /// Whether it lets pass what it does not find.
    pub fn is_inverted(&self) -> bool {
        self.invert
    }

    /// Whether all that it finds, the other finds as well: it is plain text that was typed on.
    pub fn narrows(&self, other: &Self) -> bool {
        let (Some(new), Some(old)) = (self.plain(), other.plain()) else { return false };
        // Ids are looked at only from some length on.
        let ids_alike = new.len() < LEAST_OF_ID || old.len() >= LEAST_OF_ID;
        // So are addresses.
        let alike = ids_alike && self.address().is_some() == other.address().is_some();
        !self.invert && !other.invert && alike && new.starts_with(old)
    }

    /// The beginning of an IP address that it may look for.
    pub fn address(&self) -> Option<&str> {
        self.plain().filter(|text| {
            let is_of_one = |b: u8| b.is_ascii_hexdigit() || b == b'.' || b == b':';
            text.contains(['.', ':']) && text.bytes().all(is_of_one)
        })
    }

    /// The text it looks for, if it is plain text.
    pub fn plain(&self) -> Option<&str> {
        match &self.kind {
            Pattern::Text(wanted) => Some(&wanted.text),
            _ => None,
        }
    }

    /// Where in a text it hits, in bytes; nothing for what has no one place.
    pub fn ranges(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        if self.invert {
            return Vec::new();
        }
        match &self.kind {
            Pattern::All | Pattern::Wrong(_) | Pattern::Fuzzy(_) => Vec::new(),
            Pattern::Regex(regex) => {
                regex.find_iter(text).map(|m| m.range()).filter(|r| !r.is_empty()).collect()
            }
            Pattern::Text(wanted) => {
                // Case is folded only where that keeps every byte in its place.
                let exact = wanted.is_exact || !text.is_ascii();
                let found = |text: &str| {
                    text.match_indices(wanted.text.as_str())
                        .map(|(at, m)| at..at + m.len())
                        .collect()
                };
                if exact { found(text) } else { found(&text.to_ascii_lowercase()) }
            }
        }
    }
}

/// The text of a filter, and its properties: it is compared with many texts.
#[derive(Clone, Debug)]
pub struct Needle {
    text: String,
    /// A capital in it makes it exact.
    is_exact: bool,
    is_ascii: bool,
}

impl Needle {
    /// A text to look for.
    pub fn new(text: &str) -> Self {
        let is_exact = text.chars().any(char::is_uppercase);
        Self { text: text.to_owned(), is_exact, is_ascii: text.is_ascii() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it stands in this text.
    pub fn is_in(&self, text: &str) -> bool {
        if self.is_exact {
            return text.contains(self.text.as_str());
        }
        let (Some(first), true) = (self.text.bytes().next(), self.is_ascii && text.is_ascii())
        else {
            return text.to_lowercase().contains(&self.text);
        };
        // From one place where it may begin to the next.
        let (text, wanted) = (text.as_bytes(), self.text.as_bytes());
        text.len() >= wanted.len()
            && memchr::memchr2_iter(first, first.to_ascii_uppercase(), text).any(|at| {
                let part = text.get(at..at + wanted.len());
                part.is_some_and(|part| part.eq_ignore_ascii_case(wanted))
            })
    }

    /// Whether its characters stand in this text, in their order.
    fn is_spread_over(&self, text: &str) -> bool {
        let exact = self.is_exact;
        let mut text = text.chars().map(|c| if exact { c } else { c.to_ascii_lowercase() });
        self.text.chars().all(|w| text.any(|c| c == w))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_by_its_beginning() {
        let hits = |filter: &str| Filter::new(filter).hits_id("webz6k1m0a9x");
        assert!(hits("webz") && hits("webz6k1m0a9x") && hits("/6k1m/") && hits(""));
        assert!(!hits("web") && !hits("6k1m") && !hits("~wz6k"), "what stands in it by chance");
    }

    #[test]
    fn what_is_typed_on_finds_no_more() {
        let narrows = |new: &str, old: &str| Filter::new(new).narrows(&Filter::new(old));
        assert!(narrows("api", "ap") && narrows("api", "api") && narrows("webz6", "webz"));
        assert!(!narrows("ap", "api") && !narrows("!api", "!ap") && !narrows("/api", "/ap"));
        assert!(!narrows("webz", "web"), "it may be an id now");
        assert!(!narrows("api", "") && !narrows("~api", "~ap"));
    }

    #[test]
    fn text_inversion_and_regex() {
        let passes = |filter: &str, text: &str| Filter::new(filter).passes([text].into_iter());
        assert!(passes("api", "shop_API") && !passes("API", "shop_api") && passes("", "x"));
        assert!(!passes("!api", "shop_api") && passes("!api", "shop_web"));
        assert!(passes("/^shop.*[0-9]$/", "shop_api.2") && !passes("/^api", "shop_api"));
        assert!(passes("/[/", "anything"), "half a regex hides nothing");
        assert!(Filter::new("/[/").error().is_some());
        assert!(passes("é", "CAFÉ"));
        assert!(passes("~spi", "shop_API") && !passes("~ips", "shop_api"));
        assert_eq!(Filter::new("api").ranges("an API, api"), [3..6, 8..11]);
        assert_eq!(Filter::new("/a.i").ranges("api a-i"), [0..3, 4..7]);
    }
}
