//! The one reader of durations, of the config file, of flags and of what is typed in a log; and their one
//! writer.

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

/// An age in two or three characters: `0s`, `42s`, `7m`, `3h`, `12d`, `3y`.
pub fn age(age: Duration) -> String {
    let s = age.as_secs();
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m", s / 60),
        3_600..172_800 => format!("{}h", s / 3_600),
        172_800..63_072_000 => format!("{}d", s / 86_400),
        _ => format!("{}y", s / 31_536_000),
    }
}

/// A duration for a sentence: two units at most, as `1m30s`, `2h`, `1d6h`.
pub fn span(duration: Duration) -> String {
    let s = duration.as_secs();
    let unit = match s {
        0..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    exact(Duration::from_secs(s / unit * unit))
}

/// A duration that someone set, nothing of it left out: `500ms`, `1m30s`, `1d`. As [`parse_duration`]
/// reads it.
pub fn exact(duration: Duration) -> String {
    let s = duration.as_secs();
    let parts = [
        (s / 86_400, "d"),
        (s / 3_600 % 24, "h"),
        (s / 60 % 60, "m"),
        (s % 60, "s"),
        (duration.subsec_millis().into(), "ms"),
        ((duration.subsec_micros() % 1_000).into(), "us"),
        ((duration.subsec_nanos() % 1_000).into(), "ns"),
    ];
    let set = parts.iter().filter(|(n, _)| *n > 0);
    let said: String = set.map(|(n, unit)| format!("{n}{unit}")).collect();
    if said.is_empty() { "0s".to_owned() } else { said }
}

/// A short measured duration: `0.4ms`, `35ms`, `1.2s`; `-` if there is none.
pub fn took(time: Duration) -> String {
    match time.as_micros() {
        0 => "-".into(),
        us @ 1..10_000 => format!("{:.1}ms", us as f64 / 1e3),
        us @ 10_000..1_000_000 => format!("{}ms", us / 1_000),
        us => format!("{:.1}s", us as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_one_way() {
        let of = Duration::from_secs;
        for (s, short, long, whole) in [
            (0, "0s", "0s", "0s"),
            (59, "59s", "59s", "59s"),
            (99, "1m", "1m39s", "1m39s"),
            (3_600, "1h", "1h", "1h"),
            (5_430, "1h", "1h30m", "1h30m30s"),
            (86_400, "24h", "1d", "1d"),
            (108_005, "30h", "1d6h", "1d6h5s"),
            (200_000, "2d", "2d7h", "2d7h33m20s"),
            (100_000_000, "3y", "1157d9h", "1157d9h46m40s"),
        ] {
            assert_eq!([age(of(s)), span(of(s)), exact(of(s))], [short, long, whole]);
            assert_eq!(parse_duration(whole), Some(of(s)));
        }
        let odd = Duration::from_nanos(1_500_020_003);
        assert_eq!([span(odd), exact(odd)], ["1s", "1s500ms20us3ns"]);
        assert_eq!(parse_duration("1s500ms20us3ns"), Some(odd));
        let micros = [0, 400, 35_000, 1_200_000].map(|us| took(Duration::from_micros(us)));
        assert_eq!(micros, ["-", "0.4ms", "35ms", "1.2s"]);
    }

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
