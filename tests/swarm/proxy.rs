//! A socket proxy as people run it: haproxy with a rule an endpoint, before a real manager.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    lab::{Lab, wait},
    tui::{SOON, Tui},
};

/// What the rules of such a proxy are about, each a variable of its environment.
const PARTS: [&str; 10] = [
    "configs", "events", "info", "networks", "nodes", "ping", "secrets", "services", "tasks",
    "version",
];

struct Proxy {
    child: Child,
    config: PathBuf,
    log: PathBuf,
    endpoint: String,
}

impl Proxy {
    /// Refuses writes and these; hangs up on what is silent for `idle`.
    fn start(lab: &Lab, refused: &[&str], idle: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let socket = lab.endpoint(1).replace("unix://", "unix@");
        let rules = PARTS.map(|part| {
            let path = if part == "ping" { "_ping" } else { part };
            let name = part.to_uppercase();
            format!(
                "  http-request allow if {{ path,url_dec -m reg -i ^(/v[\\d\\.]+)?/{path} }} {{ env({name}) -m bool }}\n"
            )
        });
        let text = format!(
            "global\n  maxconn 100\n  log stdout format raw daemon info\n\
             defaults\n  mode http\n  log global\n  option httplog\n  option http-server-close\n  retries 3\n\
             \x20 timeout http-request 10s\n  timeout queue 1m\n  timeout connect 10s\n\
             \x20 timeout client {idle}\n  timeout server {idle}\n  timeout http-keep-alive 10s\n\
             backend engine\n  server socket {socket}\n\
             frontend proxy\n  bind 127.0.0.1:{port}\n\
             \x20 http-request deny unless METH_GET || {{ env(POST) -m bool }}\n{}\
             \x20 http-request deny\n\
             \x20 default_backend engine\n",
            rules.concat()
        );
        let config = lab.path("haproxy.cfg");
        let log = lab.path("haproxy.log");
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(&config).env("POST", "0");
        for part in PARTS {
            command.env(part.to_uppercase(), if refused.contains(&part) { "0" } else { "1" });
        }
        let out = std::fs::File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out);
        let child = child.spawn().expect("haproxy is installed");
        let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        wait(Duration::from_secs(10), "the proxy listens", listens);
        // As the docker CLI lets it be written.
        Self { child, config, log, endpoint: format!("127.0.0.1:{port}") }
    }

    /// Event streams that ended, as its log has them.
    fn ended_streams(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains("/events?")).count()
    }

    fn skep(&self, args: &[&str]) -> (i32, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_skep"))
            .env("XDG_STATE_HOME", crate::state_home())
            .env("XDG_CONFIG_HOME", crate::state_home())
            .env("DOCKER_HOST", &self.endpoint)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .expect("skep runs");
        let text = [out.stdout, out.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains("<html") && !text.contains("administrative"), "{args:?}: {text}");
        (out.status.code().unwrap_or(-1), text)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.config);
    }
}

/// Each refusal is named, and leaves everything else as it was.
pub fn refusals(lab: &Lab) {
    lab.service("proxied", 1, &[]);
    let whole = Proxy::start(lab, &[], "10m");
    let (ours, said) = whole.skep(&["check"]);
    assert!(ours < 3 && !said.contains("unknown"), "{said}");
    drop(whole);
    for part in ["info", "nodes", "tasks", "networks", "secrets", "configs", "ping"] {
        let proxy = Proxy::start(lab, &[part], "10m");
        let (code, said) = proxy.skep(&["check"]);
        let judged = matches!(part, "nodes" | "tasks");
        let wanted = if judged { 3 } else { ours };
        assert_eq!(code, wanted, "{part}: {said}");
        let why = format!("{part} unknown: GET /{part} is refused (403 Forbidden)");
        assert_eq!(said.contains(&why), part != "ping", "{part}: {said}");
        let (code, text) = proxy.skep(&["snapshot", "--json"]);
        // Some of what a Swarm lists can't be read.
        let wanted = if judged { 3 } else { 0 };
        assert!(code == wanted && text.contains("\"name\": \"proxied\""), "{part}: {text}");
        if judged {
            assert!(text.contains(&format!("\"{part}\": null")), "{part}: {text}");
        }
    }
    let proxy = Proxy::start(lab, &["services"], "10m");
    let (code, said) = proxy.skep(&["check"]);
    assert!(code == 3 && said.contains("refuses GET /services (403 Forbidden)"), "{said}");
    lab.docker(1, &["service", "rm", "proxied"]);
}

/// What is refused is unknown on the screen; writes say why they fail; a stream that is cut for being
/// silent is opened again without a word.
pub fn on_screen(lab: &Lab) {
    lab.service("proxied", 1, &[]);
    let proxy = Proxy::start(lab, &["info", "nodes", "networks"], "2s");
    let mut tui = Tui::start(120, 40, &["-H", &proxy.endpoint]);
    tui.shows(SOON, "● live");
    tui.shows(SOON, "nodes ?");
    let begun = Instant::now();
    while proxy.ended_streams() < 3 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the proxy cuts silent streams");
        let screen = tui.screen();
        assert!(screen.contains("● live") && !screen.contains("lost"), "{screen}");
        std::thread::sleep(Duration::from_millis(50));
    }
    // A change while no stream may be open is seen as well.
    lab.docker(1, &["service", "update", "--detach", "--label-add", "via=proxy", "proxied"]);
    tui.keys("5");
    tui.shows(SOON, "via");
    let screen = tui.screen();
    assert!(!screen.contains("connection"), "{screen}");
    tui.keys("3");
    tui.shows(SOON, "unknown: GET /nodes is refused (403 Forbidden)");
    tui.quit();
    lab.docker(1, &["service", "rm", "proxied"]);
}
