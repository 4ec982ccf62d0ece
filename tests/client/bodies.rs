//! Answers that do not end, or trickle: an engine, or what stands before it, is not trusted to be quick.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use skep::{
    cluster::Part,
    connect::{Connector, Endpoint},
    demo::Demo,
    engine::{Engine, EngineError, Names},
    session::load_once,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use super::{
    live::{Live, now},
    serve,
};

#[derive(Clone, Copy, Debug)]
enum Body {
    /// As fast as it is read, for ever.
    Endless,
    /// A byte now and then, for ever.
    Trickling,
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
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n").await?;
    let megabyte = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    loop {
        match body {
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
async fn a_list_of_names_that_trickles_costs_only_itself() {
    let between = Between::new(&["/secrets"], Body::Trickling);
    let mut engine = Engine::new(Connector::new(between.endpoint.clone()));
    engine.probe(now).await.unwrap();
    let mut names = Names::awaited();
    let read = tokio::time::timeout(Duration::from_secs(30), engine.names(&mut names)).await;
    read.expect("it trickles for ever").unwrap();
    assert!(!names.networks.is_empty() && !names.configs.is_empty());
    let [(Part::Secrets, why)] = names.unread.as_slice() else { panic!("{:?}", names.unread) };
    assert!(why.contains("within 5 s"), "{why}");
}

/// A list that does not end is an error, whichever client reads it, and is not held in memory.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_ends() {
    let between = Between::new(&["/nodes", "/configs"], Body::Endless);
    let mut engine = Engine::new(Connector::new(between.endpoint.clone()));
    engine.probe(now).await.unwrap();
    let before = engine.cost();
    let error = engine.nodes().await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Garbage { why, .. } if why.contains("64 MiB")),
        "{error}"
    );
    let mut names = Names::awaited();
    engine.names(&mut names).await.unwrap();
    assert!(!names.networks.is_empty() && !names.secrets.is_empty() && names.configs.is_empty());
    // bollard's requests and bytes are counted as all others.
    let after = engine.cost();
    assert_eq!(after.requests - before.requests, 4);
    assert!(after.bytes - before.bytes > 2 * (64 << 20), "{after:?}");
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
