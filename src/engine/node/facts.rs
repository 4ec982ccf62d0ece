//! Facts of a machine that no engine tells: read with one command over ssh, or here.

use std::{fmt::Write, path::Path, time::Duration};

use super::NodeInfo;
use crate::cluster::{Disk, Machine};

/// Files below `/proc`, the first lines of which are read.
const FILES: [&str; 6] =
    ["loadavg", "uptime", "meminfo", "pressure/cpu", "pressure/memory", "pressure/io"];
/// Lines of each; enough for those wanted.
const LINES: usize = 5;

/// The command that reads them over there. A root that a shell would read otherwise is left out.
pub(super) fn command(root: &str) -> String {
    let files = FILES.join(" ");
    let mut command = format!(
        "for f in {files}; do echo \"@$f\"; head -n {LINES} /proc/$f 2>/dev/null; done; echo @df"
    );
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+@/".contains(c);
    if root.starts_with('/') && root.chars().all(plain) {
        let _ = write!(command, "; df -Pk {root} 2>/dev/null");
    }
    command
}

/// The same of this machine, if the engine behind the socket is on it.
pub(super) async fn local(socket: &Path, info: &NodeInfo) -> Result<String, String> {
    let own = |name: &str| std::fs::read_to_string(format!("/proc/sys/kernel/{name}"));
    let is_same = |name: &str, theirs: &str| own(name).is_ok_and(|ours| ours.trim() == theirs);
    let kernel = info.machine.kernel.as_deref().unwrap_or_default();
    let is_here = is_same("osrelease", kernel)
        && (is_same("hostname", &info.hostname) || is_engine(socket).await);
    if !is_here {
        return Err("the engine behind this socket is not on this machine".into());
    }
    let mut said = String::new();
    for file in FILES {
        let text = std::fs::read_to_string(format!("/proc/{file}")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().take(LINES).collect();
        let _ = writeln!(said, "@{file}\n{}", lines.join("\n"));
    }
    if let Ok(disk) = rustix::fs::statvfs(&*info.root) {
        let blocks = |n: u64| u128::from(n) * u128::from(disk.f_frsize) / 1024;
        let (total, free) = (blocks(disk.f_blocks), blocks(disk.f_bavail));
        let _ = writeln!(said, "@df\n- {total} - {free} 0% /");
    }
    Ok(said)
}

/// Whether the process that listens there is an engine's, or the system's that starts it.
async fn is_engine(socket: &Path) -> bool {
    let Ok(stream) = tokio::net::UnixStream::connect(socket).await else { return false };
    let Some(pid) = stream.peer_cred().ok().and_then(|peer| peer.pid()) else { return false };
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
    name.is_ok_and(|name| matches!(name.trim(), "dockerd" | "systemd"))
}

/// The lines after the name of their file.
fn section<'a>(said: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines = said.lines().skip_while(move |line| line.strip_prefix('@') != Some(name));
    lines.skip(1).take_while(|line| !line.starts_with('@'))
}

/// Reads what the command printed; false if that is nothing. Whatever else a login shell printed is passed
/// over.
pub(super) fn read(said: &str, machine: &mut Machine) -> bool {
    let section = |name| section(said, name);
    let number = |text: Option<&str>| {
        text.and_then(|t| t.parse::<f64>().ok()).filter(|n| n.is_finite() && *n >= 0.0)
    };
    if let Some(line) = section("loadavg").next() {
        let mut words = line.split_whitespace();
        let [a, b, c] = [(); 3].map(|()| number(words.next()));
        machine.load = a.zip(b).zip(c).map(|((a, b), c)| [a, b, c]);
    }
    let uptime = section("uptime").next().and_then(|line| line.split_whitespace().next());
    machine.uptime = number(uptime).and_then(|s| Duration::try_from_secs_f64(s).ok());
    let memory = |name: &str| {
        let mut lines = section("meminfo").filter_map(|line| line.split_once(':'));
        let (_, amount) = lines.find(|(key, _)| *key == name)?;
        let kilobytes: u64 = amount.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kilobytes.checked_mul(1024)
    };
    machine.available = memory("MemAvailable");
    machine.memory = memory("MemTotal").or(machine.memory);
    let pressure = |name: &'static str| {
        let mut lines = section(name);
        let some = lines.find_map(|line| line.strip_prefix("some "))?;
        number(some.split_whitespace().find_map(|word| word.strip_prefix("avg10=")))
    };
    machine.pressure.cpu = pressure("pressure/cpu");
    machine.pressure.memory = pressure("pressure/memory");
    machine.pressure.io = pressure("pressure/io");
    machine.disk = section("df").find_map(disk);
    machine.load.is_some() || machine.available.is_some() || machine.disk.is_some()
}

/// `/dev/sda1 1024000 300000 724000 30% /`; names may hold spaces.
fn disk(line: &str) -> Option<Disk> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let percent = words.iter().rposition(|w| {
        w.strip_suffix('%').is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
    })?;
    let kilobytes = |before: usize| {
        let n: u64 = words.get(percent.checked_sub(before)?)?.parse().ok()?;
        n.checked_mul(1024)
    };
    Some(Disk { total: kilobytes(3)?, free: kilobytes(1)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Welcome to node3!\n@loadavg\n0.52 0.58 0.59 1/467 12345\n@uptime\n\
        86400.50 1000.00\n@meminfo\nMemTotal:       16384 kB\nMemFree:         100 kB\n\
        MemAvailable:    8192 kB\n@pressure/cpu\nsome avg10=1.50 avg60=0.00 avg300=0.00 total=1\n\
        @pressure/memory\n@pressure/io\n@df\n\
        Filesystem 1024-blocks Used Available Capacity Mounted on\n\
        /dev/my disk 1000 300 700 30% /var/lib/docker\n";

    #[test]
    fn reads_what_is_there_and_nothing_else() {
        let mut machine = Machine { memory: Some(1), ..Machine::default() };
        assert!(read(SAID, &mut machine));
        assert_eq!(machine.load, Some([0.52, 0.58, 0.59]));
        assert_eq!(machine.uptime, Some(Duration::from_millis(86_400_500)));
        assert_eq!((machine.memory, machine.available), (Some(16 << 20), Some(8 << 20)));
        assert_eq!((machine.pressure.cpu, machine.pressure.memory), (Some(1.5), None));
        assert_eq!(machine.disk, Some(Disk { total: 1_024_000, free: 716_800 }));
        let mut nothing = Machine { memory: Some(1), ..Machine::default() };
        let before = nothing.clone();
        let nonsense = "@loadavg\nNaN -1 x\n@uptime\n-3 0\n@meminfo\nMemTotal: x kB\n@df\na 9% /";
        assert!(!read(nonsense, &mut nothing));
        assert_eq!(nothing, before, "unknown, never 0");
    }

    #[test]
    fn a_root_that_a_shell_would_read_is_left_out() {
        assert!(command("/var/lib/docker").ends_with("df -Pk /var/lib/docker 2>/dev/null"));
        for root in ["/a b", "/$(id)", "a", "", "/a;b", "/a'b", "-x"] {
            let command = command(root);
            assert!(command.ends_with("echo @df") && !command.contains('\''), "{root}: {command}");
        }
    }
}
