//! The wall as a process on a pseudo-terminal: the manager goes and comes back, the terminal changes,
//! the locale knows no UTF-8, and a command is run when it matters.

use std::time::{Duration, Instant};

use crate::{
    serve,
    tui::{SOON, Tui},
};

fn restart(dir: &tempfile::TempDir) -> skep::demo::Demo {
    let options = skep::demo::Options {
        scenario: "calm".into(),
        size: None,
        seed: 7,
        faults: skep::demo::Faults::default(),
    };
    skep::demo::Demo::start(&dir.path().join("docker.sock"), options).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_what_a_wall_sees() {
    let (demo, dir) = serve("calm", &[]);
    let called = dir.path().join("called");
    let config = dir.path().join("config.toml");
    let touch = format!("[wall]\nturn = \"2s\"\non_critical = [\"touch\", {called:?}]\n");
    std::fs::write(&config, touch).unwrap();
    let host = crate::host(&demo);
    let args = ["--wall", "-H", &host, "--config", config.to_str().unwrap()];
    let mut tui = tokio::task::block_in_place(|| {
        let tui = Tui::start(100, 30, &args);
        tui.shows(SOON, "tasks running");
        tui
    });
    let mut demo = Some(demo);
    for (round, (cols, rows)) in [(80, 24), (160, 50), (40, 12)].into_iter().enumerate() {
        drop(demo.take());
        tokio::task::block_in_place(|| {
            tui.shows(SOON, "next try");
            tui.resize(cols, rows);
            // A hook is run for the first loss, and not again within a minute.
            let begun = Instant::now();
            while round == 0 && !called.exists() {
                assert!(begun.elapsed() < SOON, "on_critical was not run");
                std::thread::sleep(Duration::from_millis(50));
            }
            if round == 1 {
                assert!(!called.exists(), "run again at once");
            }
        });
        let _ = std::fs::remove_file(&called);
        demo = Some(restart(&dir));
        tokio::task::block_in_place(|| {
            tui.until(Duration::from_secs(20), "it lives again", |s| s.contains("live"));
        });
    }
    tokio::task::block_in_place(|| {
        // Keys change nothing, and q ends it.
        tui.keys("srufDy\r");
        tui.keys("q");
        assert_eq!(tui.ended(SOON), 0);
        assert!(!tui.in_alternate_screen());
    });
    let posts = demo.unwrap().requests().into_iter().filter(|r| !r.starts_with("GET")).count();
    assert_eq!(posts, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locale_without_utf8_gets_ascii() {
    let (demo, _dir) = serve("calm", &[]);
    let host = crate::host(&demo);
    tokio::task::block_in_place(|| {
        let locale = ("LC_ALL".to_owned(), "POSIX".to_owned());
        let mut tui = Tui::start_in(100, 30, &["--wall", "-H", &host], &[locale]);
        tui.shows(SOON, "tasks running");
        tui.keys("w");
        tui.shows(SOON, "+ Services");
        tui.keys("2?");
        tui.shows(SOON, "everything about the selection");
        tui.keys("\x1b");
        tui.keys("q");
        assert_eq!(tui.ended(SOON), 0);
        let bytes = tui.raw();
        assert!(bytes.is_ascii(), "{}", String::from_utf8_lossy(&bytes));
    });
}
