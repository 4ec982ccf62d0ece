//! Amounts of memory and CPU.

/// Scaled to the largest binary unit that leaves 1 or more.
fn scaled(n: u64) -> (f64, &'static str) {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    let mut value = n as f64;
    let mut unit = "";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    (value, unit)
}

/// Bytes in a sentence: `512 B`, `256 MiB`, `1.5 GiB`.
pub fn bytes(n: u64) -> String {
    match scaled(n) {
        (value, "") => format!("{value} B"),
        (value, unit) => format!("{} {unit}iB", (value * 10.0).round() / 10.0),
    }
}

/// Bytes that someone set, in the largest binary unit that leaves nothing out: `1536 MiB`, `2 GiB`.
pub fn exact_bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (n, 0);
    while value > 0 && value.is_multiple_of(1024) && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024, unit + 1);
    }
    format!("{value} {}", UNITS[unit])
}

/// Bytes in a column: `512`, `64M`, `1.5G`.
pub fn short_bytes(n: u64) -> String {
    let (value, unit) = scaled(n);
    if !unit.is_empty() && value < 10.0 && value.fract() >= 0.05 {
        format!("{value:.1}{unit}")
    } else {
        format!("{value:.0}{unit}")
    }
}

/// CPUs from billionths: `2`, `0.5`, `1.25`.
pub fn cpus(nano: u64) -> String {
    let text = format!("{:.2}", nano as f64 / 1e9);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_one_way() {
        for (n, short, long) in [
            (0, "0", "0 B"),
            (512, "512", "512 B"),
            (64 << 20, "64M", "64 MiB"),
            (1_610_612_736, "1.5G", "1.5 GiB"),
            (25_276_502_016, "24G", "23.5 GiB"),
        ] {
            assert_eq!([short_bytes(n), bytes(n)], [short, long]);
        }
        let exact = [0, 1_000, 256 << 20, 1_536 << 20, 2 << 30].map(exact_bytes);
        assert_eq!(exact, ["0 B", "1000 B", "256 MiB", "1536 MiB", "2 GiB"]);
        assert_eq!([cpus(500_000_000), cpus(2_000_000_000)], ["0.5", "2"]);
    }
}
