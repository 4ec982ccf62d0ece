//! What is fed, and what must hold whatever comes.

use std::{fs, path::PathBuf};

use skep::{
    action::plan::{from_yaml, to_yaml},
    cluster::Task,
    config::ConfigFile,
    connect::Endpoint,
    engine::{
        EventReader, LogReader, ServiceReader, TaskReader, decode_configs, decode_containers,
        decode_networks, decode_nodes, decode_secrets,
    },
    logs::ansi,
    ui::{
        KeyChange, Keymap,
        actions::{Act, KeyContext},
        widget::text,
    },
};

pub struct Target {
    pub name: &'static str,
    pub seeds: fn() -> Vec<Vec<u8>>,
    pub words: &'static [&'static [u8]],
    pub check: fn(&[u8]),
}

pub const TARGETS: &[Target] = &[
    Target { name: "lists", seeds: lists, words: JSON, check: check_lists },
    Target { name: "large", seeds: sizes, words: &[], check: check_large },
    Target { name: "events", seeds: events, words: JSON, check: check_events },
    Target { name: "logs", seeds: frames, words: FRAMES, check: check_logs },
    Target { name: "text", seeds: lines, words: ESCAPES, check: check_text },
    Target { name: "config", seeds: configs, words: TOML, check: check_config },
    Target { name: "endpoints", seeds: endpoints, words: URLS, check: check_endpoint },
    Target { name: "yaml", seeds: specs, words: YAML, check: check_yaml },
    Target { name: "keys", seeds: keys, words: KEYS, check: check_key },
];

const JSON: &[&[u8]] = &[
    b"null",
    b"{}",
    b"[]",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"\\",
    b",",
    b"\\u0000",
    b"\\ud800",
    b"-1",
    b"18446744073709551616",
    b"1e999",
    b"true",
    b"\"State\":",
    b"\"Status\":",
    b"\"Spec\":",
    b"\"ID\":\"\"",
    b"\"Version\":{\"Index\":-1}",
    b"\xff\xfe",
    b"\n",
    b"\"0001-01-01T00:00:00Z\"",
    b"\"9999999-99-99T\"",
];
const FRAMES: &[&[u8]] = &[
    &[1, 0, 0, 0],
    &[2, 0, 0, 0, 0, 0, 0, 5],
    &[3, 0, 0, 0, 0, 0, 0, 3],
    &[0, 0, 0, 0],
    &[255, 255, 255, 255],
    &[1, 0, 0, 0, 4, 0, 0, 1],
    b"\n",
    b"\r\n",
    b"2026-11-21T10:00:00.123456789Z ",
    b"2026-",
];
const ESCAPES: &[&[u8]] = &[
    b"\x1b[31m",
    b"\x1b[38;2;1;2;3m",
    b"\x1b[38;5;",
    b"\x1b]0;title\x07",
    b"\x1b]8;;http://x\x1b\\",
    b"\x1bP",
    b"\x1b[2J",
    b"\x9b31m",
    b"\xc2\x9b",
    b"\0",
    b"\r",
    b"\t",
    b"\x7f",
    "\u{200d}".as_bytes(),
    "\u{fe0f}".as_bytes(),
    "\u{202e}".as_bytes(),
    "é".as_bytes(),
    "日本".as_bytes(),
    "👨‍👩‍👧".as_bytes(),
    b"\xff",
    b"\xf0\x9f",
    b"\x1b[999999999999m",
];
const TOML: &[&[u8]] = &[
    b"[[cluster]]\n",
    b"[triage]\n",
    b"name = ",
    b"\"\"\"",
    b"= [",
    b"]",
    b"\\u",
    b"1979-05-27",
    b"nan",
    b"-0",
    b"\n",
    b"#",
    b"colour = \"#12\"",
    b"budget = 1e400",
    b"hosts = 3",
];
const URLS: &[&[u8]] = &[
    b"unix://",
    b"tcp://",
    b"ssh://",
    b"tls://",
    b"@",
    b":",
    b"//",
    b"/",
    b"[::1]",
    b"65536",
    b"%00",
    b"?",
    b"#",
    b" ",
    b"-oProxyCommand=x",
];

const YAML: &[&[u8]] = &[
    b": ",
    b"- ",
    b"  ",
    b"\n",
    b"\t",
    b"|\n",
    b">-\n",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"!!str ",
    b"!tag ",
    b"---\n",
    b"# ",
    b"'",
    b"\"\\x85\\u2028\"",
    b"{",
    b"[",
    b"~",
    b"yes",
    b"0x1f",
    b"1_000",
    b".inf",
    b"1e400",
    b"-0",
    b"18446744073709551616",
    b"<hidden>",
    b"Labels:",
    b"Env:",
    b"\r",
    b"\xc2\x85",
    b"\0",
];
const KEYS: &[&[u8]] = &[
    b"Ctrl-",
    b"Alt-",
    b"Shift-",
    b"F",
    b"12",
    b"13",
    b"Space",
    b"PgUp",
    b"Esc",
    b"-",
    b" ",
    b"\x1b",
    b"\0",
    b"\x7f",
    "é".as_bytes(),
    "日".as_bytes(),
    "\u{301}".as_bytes(),
    b"ctrl-",
    b"F00000000001",
];

fn fixture(engine: &str, name: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("tests/fixtures").join(engine).join(name)).unwrap()
}

/// Lists of a few elements each, as three engines wrote them.
fn lists() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for engine in ["20.10", "26.1", "28.5"] {
        for name in [
            "tasks.json",
            "services.json",
            "nodes.json",
            "networks.json",
            "secrets.json",
            "configs.json",
        ] {
            let all: Vec<serde_json::Value> = serde_json::from_str(&fixture(engine, name)).unwrap();
            for piece in all.chunks(2).take(6) {
                seeds.push(serde_json::to_vec(piece).unwrap());
                // What is no object among them.
                let mut odd = vec!["]},{".into(), serde_json::json!([[{}], "]"]), (-1.5).into()];
                odd.splice(1..1, piece.iter().cloned());
                seeds.push(serde_json::to_vec(&odd).unwrap());
            }
        }
    }
    let containers = serde_json::json!([{
        "Id": "c1", "Names": ["/web.2.t1", "/a/b"], "Image": "web:1@sha256:01", "Created": 1_700_000_000,
        "Command": "sleep 1", "State": "exited", "Status": "Exited (137) 2 hours ago",
        "Labels": { "com.docker.swarm.task.id": "t1", "com.docker.swarm.task.name": "web.2.t1" },
        "Ports": [{ "IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp" }],
    }, { "Id": "c2", "State": "running", "Status": "Up 3 minutes (unhealthy)", "Ports": null }]);
    seeds.push(containers.to_string().into_bytes());
    seeds
}

/// Each byte the size of a task, or of a chunk, in powers of two.
fn sizes() -> Vec<Vec<u8>> {
    vec![vec![17, 3, 22, 0, 16, 16, 12], vec![0; 12], vec![20, 14, 14, 20], (0..23).collect()]
}

fn events() -> Vec<Vec<u8>> {
    let all = fixture("28.5", "events.ndjson");
    let lines: Vec<&str> = all.lines().collect();
    lines.chunks(3).take(20).map(|piece| (piece.join("\n") + "\n").into_bytes()).collect()
}

fn frames() -> Vec<Vec<u8>> {
    let frame = |stream: u8, text: &str| {
        let mut out = vec![stream, 0, 0, 0];
        out.extend((text.len() as u32).to_be_bytes());
        out.extend(text.as_bytes());
        out
    };
    let line = "2026-11-21T10:00:00.123456789Z listening on 8080\n";
    vec![
        frame(1, line),
        [frame(1, line), frame(2, "2026-11-21T10:00:01Z oops\r\n")].concat(),
        [frame(1, "2026-11-21T10:00:00Z half "), frame(1, "2026-11-21T10:00:00Z of it\n")].concat(),
        frame(3, "node x is not available"),
        line.as_bytes().to_vec(),
        Vec::new(),
    ]
}

fn lines() -> Vec<Vec<u8>> {
    let lines = [
        "plain text",
        "\x1b[31mred\x1b[0m and \x1b[1;4mbold\x1b[m",
        "tab\there",
        "naïve café 日本語 👍🏽",
        "\x1b]0;title\x07after",
        "{\"level\":\"info\",\"msg\":\"x\"}",
    ];
    lines.iter().map(|l| l.as_bytes().to_vec()).collect()
}

fn configs() -> Vec<Vec<u8>> {
    vec![
        skep::config::EXAMPLE.as_bytes().to_vec(),
        b"hosts = [\"ssh://a\", \"tcp://b:2376\"]\nread_only = true\n".to_vec(),
        b"[[cluster]]\nname = \"prod\"\nendpoints = [\"unix:///x\"]\ncolour = \"#ff0000\"\n"
            .to_vec(),
    ]
}

fn endpoints() -> Vec<Vec<u8>> {
    let all = [
        "unix:///var/run/docker.sock",
        "tcp://10.0.0.1:2375",
        "tcp://[fe80::1]:2376",
        "ssh://user@host:22",
        "ssh://host/run/docker.sock",
        "host",
        "/var/run/docker.sock",
    ];
    all.iter().map(|e| e.as_bytes().to_vec()).collect()
}

/// Services' specs, as they come into the editor.
fn specs() -> Vec<Vec<u8>> {
    let all: Vec<serde_json::Value> =
        serde_json::from_str(&fixture("28.5", "services.json")).unwrap();
    all.iter().map(|service| to_yaml(&service["Spec"]).into_bytes()).collect()
}

fn keys() -> Vec<Vec<u8>> {
    let all = ["s", "G", "Ctrl-x", "Alt-l", "F5", "Space", "Shift-Tab", "pgdn", "Ctrl-Alt-Delete"];
    all.iter().map(|key| key.as_bytes().to_vec()).collect()
}

/// Pieces of an input, cut by the input itself.
fn pieces(input: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut rest = input;
    let mut step = input.iter().fold(1_usize, |a, b| (a * 31 + usize::from(*b)) % 61) + 1;
    while !rest.is_empty() {
        let (piece, next) = rest.split_at(step.min(rest.len()));
        out.push(piece);
        rest = next;
        step = step * 7 % 61 + 1;
    }
    out
}

/// The tasks of a list, and the number of elements that can't be read.
fn tasks<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<(Vec<Task>, u64), String> {
    let mut reader = TaskReader::default();
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(reader.feed(piece)?);
    }
    reader.finish()?;
    Ok((out, reader.gaps().count))
}

fn check_lists(input: &[u8]) {
    let whole = tasks(std::iter::once(input));
    let cut = tasks(pieces(input).into_iter());
    match (whole, cut) {
        (Ok(whole), Ok(cut)) => assert_eq!(whole, cut, "pieces say something else"),
        (whole, cut) => assert_eq!(whole.is_ok(), cut.is_ok(), "{whole:?}\n{cut:?}"),
    }
    let mut reader = ServiceReader::default();
    if let Ok(first) = reader.read(input) {
        // Read again it may only be richer: what can't be read is not read where it did not change.
        let again = reader.read(input).unwrap();
        assert!(first.len() <= again.len());
        for service in first.iter() {
            let _ = service.last_changes();
        }
    }
    let _ = decode_nodes(input);
    if let Ok(networks) = decode_networks(input) {
        assert!(networks.iter().all(|n| n.addresses().is_none_or(|n| n < u64::MAX)));
    }
    let _ = (decode_secrets(input), decode_configs(input));
    for container in decode_containers(input).iter().flat_map(|listed| listed.iter()) {
        assert!(container.name.len() < 500 && container.status.len() < 500);
        let _ = container.ports_said();
    }
}

/// A list of tasks of a byte to 4 MiB, in chunks of a byte to 256 KiB.
fn check_large(input: &[u8]) {
    let input = &input[..input.len().min(12)];
    let task = |(i, size): (usize, &u8)| {
        let text = "{\\\"]".repeat((1 << (size % 23)) / 5 + 1);
        format!(r#"{{"ID":"t{i}","Slot":{i},"Spec":{{"ContainerSpec":{{"Env":["{text}"]}}}}}}"#)
    };
    let tasks: Vec<String> = input.iter().enumerate().map(task).collect();
    let json = format!("[{}]", tasks.join(","));
    let least = json.len() / 20_000 + 1;
    let mut reader = TaskReader::default();
    let (mut rest, mut slots) = (json.as_bytes(), Vec::new());
    for size in input.iter().rev().cycle() {
        let (chunk, more) = rest.split_at((1_usize << (size % 19)).max(least).min(rest.len()));
        slots.extend(reader.feed(chunk).unwrap().iter().map(|t| t.slot));
        rest = more;
        if rest.is_empty() {
            break;
        }
    }
    if !input.is_empty() {
        reader.finish().unwrap();
    }
    assert_eq!(slots, (0..input.len() as u64).collect::<Vec<_>>());
}

fn check_events(input: &[u8]) {
    let read = |pieces: Vec<&[u8]>| {
        let mut reader = EventReader::default();
        pieces
            .into_iter()
            .map(|p| reader.feed(p))
            .collect::<Result<Vec<_>, _>>()
            .map(|v| v.concat())
    };
    assert_eq!(read(vec![input]), read(pieces(input)));
}

fn check_logs(input: &[u8]) {
    let read = |pieces: Vec<&[u8]>| {
        let mut reader = LogReader::default();
        let mut lines = Vec::new();
        for piece in pieces {
            let (found, fault) = reader.feed(piece);
            lines.extend(found);
            if fault.is_some() {
                return (lines, fault);
            }
        }
        lines.extend(reader.finish());
        (lines, None)
    };
    let (whole, fault) = read(vec![input]);
    assert_eq!((whole.clone(), fault), read(pieces(input)));
    assert!(whole.iter().all(|l| !l.text.contains(&b'\n')), "a line has no line end");
}

/// Nothing that moves a cursor or hides text reaches the terminal.
fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_text(input: &[u8]) {
    let line = String::from_utf8_lossy(input);
    let clean = text::clean(&line);
    assert!(clean.chars().all(is_shown), "{clean:?}");
    assert_eq!(text::clean(&clean), clean, "what is clean stays as it is");
    for width in [0, 1, 2, 7, 40] {
        assert!(text::width(&text::cut(&clean, width)) <= width, "{clean:?} cut to {width}");
        let _ = text::skip(&clean, width);
    }
    let parts = ansi::pieces(&line);
    let joined: String = parts.iter().map(|(_, part)| *part).collect();
    assert!(line.len() >= joined.len(), "colours only take away");
    let plain = ansi::plain(&line);
    assert!(text::clean(&plain).chars().all(is_shown));
    let _ = (skep::logs::compact(&plain, &[]), skep::logs::expand(&plain));
    let _ = skep::logs::LogLevel::of(&plain);
}

fn check_config(input: &[u8]) {
    let file = String::from_utf8_lossy(input);
    if let Err((line, why)) = ConfigFile::parse(&file) {
        assert!(line >= 1 && line <= file.lines().count() + 1, "line {line} of {file:?}: {why}");
        assert!(!why.is_empty() && !why.contains('\n'), "one line: {why:?}");
    }
}

fn check_endpoint(input: &[u8]) {
    let asked = String::from_utf8_lossy(input);
    match Endpoint::parse(&asked, None) {
        Ok(endpoint) => {
            let shown = endpoint.to_string();
            let again = Endpoint::parse(&shown, None);
            assert_eq!(again.map(|e| e.to_string()).ok(), Some(shown), "from {asked:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// An edited spec is refused with its line, or taken; and what is taken comes out of the editor as it
/// went in.
fn check_yaml(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let original = serde_json::json!({
        "Name": "web",
        "Labels": { "a": "1", "token": "s3cret" },
        "TaskTemplate": { "ContainerSpec": { "Image": "api:1", "Env": ["A=1", "DB_PASSWORD=s3cret"] } },
        "Mode": { "Replicated": { "Replicas": 2 } },
    });
    // The seeds have names and modes of their own.
    let named = text.lines().find_map(|line| line.strip_prefix("Name: ")).unwrap_or("web");
    let mut original = original;
    original["Name"] = named.into();
    match from_yaml(&text, &original) {
        Ok(spec) => {
            let shown = to_yaml(&spec);
            assert_eq!(from_yaml(&shown, &spec), Ok(spec), "{shown}");
        }
        Err(error) => {
            let lines = text.lines().count() + 2;
            assert!((1..=lines).contains(&error.line), "{error} of {lines}: {text:?}");
            assert!(!error.message.is_empty());
        }
    }
}

/// A key that is taken is shown so that it is the same key again.
fn check_key(input: &[u8]) {
    let written = String::from_utf8_lossy(input);
    let keys = [written.to_string()];
    let change = KeyChange { context: None, action: "scale", keys: &keys };
    let Ok(keymap) = Keymap::new(None, &[change]) else { return };
    let event = Keymap::press(&written).unwrap();
    let shown = keymap.first(Act::Scale, KeyContext::Table).unwrap();
    assert_eq!(Keymap::press(&shown), Some(event), "{written:?} is shown as {shown:?}");
    assert_eq!(keymap.of(KeyContext::Table, &event).map(|action| action.id), Some("scale"));
}
