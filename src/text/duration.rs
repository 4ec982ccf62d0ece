//! The one reader of durations: of the config file, of flags and of what is typed in a log.

use std::time::Duration;

/// Reads `90s`, `15m`, `2h`, `30d`, also several: `1h30m`. A day has 24 hours; what is longer is written
/// in days.
pub fn parse_duration(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds(text)?).ok()
}

/// Reads how long ago something was: `15m`, and `-15m` or `15m ago` as well.
pub fn parse_ago(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds(text)?.abs()).ok()
}

fn seconds(text: &str) -> Option<f64> {
    // To the library `14:32:05` is a duration, to a user a time of day.
    if text.contains(':') {
        return None;
    }
    let span: jiff::Span = text.parse().ok()?;
    let day = jiff::SpanRelativeTo::days_are_24_hours();
    span.total((jiff::Unit::Second, day)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_the_same_everywhere() {
        for (text, secs) in
            [("90s", 90), ("15m", 900), ("2h", 7_200), ("1h30m", 5_400), ("30d", 2_592_000)]
        {
            let duration = Some(Duration::from_secs(secs));
            assert_eq!(parse_duration(text), duration, "{text}");
            assert_eq!(parse_ago(text), duration, "{text}");
            assert_eq!(parse_ago(&format!("-{text}")), duration, "{text}");
            assert_eq!(parse_duration(&format!("-{text}")), None, "{text}");
        }
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in [
            "",
            "-",
            "5",
            "-5",
            "xm",
            "-xm",
            "15",
            "m",
            "1y",
            "1mo",
            "14:32",
            "14:32:05",
            "9999999999999999d",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
            assert_eq!(parse_ago(wrong), None, "{wrong}");
        }
    }
}
