//! The severity of a log line in the usual formats: JSON and logfmt fields, klog, syslog, nginx, log4j,
//! and plain words.

/// LogLevel of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Unknown.
    #[default]
    None,
    /// Debug or trace.
    Debug,
    /// Information.
    Info,
    /// A warning.
    Warning,
    /// An error or worse.
    Error,
}

impl LogLevel {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// LogLevel of a level's name, in upper or lower case.
    fn named(word: &str) -> Option<Self> {
        let is = |names: &[&str]| names.iter().any(|n| word.eq_ignore_ascii_case(n));
        if is(&[
            "error",
            "err",
            "fatal",
            "panic",
            "critical",
            "crit",
            "alert",
            "emerg",
            "emergency",
            "severe",
        ]) {
            Some(Self::Error)
        } else if is(&["warn", "warning"]) {
            Some(Self::Warning)
        } else if is(&["info", "information", "notice"]) {
            Some(Self::Info)
        } else if is(&["debug", "trace", "verbose", "fine", "finer", "finest"]) {
            Some(Self::Debug)
        } else {
            None
        }
    }

    /// pino's and bunyan's numbers.
    fn numbered(digits: &str) -> Option<Self> {
        Some(match digits.parse::<u32>().ok()? {
            50.. => Self::Error,
            40..50 => Self::Warning,
            30..40 => Self::Info,
            10..30 => Self::Debug,
            _ => return None,
        })
    }

    /// LogLevel of a line. Only its beginning is searched: a level stands there, or in a named field.
    pub fn of(line: &str) -> Self {
        let head = match line.char_indices().nth(400) {
            Some((end, _)) => &line[..end],
            None => line,
        };
        let trimmed = head.trim_start();
        if trimmed.starts_with('{') {
            return field(trimmed).unwrap_or_default();
        }
        klog(trimmed)
            .or_else(|| syslog(trimmed))
            .or_else(|| field(trimmed))
            .or_else(|| word(trimmed))
            .unwrap_or_default()
    }
}

/// `"level":"error"`, `level=warn`, `"severity": 50`.
fn field(text: &str) -> Option<LogLevel> {
    const NAMES: [&str; 6] = ["level", "severity", "lvl", "loglevel", "levelname", "log.level"];
    let mut at = 0;
    while let Some(found) = text[at..].find(['=', ':']) {
        let end = at + found;
        at = end + 1;
        let name = text[..end].trim_end_matches(['"', ' ']);
        let begin = name
            .char_indices()
            .rfind(|(_, c)| !(c.is_ascii_alphanumeric() || *c == '.' || *c == '_'))
            .map_or(0, |(i, c)| i + c.len_utf8());
        if !NAMES.iter().any(|n| name[begin..].eq_ignore_ascii_case(n)) {
            continue;
        }
        let value = text[at..].trim_start_matches([' ', '"']);
        let end = value.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(value.len());
        let value = &value[..end];
        return LogLevel::named(value).or_else(|| LogLevel::numbered(value));
    }
    None
}

/// `E0102 15:04:05.678901 …`
fn klog(text: &str) -> Option<LogLevel> {
    let bytes = text.as_bytes();
    let digits = bytes.get(1..5)?.iter().all(u8::is_ascii_digit);
    if !digits || bytes.get(5) != Some(&b' ') {
        return None;
    }
    match bytes[0] {
        b'E' | b'F' => Some(LogLevel::Error),
        b'W' => Some(LogLevel::Warning),
        b'I' => Some(LogLevel::Info),
        b'D' => Some(LogLevel::Debug),
        _ => None,
    }
}

/// `<11>…`: the facility times eight plus the level.
fn syslog(text: &str) -> Option<LogLevel> {
    let (number, _) = text.strip_prefix('<')?.split_once('>')?;
    Some(match number.parse::<u32>().ok().filter(|n| *n < 192)? % 8 {
        0..=3 => LogLevel::Error,
        4 => LogLevel::Warning,
        5 | 6 => LogLevel::Info,
        _ => LogLevel::Debug,
    })
}

/// A level as a word of its own near the beginning: `[error]`, `ERROR`, `warn:`. A word in the middle
/// of a sentence counts only in capitals, and exceptions and panics speak for themselves.
fn word(text: &str) -> Option<LogLevel> {
    const MARKS: [&str; 4] =
        ["Traceback (most recent call last)", "panic: ", "Exception in thread", "Unhandled"];
    if MARKS.iter().any(|mark| text.starts_with(mark)) || text.contains("' panicked at ") {
        return Some(LogLevel::Error);
    }
    // `java.lang.IllegalStateException: …`, `TypeError: …`
    let first = text.split([' ', ':']).next().unwrap_or_default();
    let named = first.ends_with("Exception") || first.ends_with("Error");
    if named && first.len() > "Error".len() && text[first.len()..].starts_with(": ") {
        return Some(LogLevel::Error);
    }
    let mut words = 0;
    for part in text.split([' ', '\t', '[', ']', '(', ')', '|', ',', ':', '/']) {
        if part.is_empty() {
            continue;
        }
        words += 1;
        if words > 8 {
            break;
        }
        let Some(severity) = LogLevel::named(part) else { continue };
        let capitals = part.bytes().all(|b| b.is_ascii_uppercase());
        let at = part.as_ptr() as usize - text.as_ptr() as usize;
        let before = text[..at].bytes().last();
        let after = text.as_bytes().get(at + part.len());
        let marked =
            matches!(before, Some(b'[' | b'(' | b'|')) || (after == Some(&b':') && words <= 4);
        if capitals || marked || words == 1 && after != Some(&b' ') {
            return Some(severity);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_in_the_usual_formats() {
        use LogLevel::{Debug, Error, Info, None, Warning};
        for (line, wanted) in [
            (r#"{"time":"…","level":"error","msg":"no info"}"#, Error),
            (r#"{"level":50,"msg":"x"}"#, Error),
            (r#"{"severity":"WARNING","message":"x"}"#, Warning),
            (r#"{"msg":"level of water"}"#, None),
            ("time=2026 level=warn msg=\"an error\"", Warning),
            ("ts=1 lvl=dbug msg=x", None),
            ("E0102 15:04:05.678901       1 main.go:12] x", Error),
            ("I0102 15:04:05.678901       1 main.go:12] error", Info),
            ("<11>Oct 11 22:14:15 host app: x", Error),
            ("<30>Oct 11 22:14:15 host app: x", Info),
            ("2026/11/21 10:00:00 [error] 31#31: *1 open() failed", Error),
            ("2026/11/21 10:00:00 [notice] 1#1: start worker", Info),
            ("2026-11-21 10:00:00,123 WARN  [main] o.a.Foo - slow", Warning),
            ("2026-11-21 10:00:00.123 DEBUG 1 --- [main] c.e.App : x", Debug),
            ("ERROR: relation does not exist", Error),
            ("error: could not open", Error),
            ("Error: listen EADDRINUSE", Error),
            ("thread 'main' panicked at src/main.rs:1:1:", Error),
            ("panic: runtime error: index out of range", Error),
            ("Traceback (most recent call last):", Error),
            ("java.lang.IllegalStateException: boom", Error),
            ("TypeError: x is not a function", Error),
            ("no error at all, everything fine", None),
            ("GET /errors/info 200", None),
            ("info about the weather", None),
            ("", None),
        ] {
            assert_eq!(LogLevel::of(line), wanted, "{line}");
        }
    }
}
