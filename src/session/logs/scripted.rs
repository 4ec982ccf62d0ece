//! Logs of an engine that follows a script: what is told of streams that end, break and begin again.

use std::{
    os::unix::net::UnixListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

use super::{
    access::LogAccess,
    ends,
    follow::{Tails, older},
};
use crate::{
    cluster::{TaskId, Timestamp},
    connect::{Connector, Endpoint},
    engine::Engine,
    session::{
        outbox::Out,
        protocol::{Event, FollowedLog, LogWriterId, SessionEvent, Token},
        read_log_ends,
    },
};

/// How an answer ends after its lines.
#[derive(Clone, Copy)]
enum End {
    Clean,
    Cut,
}

/// Seconds of the lines' times, each with its text; a line without a time is none of the engine's.
type LogAnswer = (Vec<(i64, &'static str)>, End);

struct Scripted {
    engine: Engine,
    asked: Arc<Mutex<Vec<String>>>,
    out: Out,
    told: mpsc::Receiver<SessionEvent>,
    _dir: tempfile::TempDir,
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + secs)
}

fn frame((secs, text): (i64, &str)) -> Vec<u8> {
    let line = format!("{} {text}\n", at(secs));
    let line = if secs == 0 { format!("{text}\n") } else { line };
    let mut frame = vec![1, 0, 0, 0];
    frame.extend(u32::try_from(line.len()).expect("short").to_be_bytes());
    frame.extend(line.into_bytes());
    frame
}

impl Scripted {
    /// Answers each request in turn, and none after the last.
    fn new(answers: Vec<LogAnswer>) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let socket = dir.path().join("d.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        listener.set_nonblocking(true).expect("it can");
        let listener = tokio::net::UnixListener::from_std(listener).expect("a runtime");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut answers = answers.into_iter();
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().expect("whole").push(path);
                let Some((lines, end)) = answers.next() else {
                    open.push(stream);
                    continue;
                };
                let mut body = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\
                    Content-Type: application/vnd.docker.multiplexed-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n"
                    .to_vec();
                // In one piece: they are told together.
                let frames: Vec<u8> = lines.into_iter().flat_map(frame).collect();
                body.extend(format!("{:x}\r\n", frames.len()).into_bytes());
                body.extend(frames);
                body.extend(b"\r\n");
                body.extend(match end {
                    End::Clean => b"0\r\n\r\n".as_slice(),
                    End::Cut => b"ff\r\n",
                });
                let _ = stream.write_all(&body).await;
            }
        });
        let engine = Engine::new(Connector::new(Endpoint::Unix(socket)));
        let (out, told) = Out::alone(64);
        Self { engine, asked, out, told, _dir: dir }
    }

    /// The next event, in a few words.
    async fn told(&mut self) -> String {
        let told = tokio::time::timeout(Duration::from_secs(60), self.told.recv()).await;
        let Some(SessionEvent::Cluster(_, event)) = told.expect("it is told") else {
            return "nothing".into();
        };
        let texts = |frames: Vec<crate::engine::LogFrame>| {
            let text = |f: &crate::engine::LogFrame| String::from_utf8_lossy(&f.text).into_owned();
            frames.iter().map(text).collect::<Vec<_>>().join(" ")
        };
        match event {
            Event::Lines(Token(view), _, frames) => format!("{view}: {}", texts(frames)),
            Event::OlderLines(_, _, frames) => format!("older {}", texts(frames)),
            Event::LastLines(_, Ok(frames)) => format!("last {}", texts(frames)),
            Event::LogGap(_, _, from, to) => format!("gap {}", from.until(to) / 1_000_000_000),
            Event::LogTrouble(_, _, why) => format!("trouble {}", why.is_some()),
            Event::LogEnd(..) => "end".into(),
            other => format!("{other:?}"),
        }
    }

    fn access(&self) -> LogAccess {
        LogAccess { manager: self.engine.clone(), nodes: None }
    }

    fn asked(&self, n: usize) -> String {
        self.asked.lock().expect("whole")[n].clone()
    }
}

fn task(alive: bool) -> [FollowedLog; 1] {
    [FollowedLog { of: TaskId::from("t1").into(), alive }]
}

#[tokio::test]
async fn a_log_goes_on_after_its_last_line_and_says_what_is_missing() {
    let mut engine = Scripted::new(vec![
        (vec![(1, "a"), (2, "b")], End::Clean),
        (vec![(2, "b"), (3, "c")], End::Cut),
        (vec![(9, "x")], End::Clean),
        (vec![(9, "x")], End::Clean),
        (vec![(9, "x")], End::Clean),
    ]);
    let mut tails = Tails::default();
    tails.set(&engine.access(), &engine.out, Token(1), &task(true));
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(engine.told().await);
    }
    // A stream that ends is no end of a log whose task lives.
    assert_eq!(told, ["1: a b", "1: c", "trouble true", "gap 6", "trouble false", "1: x"]);
    tails.set(&engine.access(), &engine.out, Token(1), &task(false));
    assert_eq!(engine.told().await, "end");
    assert!(engine.asked(0).contains("tail=500") && !engine.asked(0).contains("since="));
    for (n, since) in [(1, 2), (2, 3), (3, 9)] {
        let asked = engine.asked(n);
        let since = format!("&since={}.", 1_700_000_000 + since);
        assert!(asked.contains("tail=all") && asked.contains(&since), "{asked}");
    }
    // Another view begins anew.
    tails.set(&engine.access(), &engine.out, Token(2), &task(false));
    assert_eq!(engine.told().await, "2: x");
}

#[tokio::test]
async fn older_lines_are_those_before_the_oldest_known() {
    let lines = vec![(1, "a"), (2, "b"), (3, "c"), (4, "d")];
    let mut engine = Scripted::new(vec![(lines, End::Clean), (vec![(1, "a")], End::Cut)]);
    let all = || vec![(LogWriterId::from(TaskId::from("t1")), at(3), 2)];
    older(&engine.access(), &engine.out, Token(1), all());
    assert_eq!(engine.told().await, "older a b");
    older(&engine.access(), &engine.out, Token(1), all());
    assert_eq!(engine.told().await, "older a", "what could be read is of use");
}

#[tokio::test]
async fn the_end_of_a_log_is_ten_lines_with_their_times() {
    let mut lines: Vec<_> = (1..=12).map(|n| (n, "l")).collect();
    lines.push((0, "no time"));
    let mut engine = Scripted::new(vec![(lines, End::Clean)]);
    ends::last(&engine.engine, &engine.out, TaskId::from("t1"));
    assert_eq!(engine.told().await, format!("last {}", ["l"; 10].join(" ")));
    assert!(engine.asked(0).contains("tail=10"));
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_why_no_log_ends_are() {
    let connector = Connector::new(Endpoint::Unix("/nowhere/d.sock".into()));
    let ends = read_log_ends(connector, vec![TaskId::from("t1")]).await;
    let why = ends[&TaskId::from("t1")].as_ref().expect_err("there are none");
    assert!(why.contains("/nowhere/d.sock"), "{why}");
}
