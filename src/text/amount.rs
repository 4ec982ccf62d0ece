//! Amounts of memory and CPU.

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// The largest binary unit that leaves 1 or more.
fn unit(n: u64) -> usize {
    n.checked_ilog2().unwrap_or(0) as usize / 10
}

/// In a unit, to a tenth.
fn scaled(n: u64, unit: usize) -> f64 {
    (n as f64 / 1024_f64.powi(unit as i32) * 10.0).round() / 10.0
}

/// Bytes: `512 B`, `256 MiB`, `1.5 GiB`.
pub fn bytes(n: u64) -> String {
    let unit = unit(n);
    format!("{} {}", scaled(n, unit), UNITS[unit])
}

/// Bytes of so many, in one unit: `1.5/23.5 GiB`.
pub fn bytes_of(part: u64, whole: u64) -> String {
    format!("{}/{}", scaled(part, unit(whole)), bytes(whole))
}

/// Bytes that someone set, in the largest binary unit that leaves nothing out: `1536 MiB`, `2 GiB`.
pub fn exact_bytes(n: u64) -> String {
    let (mut value, mut unit) = (n, 0);
    while value > 0 && value.is_multiple_of(1024) && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024, unit + 1);
    }
    format!("{value} {}", UNITS[unit])
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
        for (n, said) in [
            (0, "0 B"),
            (512, "512 B"),
            (1_023, "1023 B"),
            (1_024, "1 KiB"),
            (64 << 20, "64 MiB"),
            (1_610_612_736, "1.5 GiB"),
            (25_276_502_016, "23.5 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(bytes(n), said);
        }
        let all = 25_276_502_016;
        let of = [0, 128 << 20, 1_610_612_736, all].map(|n| bytes_of(n, all));
        assert_eq!(of, ["0/23.5 GiB", "0.1/23.5 GiB", "1.5/23.5 GiB", "23.5/23.5 GiB"]);
        assert_eq!(bytes_of(5, 0), "5/0 B");
        let exact = [0, 1_000, 256 << 20, 1_536 << 20, 2 << 30].map(exact_bytes);
        assert_eq!(exact, ["0 B", "1000 B", "256 MiB", "1536 MiB", "2 GiB"]);
        assert_eq!([cpus(500_000_000), cpus(2_000_000_000)], ["0.5", "2"]);
    }
}
