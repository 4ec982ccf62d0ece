//! The nodes as a table of 80 columns, and their versions compared.

use super::NodeLine;
use crate::{
    cluster::{SHORT_VERSIONS, VERSION_HEAD, version_matrix},
    commands::table::columns,
    session::NodeReach,
    text::{age, bytes, bytes_of, clean, shortened},
};

/// The longest name of a node with which its line fits 80 columns.
const NAME: usize = 20;

/// The table, the reasons of what is not within reach, and the versions.
pub fn nodes_text(lines: &[NodeLine]) -> String {
    let head = ["NODE", "REACH", "LOAD", "MEMORY FREE", "DISK FREE", "UP"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    table.extend(lines.iter().map(row));
    let mut out = columns(table);
    for line in lines {
        let name = clean(&line.node.hostname);
        let said = match (&line.seen.reach, &line.seen.machine) {
            (NodeReach::None { why, hint }, _) => {
                format!("{name}: {}\n    {}\n", clean(why), clean(hint))
            }
            (_, Some(machine)) => match &machine.unread {
                Some(why) => format!("{name}: {}\n", clean(why)),
                None => continue,
            },
            _ => continue,
        };
        out += &format!("\n  {said}");
    }
    out + &matrix(lines)
}

fn row(line: &NodeLine) -> Vec<String> {
    let unknown = || "?".to_owned();
    let machine = line.seen.machine.as_deref().cloned().unwrap_or_default();
    let free = |free: Option<u64>, total: Option<u64>| match (free, total) {
        (Some(free), Some(total)) => bytes_of(free, total),
        (None, Some(total)) => format!("?/{}", bytes(total)),
        _ => unknown(),
    };
    let reach = match &line.seen.reach {
        NodeReach::Ssh { jump: true, .. } => "ssh, manager".to_owned(),
        reach => reach.word().to_owned(),
    };
    let memory = machine.memory.or(Some(line.node.memory).filter(|n| *n > 0));
    vec![
        shortened(&clean(&line.node.hostname), NAME),
        reach,
        machine.load.map_or_else(unknown, |load| format!("{:.2}", load[0])),
        free(machine.available, memory),
        free(machine.disk.map(|disk| disk.free), machine.disk.map(|disk| disk.total)),
        machine.uptime.map_or_else(unknown, age),
    ]
}

/// The versions, and what most nodes do not have.
fn matrix(lines: &[NodeLine]) -> String {
    let versions = |line| version_of(line);
    let rows = version_matrix(lines.iter().map(|l| (&*l.node.hostname, versions(l))));
    let mut table = vec![VERSION_HEAD.map(str::to_owned).to_vec()];
    let mut has_odd = false;
    let mut names = String::new();
    for row in &rows {
        let cells = row.said(SHORT_VERSIONS);
        let label = cells[..3].iter().map(|(said, _)| said.as_str()).collect::<Vec<_>>().join(" ");
        has_odd |= cells.iter().any(|(_, is_odd)| *is_odd);
        table.push(cells.map(|(said, _)| said).to_vec());
        if rows.len() > 1 {
            let nodes: Vec<_> = row.nodes.iter().map(|name| clean(name)).collect();
            names += &format!("  {label}: {}\n", nodes.join(" "));
        }
    }
    let odd = if has_odd { "  ! what most nodes do not have\n" } else { "" };
    let names = if names.is_empty() { names } else { format!("\n{names}") };
    format!("\n{}{odd}{names}", columns(table))
}

/// The versions of a node; the engine's is known to the Swarm as well.
fn version_of(line: &NodeLine) -> [Option<&str>; 5] {
    let mut versions = line.seen.machine.as_deref().map_or([None; 5], |m| m.versions());
    versions[0] = versions[0].or(Some(&*line.node.engine).filter(|engine| !engine.is_empty()));
    versions
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        cluster::{Disk, Machine},
        engine::decode_nodes,
        session::NodeSeen,
    };

    fn lines() -> Vec<NodeLine> {
        let long = "a-host-name-that-has-no-end";
        let json: Vec<String> = ["mgr-1", long, "wrk-2", "wrk-3"]
            .iter()
            .map(|name| {
                format!(
                    r#"{{"ID":"{name}","Description":{{"Hostname":"{name}","Engine":{{"EngineVersion":"28.5.2"}}}}}}"#
                )
            })
            .collect();
        let nodes = decode_nodes(format!("[{}]", json.join(",")).as_bytes()).unwrap().items;
        let text = |text: &str| Some(Arc::from(text));
        let usual = Machine {
            engine: text("28.5.2"),
            kernel: text("6.1.0-28-cloud-amd64"),
            os: text("Debian GNU/Linux 12 (bookworm)"),
            storage: text("overlay2"),
            cgroup: text("2"),
            memory: Some(25_276_502_016),
            available: Some(8 << 30),
            load: Some([0.5, 0.4, 0.3]),
            disk: Some(Disk { total: 270_553_174_016, free: 54_264_709_120 }),
            uptime: Some(std::time::Duration::from_secs(86_400 * 3)),
            ..Machine::default()
        };
        let odd = Machine {
            engine: text("20.10.24+dfsg1-1+b5"),
            kernel: text("5.15.0-1034-azure-fips-x"),
            os: text("Red Hat Enterprise Linux 8.9 (Ootpa)"),
            storage: text("devicemapper"),
            cgroup: text("1"),
            load: None,
            unread: text("over tcp only the engine is asked, not its machine"),
            ..usual.clone()
        };
        let none = NodeReach::None { why: "no\u{1b}[2J route".into(), hint: "mend it".into() };
        let seen = [
            NodeSeen { reach: NodeReach::Local, machine: Some(Arc::new(usual.clone())) },
            NodeSeen {
                reach: NodeReach::Ssh { way: crate::connect::Way::SshSocket, jump: true },
                machine: Some(Arc::new(odd)),
            },
            NodeSeen { reach: none, machine: None },
            NodeSeen { reach: NodeReach::Local, machine: Some(Arc::new(usual)) },
        ];
        nodes.into_iter().zip(seen).map(|(node, seen)| NodeLine { node, seen }).collect()
    }

    #[test]
    fn the_table_fits_80_columns_and_marks_what_is_odd() {
        let text = nodes_text(&lines());
        // Reasons are sentences, and end where they end.
        for line in text.lines().filter(|line| !line.contains(": ")) {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
        }
        let has = |words: &[&str]| text.lines().any(|line| words.iter().all(|w| line.contains(w)));
        assert!(has(&["mgr-1", "local", "0.50", "8/23.5 GiB", "50.5/252 GiB", "3d"]), "{text}");
        assert!(has(&["a-host-name-that-ha…", "ssh, manager", " ? "]), "{text}");
        assert!(has(&["!20.10.24+dfs…", "!5.15.0", "!Red Hat", "!devicem…", "!1"]), "{text}");
        assert!(has(&["28.5.2 ", "Debian 12 ", "overlay2", " 2 "]), "{text}");
        assert!(has(&["wrk-2", "none", "?"]) && has(&["wrk-2: no", "route"]), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains("over tcp only"), "{text}");
    }
}
