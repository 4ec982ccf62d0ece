//! Answers that do not end, or trickle: an engine, or what stands before it, is not trusted to be quick.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use skep::{
    cluster::Part,
    connect::{Connector, Endpoint},
    demo::Demo,
    engine::{Engine, EngineError},
    session::load_once,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use super::{
    live::{Live, now},
    serve, skep,
    tui::LATER,
};

#[derive(Clone, Copy, Debug)]
enum Body {
    /// As fast as it is read, for ever.
    Endless,
    /// A byte now and then, for ever.
    Trickling,
    /// Small tasks, each another, for ever.
    Tasks,
    /// The engine's own list, changed.
    Changed(fn(&mut Vec<Value>)),
    /// This.
    Text(&'static str),
    /// A proxy's own answer: a status, and a page or words below it.
    Refusal(&'static str, &'static str),
}

/// Stands before the embedded Swarm and answers some paths in its own way; the rest it passes on.
struct Between {
    endpoint: Endpoint,
    /// Bytes of endless bodies that were taken.
    taken: Arc<AtomicU64>,
    _demo: Demo,
    _dir: tempfile::TempDir,
}

impl Between {
    fn new(paths: &'static [&'static str], body: Body) -> Self {
        let (demo, dir) = serve("calm", &[]);
        let socket = dir.path().join("between.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let taken: Arc<AtomicU64> = Arc::default();
        let (behind, count) = (demo.socket().to_owned(), Arc::clone(&taken));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (behind, count) = (behind.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    let _ = answer(stream, &behind, paths, body, &count).await;
                });
            }
        });
        Self { endpoint: Endpoint::Unix(socket), taken, _demo: demo, _dir: dir }
    }
}

async fn answer(
    mut stream: UnixStream,
    behind: &std::path::Path,
    paths: &[&str],
    body: Body,
    taken: &AtomicU64,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default();
    if !paths.iter().any(|own| path.split('?').next().unwrap_or_default().ends_with(own)) {
        let mut engine = UnixStream::connect(behind).await?;
        let once = text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        engine.write_all(once.as_bytes()).await?;
        tokio::io::copy(&mut engine, &mut stream).await?;
        return Ok(());
    }
    match body {
        Body::Text(text) => return answer_with(&mut stream, text).await,
        Body::Refusal(status, page) => {
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{page}");
            return stream.write_all(head.as_bytes()).await;
        }
        Body::Changed(change) => {
            let mut engine = UnixStream::connect(behind).await?;
            let once = text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
            engine.write_all(once.as_bytes()).await?;
            let mut answer = String::new();
            engine.read_to_string(&mut answer).await?;
            let (_, list) = answer.split_once("\r\n\r\n").expect("a body");
            let mut list = serde_json::from_str(list).expect("a list that is not chunked");
            change(&mut list);
            return answer_with(&mut stream, &serde_json::to_string(&list)?).await;
        }
        Body::Endless | Body::Trickling | Body::Tasks => {}
    }
    let mut tasks = 0;
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n").await?;
    let megabyte = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    loop {
        match body {
            Body::Text(_) | Body::Changed(_) | Body::Refusal(..) => {}
            Body::Tasks => {
                let mut some = String::new();
                for _ in 0..10_000 {
                    tasks += 1;
                    some += &format!(r#"{{"ID":"task{tasks}","Status":{{}}}},"#);
                }
                stream.write_all(format!("{:x}\r\n{some}\r\n", some.len()).as_bytes()).await?;
                taken.fetch_add(some.len() as u64, Ordering::Relaxed);
            }
            Body::Endless => {
                stream.write_all(&megabyte).await?;
                taken.fetch_add(1 << 20, Ordering::Relaxed);
            }
            Body::Trickling => {
                stream.write_all(b"1\r\n \r\n").await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer_with(stream: &mut UnixStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}

/// Runs `skep check` through it.
async fn check(between: &Between) -> (i32, String) {
    let Endpoint::Unix(socket) = &between.endpoint else { unreachable!() };
    let (code, out, _) = skep(&["-H", &format!("unix://{}", socket.display()), "check"]).await;
    (code, out)
}

/// A service in a list, which has no order.
fn shop_db(list: &mut [Value]) -> &mut Value {
    list.iter_mut().find(|service| service["Spec"]["Name"] == "shop_db").expect("it is there")
}

const LISTS: &[&str] = &["/nodes", "/services", "/tasks"];

/// What an engine lists and skep can't read is unknown: neither absent nor well.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_told() {
    let odd_version: fn(&mut Vec<Value>) = |list| list[0]["Version"]["Index"] = (-1).into();
    let no_id: fn(&mut Vec<Value>) = |list| list[0]["ID"] = "".into();
    let all_odd: fn(&mut Vec<Value>) =
        |list| list.iter_mut().for_each(|one| one["Version"]["Index"] = 1.5.into());
    let none: fn(&mut Vec<Value>) = Vec::clear;
    for (paths, change, says) in [
        (
            &["/services"][..],
            (|list| shop_db(list)["Endpoint"] = 1.into()) as fn(&mut Vec<Value>),
            &["services unknown: 1 of ", "can't be read (shop_db: invalid type: integer `1`"][..],
        ),
        (&["/services"], |list| list[0]["Spec"] = 1.into(), &["services unknown: 1 of "]),
        (&["/services"], |list| list[0]["Spec"]["Mode"] = 1.into(), &["services unknown: 1 of "]),
        (&["/services"], |list| list[0]["Spec"] = Value::Null, &["it has no name"]),
        (&["/services"], no_id, &["services unknown: 1 of ", "it has no ID"]),
        (&["/nodes"], odd_version, &["nodes unknown: 1 of "]),
        (&["/nodes"], none, &["nodes unknown: GET /nodes names none"]),
        (
            &["/nodes"],
            |list| list.push(Value::Null),
            &["nodes unknown: 1 of ", "(null is no object)"],
        ),
        (
            &["/services"],
            |list| list.insert(0, "x".into()),
            &["services unknown: 1 of ", "(a string is"],
        ),
        (
            &["/tasks"],
            |list| list[1] = 7.into(),
            &["tasks unknown: 1 of ", "(a number is no object)"],
        ),
        (&["/tasks"], |list| list[0] = vec!["a"].into(), &["tasks unknown: 1 of ", "(an array is"]),
        (&["/tasks"], odd_version, &["tasks unknown: 1 of "]),
        (&["/tasks"], |list| list[0]["Spec"] = 1.into(), &["tasks unknown: 1 of "]),
        (LISTS, all_odd, &["nodes unknown: ", "services unknown: ", "tasks unknown: "]),
    ] {
        let (code, out) = check(&Between::new(paths, Body::Changed(change))).await;
        assert_eq!(code, 3, "{paths:?} {says:?}: {out}");
        assert!(says.iter().all(|part| out.contains(part)), "{paths:?} {says:?}: {out}");
        assert!(!out.contains(" 0 nodes") && !out.contains(" 0 services"), "{paths:?}: {out}");
    }
    for path in LISTS {
        let paths = std::slice::from_ref(path);
        for none in ["null", "\"[]\"", "{\"a\":[]}", "<html>[]</html>"] {
            let (code, out) = check(&Between::new(paths, Body::Text(none))).await;
            let says = format!("this is not a Docker Engine: GET {path}: no list");
            assert!(code == 3 && out.contains(&says), "{path} {none}: {out}");
        }
    }
}

/// A proxy that refuses one path costs that part, in whatever way it says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_refuses_in_its_own_words() {
    let page = "<html><body>Administratively prohibited</body></html>";
    for (status, body) in [
        ("401 Unauthorized", page),
        ("401 Unauthorized", ""),
        ("403 Forbidden", "denied by policy\n"),
        ("403 Forbidden", r#"{"message":"authorization denied by plugin x"}"#),
        ("404 Not Found", page),
        ("405 Method Not Allowed", page),
        ("407 Proxy Authentication Required", "log in"),
    ] {
        let (code, out) = check(&Between::new(&["/nodes"], Body::Refusal(status, body))).await;
        assert_eq!(code, 3, "{status}: {out}");
        let said = if body.starts_with('{') { "authorization denied by plugin x" } else { status };
        assert!(
            out.contains(&format!("nodes unknown: GET /nodes is refused ({said})")),
            "{status}: {out}"
        );
        assert!(out.contains("tasks running") && !out.contains("prohibited"), "{status}: {out}");
        for optional in ["/info", "/_ping", "/secrets"] {
            let paths = match optional {
                "/info" => &["/info"][..],
                "/_ping" => &["/_ping"],
                _ => &["/secrets"],
            };
            let (code, out) = check(&Between::new(paths, Body::Refusal(status, body))).await;
            assert_eq!(code, 0, "{status} {optional}: {out}");
        }
        let (code, out) = check(&Between::new(&[""], Body::Refusal(status, body))).await;
        assert!(code == 3 && out.contains(&format!("refuses every request ({said})")), "{out}");
        assert!(out.contains("-H") && !out.contains("prohibited"), "what to do: {out}");
        let asks_login = status.starts_with("401") || status.starts_with("407");
        assert_eq!(out.contains("login"), asks_login, "{out}");
    }
}

/// Each list is asked for itself, and a failure names the path that was asked.
#[tokio::test(flavor = "multi_thread")]
async fn one_list_that_fails_costs_no_other() {
    let broke = r#"{"message":"something broke"}"#;
    for (status, body, said) in [
        (
            "500 Internal Server Error",
            broke,
            "GET /networks: the engine answered 500: something broke",
        ),
        (
            "301 Moved Permanently",
            "",
            "GET /networks was answered by something in front of the engine: 301",
        ),
        (
            "429 Too Many Requests",
            "",
            "GET /networks was answered by something in front of the engine: 429",
        ),
        ("503 Service Unavailable", "", "GET /networks: the engine answered 503"),
    ] {
        let (code, out) = check(&Between::new(&["/networks"], Body::Refusal(status, body))).await;
        assert!(code == 0 && out.contains("networks unknown: ") && out.contains(said), "{out}");
        assert!(!out.contains("secrets") && !out.contains("configs"), "{status}: {out}");
    }
    for paths in [&["/nodes"], &["/services"], &["/tasks"], &["/info"]] as [&'static [_]; 4] {
        let (code, out) = check(&Between::new(paths, Body::Refusal("500 Oh", broke))).await;
        let said = format!("GET {}: the engine answered 500: something broke", paths[0]);
        assert!(code == 3 && out.contains(&said), "{out}");
    }
}

/// What can be read is told beside what can't, and the exit code and stderr say that this is not all.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_holds_what_can_be_read() {
    let between =
        Between::new(&["/tasks"], Body::Changed(|list| list[0]["Status"] = "running".into()));
    let Endpoint::Unix(socket) = &between.endpoint else { unreachable!() };
    let host = format!("unix://{}", socket.display());
    let (code, out, err) = skep(&["-H", &host, "snapshot", "--json"]).await;
    let cluster = &serde_json::from_str::<Value>(&out).unwrap()["clusters"][0];
    assert!(cluster["tasks"].as_array().is_some_and(|tasks| tasks.len() > 5), "{out}");
    assert_eq!(cluster["unknown"][0]["part"], "tasks");
    for (command, said) in [("snapshot", code), ("report", skep(&["-H", &host, "report"]).await.0)]
    {
        assert_eq!(said, 3, "{command}");
    }
    assert!(err.contains("tasks unknown: 1 of "), "{err}");
    let (_, text, _) = skep(&["-H", &host, "snapshot"]).await;
    assert!(text.contains("TASKS\n  unknown: 1 of "), "{text}");
}

/// The screen tells it, too, and is not simply live. A service is there by its name.
#[tokio::test(flavor = "multi_thread")]
async fn the_screen_tells_what_can_not_be_read() {
    let service: fn(&mut Vec<Value>) = |list| shop_db(list)["Version"]["Index"] = 1.5.into();
    let task: fn(&mut Vec<Value>) = |list| list[0]["Version"]["Index"] = 1.5.into();
    for (path, change, says) in [
        (&["/services"], service, "can't be read (shop_db: invalid"),
        (&["/tasks"], task, "can't be read (invalid"),
    ] {
        let between = Between::new(path, Body::Changed(change));
        let mut live = Live::open_at(vec![(vec![between.endpoint.clone()], true)]);
        live.until("partly read").await;
        live.until("unknown: 1 of ").await;
        live.until(says).await;
        live.keys("2").await;
        let said = if path[0] == "/services" { "?  shop_db" } else { "·  shop_db" };
        live.until(said).await;
    }
}

/// Whatever an engine says, an error is some lines long, and so is the log file.
#[tokio::test(flavor = "multi_thread")]
async fn megabytes_of_words_are_told_in_few() {
    static WORDS: LazyLock<[&str; 6]> = LazyLock::new(|| {
        let long = "x".repeat(1_000_000);
        let peers =
            (0..20_000).map(|n| format!(r#"{{"Addr":"10.0.0.1:{n}{}"}}"#, &long[..n % 400]));
        let peers = peers.collect::<Vec<_>>().join(",");
        [
            format!(r#"{{"message":"{long}"}}"#),
            format!(r#"[{{"ID":"a","Version":{{"Index":"{long}"}}}}]"#),
            format!("[{long}]"),
            format!(r#"{{"Swarm":{{"LocalNodeState":"active","Error":"{long}"}}}}"#),
            format!(r#"{{"Swarm":{{"LocalNodeState":"{long}"}},"Name":7}}"#),
            format!(r#"{{"Swarm":{{"LocalNodeState":"active","RemoteManagers":[{peers}]}}}}"#),
        ]
        .map(|text| &*text.leak())
    });
    let [said, odd, broken, error, state, worker] = *WORDS;
    let mut bodies = vec![
        (&["/info"][..], Body::Text(error)),
        (&["/info"], Body::Text(state)),
        (&["/info"], Body::Text(worker)),
        (&["/_ping"], Body::Text(said)),
    ];
    for path in LISTS {
        let paths = std::slice::from_ref(path);
        bodies.extend([odd, broken, said].map(|text| (paths, Body::Text(text))));
        for status in
            ["400 Bad", "403 Forbidden", "404 None", "409 No", "429 Many", "500 Oh", "503 Oh"]
        {
            bodies.push((paths, Body::Refusal(status, said)));
        }
    }
    for (paths, body) in bodies {
        let between = Between::new(paths, body);
        let Endpoint::Unix(socket) = &between.endpoint else { unreachable!() };
        let host = format!("unix://{}", socket.display());
        for command in [&["check"][..], &["snapshot"], &["report"], &["logs", "shop_web"]] {
            let state = tempfile::tempdir().unwrap();
            let out = tokio::process::Command::new(env!("CARGO_BIN_EXE_skep"))
                .args(["-H", &host])
                .args(command)
                .env("XDG_STATE_HOME", state.path())
                .env("XDG_CONFIG_HOME", state.path())
                .output();
            let out = out.await.unwrap();
            let told = String::from_utf8([out.stdout, out.stderr].concat()).unwrap();
            let longest = told.lines().map(str::len).max().unwrap_or(0);
            assert!(longest < 10_000, "{paths:?} {command:?}: a line of {longest}");
            let log = std::fs::read_dir(state.path().join("skep")).unwrap().flatten();
            let log = log.filter(|file| file.file_name().to_string_lossy().ends_with(".log"));
            for file in log {
                let size = file.metadata().unwrap().len();
                assert!(size < 50_000, "{paths:?} {command:?}: a log file of {size}");
            }
        }
    }
}

/// A list of tasks without an end takes a bounded part of memory, and only the tasks along.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_of_tasks_ends() {
    let between = Between::new(&["/tasks"], Body::Tasks);
    let (code, out) = check(&between).await;
    assert_eq!(code, 3, "{out}");
    // Where reading a million takes longer than a look may, its time ends it.
    let tasks = "tasks unknown: the answer to GET /tasks has more than 1000000";
    assert!(out.contains(tasks) || out.contains("no complete answer"), "{out}");
    let taken = between.taken.load(Ordering::Relaxed);
    assert!(taken < 64 << 20, "{taken} bytes");
}

/// Whatever happens to names, what `check` judges by is read, and it says what it could not read.
#[tokio::test(flavor = "multi_thread")]
async fn optional_names_hold_up_no_look() {
    for body in [Body::Endless, Body::Trickling] {
        let between = Between::new(&["/networks", "/secrets", "/configs"], body);
        let looked = load_once(Connector::new(between.endpoint.clone()));
        let looked = tokio::time::timeout(Duration::from_secs(30), looked).await;
        let (store, _, _) = looked.unwrap_or_else(|_| panic!("{body:?} held it up")).unwrap();
        assert!(store.services().len() > 0 && store.total().running > 0, "{body:?}");
        for part in [Part::Networks, Part::Secrets, Part::Configs] {
            assert!(store.unread().why(part).is_some(), "{body:?} {part:?}");
        }
        let most = 4 * (64 << 20);
        assert!(between.taken.load(Ordering::Relaxed) < most, "{body:?}");
    }
}

/// One list that trickles ends after its time and takes only itself along.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_secrets_that_trickles_costs_only_itself() {
    let between = Between::new(&["/secrets"], Body::Trickling);
    let looked = load_once(Connector::new(between.endpoint.clone()));
    let looked = tokio::time::timeout(Duration::from_secs(30), looked).await;
    let (store, _, _) = looked.expect("it trickles for ever").unwrap();
    assert!(store.lists(Part::Networks) && store.lists(Part::Configs));
    assert!(!store.lists(Part::Secrets));
    let why = store.unread().why(Part::Secrets).unwrap();
    assert!(why.contains("in time"), "{why}");

    let mut engine = Engine::new(Connector::new(between.endpoint.clone()));
    engine.probe(now).await.unwrap();
    let read = tokio::time::timeout(Duration::from_secs(30), engine.secrets()).await;
    let error = read.expect("it trickles for ever").unwrap_err();
    assert!(error.brief().contains("within 5s"), "{error}");
}

/// A byte now and then of any answer: the look ends, and says what it waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_ends_whichever_answer_trickles() {
    // Nothing is judged by what `/info` tells.
    const PATHS: [(&[&str], i32); 5] = [
        (&["/_ping"], 3),
        (&["/info"], 0),
        (&["/nodes"], 3),
        (&["/services"], 3),
        (&["/tasks"], 3),
    ];
    let looks = PATHS.map(|(paths, wanted)| async move {
        let between = Between::new(paths, Body::Trickling);
        let looked = tokio::time::timeout(LATER, check(&between)).await;
        let (code, out) = looked.unwrap_or_else(|_| panic!("{paths:?} trickles for ever"));
        assert_eq!(code, wanted, "{paths:?}: {out}");
        assert!(out.contains(&format!("GET {}", paths[0])), "{paths:?}: {out}");
    });
    futures_util::future::join_all(looks).await;
}

/// One element that can't be read costs only itself, and the list is told as partly read.
#[tokio::test(flavor = "multi_thread")]
async fn one_broken_network_costs_only_itself() {
    let between =
        Between::new(&["/networks"], Body::Changed(|list| list[0]["Id"] = serde_json::json!([7])));
    let (store, _, _) = load_once(Connector::new(between.endpoint.clone())).await.unwrap();
    let why = store.unread().why(Part::Networks).unwrap();
    assert!(why.starts_with("1 of ") && why.contains("can't be read"), "{why}");
    assert!(store.networks().len() > 0 && store.lists(Part::Secrets));
}

/// A list that does not end is an error, whichever client reads it, and is not held in memory.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_ends() {
    let between = Between::new(&["/nodes", "/configs", "/networks/any"], Body::Endless);
    let mut engine = Engine::new(Connector::new(between.endpoint.clone()));
    engine.probe(now).await.unwrap();
    let before = engine.cost();
    let error = engine.nodes().await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Garbage { why, .. } if why.contains("64 MiB")),
        "{error}"
    );
    let error = engine.configs().await.unwrap_err();
    assert!(error.brief().contains("64 MiB"), "{error}");
    let network = engine.unlisted_network(&"any".into()).await.unwrap_err();
    assert!(network.brief().contains("64 MiB"), "{network}");
    // bollard's requests and bytes are counted as all others.
    let after = engine.cost();
    assert_eq!(after.requests - before.requests, 3);
    assert!(after.bytes - before.bytes > 3 * (64 << 20), "{after:?}");
}

/// The screen is there although names never come.
#[tokio::test(flavor = "multi_thread")]
async fn the_screen_waits_for_no_names() {
    let between = Between::new(&["/networks"], Body::Trickling);
    let begun = Instant::now();
    let mut live = Live::open_at(vec![(vec![between.endpoint.clone()], true)]);
    live.until("● live").await;
    live.until("shop_web").await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
