//! Any manager, any way, and never just one: ssh, TLS, contexts, failover, several clusters.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};

use super::{
    lab::{Lab, wait},
    logs::{TALK, numbered, talkers},
    nodes::managers_back,
    tui::{LATER, SOON, Tui},
};

/// The system's ssh with a config of the suite's own: what a user has in `~/.ssh`.
pub struct Ssh {
    dir: PathBuf,
}

impl Ssh {
    pub fn new(labs: &[&Lab]) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let dir = std::env::temp_dir().join(format!("skep-ssh-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        let ssh = Self { dir };
        let program = ssh.path("ssh");
        let config = ssh.path("config");
        fs::write(
            &program,
            format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", config.display()),
        )
        .unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut text = String::new();
        for lab in labs {
            let key = lab.path("key");
            text += &format!(
                "Host {}\n  IdentityFile {}\n",
                lab.address(0).replace(".0", ".*"),
                key.display()
            );
        }
        let first = labs[0];
        text += &format!(
            "Host behind\n  HostName {}\n  User root\n  ProxyJump root@{}\n",
            first.address(3),
            first.address(4)
        );
        text += &format!(
            "Host *\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n",
            first.path("key").display(),
            ssh.path("known").display()
        );
        fs::write(&config, text).unwrap();
        let mut known = String::new();
        for lab in labs {
            let key = fs::read_to_string(lab.path("hostkey.pub")).unwrap();
            for node in 1..=5 {
                known += &format!("{} {key}", lab.address(node));
            }
        }
        fs::write(ssh.path("known"), known).unwrap();
        ssh
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn env(&self) -> Vec<(String, String)> {
        let path = std::env::var("PATH").unwrap_or_default();
        vec![
            ("PATH".into(), format!("{}:{path}", self.dir.display())),
            ("XDG_RUNTIME_DIR".into(), self.dir.display().to_string()),
        ]
    }

    pub fn skep(&self, args: &[&str]) -> (i32, String) {
        skep_in(args, &self.env())
    }

    pub fn open(&self, args: &[&str]) -> Tui {
        Tui::start_in(120, 40, args, &self.env())
    }

    /// No process and no directory of skep's is left.
    pub fn nothing_left(&self) {
        let left = || {
            let pattern = format!("{}/skep-", self.dir.display());
            let running = Command::new("pgrep").args(["-a", "-f", &pattern]).output().unwrap();
            let mut left = String::from_utf8_lossy(&running.stdout).into_owned();
            for entry in fs::read_dir(&self.dir).unwrap().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with("skep-") {
                    left += &name;
                }
            }
            left
        };
        let begun = Instant::now();
        while !left().is_empty() {
            let over = begun.elapsed() > Duration::from_secs(3);
            assert!(!over, "left behind: {}", left());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn skep_in(args: &[&str], env: &[(String, String)]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_skep"))
        .env("XDG_STATE_HOME", crate::state_home())
        .env("XDG_CONFIG_HOME", crate::state_home())
        .envs(env.iter().cloned())
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("skep runs");
    let text =
        String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap_or(-1), text)
}

pub fn keygen(args: &[&str]) {
    let done = Command::new("ssh-keygen").arg("-q").args(args).status();
    assert!(done.expect("ssh-keygen runs").success());
}

pub fn by_ssh(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let socket = |n: u32| lab.path(&format!("n{n}/docker.sock")).display().to_string();
    let (code, text) = ssh.skep(&["-H", &lab.ssh(1), "snapshot"]);
    assert!(code == 0 && text.contains("node5"), "{text}");
    let (code, text) = ssh.skep(&["-H", &format!("ssh://behind{}", socket(3)), "snapshot"]);
    assert!(code == 0 && text.contains("node5"), "through a jump host: {text}");
    let mut tui = ssh.open(&["-H", &lab.ssh(1)]);
    tui.shows(SOON, "● live");
    tui.keys("8");
    tui.shows(SOON, "ssh, forwarded socket");
    // The managers it knows of and was not told to use.
    tui.line(SOON, &["node2", "not configured"]);
    tui.quit();
    // A key that may forward nothing: dial-stdio it is.
    let plain = ssh.path("plain");
    keygen(&["-t", "ed25519", "-N", "", "-f", &plain.display().to_string()]);
    let authorized = lab.path("authorized_keys");
    let before = fs::read_to_string(&authorized).unwrap();
    let public = fs::read_to_string(ssh.path("plain.pub")).unwrap();
    fs::write(&authorized, format!("{before}no-port-forwarding {public}")).unwrap();
    let config = fs::read_to_string(ssh.path("config")).unwrap();
    let only = format!(
        "Host {}\n  HostName {}\n  User root\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n",
        "nofwd",
        lab.address(2),
        plain.display(),
        ssh.path("known").display()
    );
    fs::write(ssh.path("config"), only).unwrap();
    let mut tui = ssh.open(&["-H", &format!("ssh://nofwd{}", socket(2))]);
    tui.shows(SOON, "● live");
    tui.keys("8");
    tui.shows(SOON, "ssh, dial-stdio");
    tui.keys("2");
    lab.docker(
        1,
        &["service", "update", "--detach", "--no-resolve-image", "--label-add", "over=ssh", "web"],
    );
    tui.keys("5");
    tui.shows(SOON, "label over=ssh added");
    tui.quit();
    fs::write(&authorized, before).unwrap();
    fs::write(ssh.path("config"), config).unwrap();
    ssh.nothing_left();
    // Killed, it leaves nothing either.
    let tui = ssh.open(&["-H", &lab.ssh(1), "-H", &lab.ssh(2)]);
    tui.shows(SOON, "● live");
    let killed = Command::new("kill").args(["-9", &tui.pid().to_string()]).status();
    assert!(killed.unwrap().success());
    ssh.nothing_left();
}

pub fn asked_before(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let known = fs::read_to_string(ssh.path("known")).unwrap();
    // Unknown: refused where nobody can be asked, with the command that fixes it.
    fs::write(ssh.path("known"), "").unwrap();
    let (code, text) = ssh.skep(&["-H", &lab.ssh(1), "snapshot"]);
    let fix = format!("run 'ssh root@{}' once", lab.address(1));
    assert!(code != 0 && text.contains("host key is not known") && text.contains(&fix), "{text}");
    // On a terminal it is asked for, before the screen is taken.
    let mut tui = ssh.open(&["-H", &lab.ssh(1)]);
    tui.shows(SOON, "Are you sure you want to continue connecting");
    assert!(!tui.in_alternate_screen());
    tui.keys("no\r");
    assert_ne!(tui.ended(SOON), 0);
    assert!(tui.screen().contains("host key is not known"), "{}", tui.screen());
    let mut tui = ssh.open(&["-H", &lab.ssh(1)]);
    tui.shows(SOON, "Are you sure you want to continue connecting");
    tui.keys("yes\r");
    tui.shows(SOON, "● live");
    tui.quit();
    // Changed: refused at once.
    let other = ssh.path("other");
    keygen(&["-t", "ed25519", "-N", "", "-f", &other.display().to_string()]);
    let public = fs::read_to_string(ssh.path("other.pub")).unwrap();
    fs::write(ssh.path("known"), format!("{} {public}", lab.address(1))).unwrap();
    let mut tui = ssh.open(&["-H", &lab.ssh(1)]);
    assert_ne!(tui.ended(SOON), 0);
    let said = tui.screen().replace(['\n', '\r'], "");
    assert!(said.contains("HAS CHANGED") && said.contains("ssh-keygen -f"), "{said}");
    fs::write(ssh.path("known"), known).unwrap();
    // A key with a passphrase.
    let locked = ssh.path("locked");
    fs::copy(lab.path("key"), &locked).unwrap();
    keygen(&["-p", "-N", "open sesame", "-f", &locked.display().to_string()]);
    let config = fs::read_to_string(ssh.path("config")).unwrap();
    let with =
        config.replace(&lab.path("key").display().to_string(), &locked.display().to_string());
    fs::write(ssh.path("config"), with).unwrap();
    let (code, text) = ssh.skep(&["-H", &lab.ssh(1), "snapshot"]);
    assert!(code != 0 && text.contains("ssh-add"), "{text}");
    let mut tui = ssh.open(&["-H", &lab.ssh(1)]);
    tui.shows(SOON, "Enter passphrase");
    assert!(!tui.in_alternate_screen());
    tui.keys("open sesame\r");
    tui.shows(SOON, "● live");
    tui.quit();
    ssh.nothing_left();
}

pub fn cut_link(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let before = lab.logins(2);
    let mut tui = ssh.open(&["-H", &lab.ssh(2)]);
    tui.shows(SOON, "● live");
    for key in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        tui.keys(key);
        std::thread::sleep(Duration::from_millis(300));
    }
    tui.keys("2");
    assert_eq!(lab.logins(2), before + 1, "one login, however much is asked");
    let begun = Instant::now();
    lab.run(&["cut", "2"]);
    tui.shows(LATER, "✗ lost");
    let told = begun.elapsed();
    println!("        a cut link is told after {:.1} s", told.as_secs_f64());
    assert!(told < Duration::from_secs(16), "{told:?}");
    tui.line(SOON, &["web", "lab/app"]);
    lab.run(&["heal", "2"]);
    let back = tui.shows(LATER, "● live");
    println!("        live again {:.1} s after the cable was plugged in", back.as_secs_f64());
    assert!(lab.logins(2) <= before + 2, "{} logins", lab.logins(2) - before);
    tui.quit();
    ssh.nothing_left();
    managers_back(lab);
}

pub fn bad_input(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let dir = ssh.path("docker");
    for name in ["broken", "gone"] {
        fs::create_dir_all(dir.join("contexts/meta").join(name)).unwrap();
    }
    fs::write(dir.join("contexts/meta/broken/meta.json"), "{\"Name\": ").unwrap();
    let mut env = ssh.env();
    env.push(("DOCKER_CONFIG".into(), dir.display().to_string()));
    let good = lab.endpoint(1);
    // A host that accepts and stays silent.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("tcp://{}", silent.local_addr().unwrap());
    let dir_path = format!("unix://{}", dir.display());
    let nobody = format!("ssh://root@{}", lab.address(99));
    let nobody_says = format!("ssh: connect to host {}", lab.address(99));
    for (bad, says) in [
        (vec!["-c", "nothere"], "context 'nothere': there is none"),
        (vec!["-c", "broken"], "meta.json: can't be understood"),
        (vec!["-c", "gone"], "meta.json: No such file"),
        (vec!["-H", &dir_path], "no socket"),
        (vec!["-H", &nobody], &nobody_says),
        (vec!["-H", &silent], "no answer to GET /_ping"),
        (vec!["-H", "tcp://[::1]:1"], "tcp://[::1]:1"),
    ] {
        let mut args = vec!["snapshot", "-H", &good];
        args.extend(&bad);
        let (code, text) = skep_in(&args, &env);
        // A context is a cluster of its own; a further endpoint only one more way to this one.
        let wanted = if bad[0] == "-c" { 3 } else { 0 };
        assert!(
            code == wanted && text.contains(says) && text.contains("node5"),
            "{bad:?}: {code}\n{text}"
        );
    }
    let (code, text) = skep_in(&["snapshot", "-H", &good, "-H", &good], &env);
    assert!(code == 3 && text.contains("given twice") && text.contains("node5"), "{code} {text}");
    for wrong in ["tcp://::1:2375", "ssh://u:secret@h", "ssh://-oProxyCommand=x"] {
        let (code, text) = skep_in(&["snapshot", "-H", wrong], &env);
        assert!(code == 64 && !text.contains("secret"), "{code} {text}");
    }
    let (code, text) = ssh.skep(&["-H", &lab.ssh(4), "check"]);
    let offer = format!("skep -H ssh://root@{}", lab.address(1));
    assert!(code == 3 && text.contains("is a worker") && text.contains(&offer), "{code} {text}");
    // Two clusters of one name: the first stays.
    let config = ssh.path("config.toml");
    let cluster =
        |endpoint: &str| format!("[[cluster]]\nname = \"prod\"\nendpoints = [\"{endpoint}\"]\n");
    fs::write(&config, cluster(&good) + &cluster("tcp://192.0.2.1:1")).unwrap();
    let (code, text) = skep_in(&["--config", &config.display().to_string(), "snapshot"], &env);
    assert!(code == 3 && text.contains("two clusters 'prod'") && text.contains("node5"), "{text}");
}

/// Certificates like those a docker operator makes with openssl.
struct Pki {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Pki {
    fn new(dir: PathBuf) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, format!("CA {}", dir.display()));
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("ca.pem"), cert.pem()).unwrap();
        Self { dir, issuer: Issuer::new(params, key) }
    }

    /// Writes `<name>cert.pem` and `<name>key.pem`.
    fn sign(&self, name: &str, address: &str, expired: bool) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(address.parse().unwrap())];
        if expired {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.dir.join(format!("{name}cert.pem")), cert.pem()).unwrap();
        fs::write(self.dir.join(format!("{name}key.pem")), key.serialize_pem()).unwrap();
    }

    fn engine_args(&self, name: &str) -> String {
        let d = self.dir.display();
        format!(
            "-H tcp://0.0.0.0:2376 --tlsverify --tlscacert={d}/ca.pem --tlscert={d}/{name}cert.pem --tlskey={d}/{name}key.pem"
        )
    }
}

pub fn tls(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let pki = Pki::new(ssh.path("pki"));
    let address = lab.address(3);
    pki.sign("server-", &address, false);
    pki.sign("late-", &address, true);
    pki.sign("", &address, false);
    lab.crash(3);
    lab.start_with(3, &pki.engine_args("server-"));
    managers_back(lab);
    let endpoint = format!("tcp://{address}:2376");
    let with = |dir: &Path| {
        vec![
            ("DOCKER_HOST".to_owned(), endpoint.clone()),
            ("DOCKER_TLS_VERIFY".to_owned(), "1".to_owned()),
            ("DOCKER_CERT_PATH".to_owned(), dir.display().to_string()),
        ]
    };
    let (code, text) = skep_in(&["snapshot"], &with(&pki.dir));
    assert!(code == 0 && text.contains("node5"), "{text}");
    let mut tui = Tui::start_in(120, 40, &[], &with(&pki.dir));
    tui.shows(SOON, "● live");
    tui.keys("8");
    tui.line(SOON, &["in use", "TLS"]);
    tui.quit();
    let variant = |name: &str, change: &dyn Fn(&Path)| {
        let dir = ssh.path(name);
        fs::create_dir_all(&dir).unwrap();
        for file in ["ca.pem", "cert.pem", "key.pem"] {
            fs::copy(pki.dir.join(file), dir.join(file)).unwrap();
        }
        change(&dir);
        dir
    };
    let other = Pki::new(ssh.path("other-pki"));
    pki.sign("old-", &address, true);
    let cases: [(PathBuf, &str); 4] = [
        (
            variant("wrong-ca", &|d| drop(fs::copy(other.dir.join("ca.pem"), d.join("ca.pem")))),
            "signed by none of our authorities",
        ),
        (variant("no-key", &|d| fs::remove_file(d.join("key.pem")).unwrap()), "key.pem is missing"),
        (
            variant("expired", &|d| {
                fs::copy(pki.dir.join("old-cert.pem"), d.join("cert.pem")).unwrap();
                fs::copy(pki.dir.join("old-key.pem"), d.join("key.pem")).unwrap();
            }),
            "certificate",
        ),
        (
            variant("none", &|d| {
                fs::remove_file(d.join("cert.pem")).unwrap();
                fs::remove_file(d.join("key.pem")).unwrap();
            }),
            "certificate",
        ),
    ];
    for (dir, says) in cases {
        // Often: the engine's verdict and the first request cross each other on their way.
        let tries = (0..20).map(|_| skep_in(&["snapshot"], &with(&dir)));
        let mut said = String::new();
        for (code, text) in tries {
            assert!(
                code == 3 && text.contains("TLS:") && text.contains(says),
                "{}: {text}",
                dir.display()
            );
            said = text;
        }
        print!("        {said}");
    }
    // The plain port of an engine that speaks TLS, and the engine's own certificate expired.
    let (code, text) = skep_in(&["-H", &format!("tcp://{address}:2376"), "snapshot"], &[]);
    assert!(code == 3 && text.contains("speaks TLS there"), "{text}");
    lab.crash(3);
    lab.start_with(3, &pki.engine_args("late-"));
    let (code, text) = skep_in(&["snapshot"], &with(&pki.dir));
    assert!(code == 3 && text.contains("the engine's certificate has expired"), "{text}");
    // In the clear: possible, and told all the time.
    lab.crash(3);
    lab.start_with(3, "-H tcp://0.0.0.0:2375 --tls=false");
    managers_back(lab);
    let mut tui = Tui::start(80, 24, &["-H", &format!("tcp://{address}")]);
    tui.shows(SOON, "PLAIN TCP");
    tui.keys("8");
    tui.shows(SOON, "in use");
    tui.quit();
    lab.crash(3);
    lab.start(3);
    managers_back(lab);
}

pub fn contexts(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let dir = ssh.path("docker").display().to_string();
    let mut env = ssh.env();
    env.push(("DOCKER_CONFIG".into(), dir));
    let create = |name: &str, host: &str| {
        let out = Command::new("docker")
            .envs(env.iter().cloned())
            .env_remove("DOCKER_HOST")
            .args(["context", "create", name, "--docker", host])
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    create("one", &format!("host={}", lab.endpoint(1)));
    create("two", &format!("host={}", lab.ssh(2)));
    create("four", &format!("host={}", lab.ssh(4)));
    let pki = Pki::new(ssh.path("pki"));
    pki.sign("", &lab.address(1), false);
    let d = pki.dir.display();
    create(
        "tls",
        &format!("host=tcp://127.0.0.1:1,ca={d}/ca.pem,cert={d}/cert.pem,key={d}/key.pem"),
    );
    let (code, text) = skep_in(&["-c", "one", "-c", "two", "snapshot"], &env);
    assert!(code == 0 && text.matches("NODES").count() == 1, "one Swarm, told once: {text}");
    let (code, text) = skep_in(&["contexts"], &env);
    assert!(code == 0, "{text}");
    println!("{}", text.trim_end());
    let line = |name: &str| {
        text.lines().find(|l| l.contains(&format!(" {name} "))).unwrap_or("").to_owned()
    };
    assert!(line("one").contains("manager node1 of Swarm"), "{text}");
    assert!(line("two").contains("forwarded socket"), "{text}");
    assert!(line("four").contains("is a worker"), "{text}");
    assert!(line("tls").contains("connection refused"), "{text}");
    env.push(("DOCKER_CONTEXT".into(), "two".into()));
    let (code, text) = skep_in(&["snapshot"], &env);
    assert!(code == 0 && text.contains("node5"), "{text}");
    env.pop();
    let used =
        Command::new("docker").envs(env.iter().cloned()).args(["context", "use", "one"]).output();
    assert!(used.unwrap().status.success());
    let (code, text) = skep_in(&["check", "--json"], &env);
    assert!(code <= 2 && text.contains("\"status\""), "{code} {text}");
    ssh.nothing_left();
}

/// The node named after `● live` in the header.
fn in_use(tui: &Tui) -> u32 {
    let screen = tui.screen();
    let after = screen.split("● live node").nth(1).unwrap_or_else(|| panic!("not live:\n{screen}"));
    after.chars().next().and_then(|c| c.to_digit(10)).expect("a node of the lab")
}

fn leader(lab: &Lab) -> u32 {
    for node in 1..=3 {
        let out =
            lab.try_docker(node, &["node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}"]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        if let Some(line) = text.lines().find(|l| l.ends_with("Leader")) {
            return line
                .trim_start_matches("node")
                .chars()
                .next()
                .and_then(|c| c.to_digit(10))
                .unwrap();
        }
    }
    panic!("there is no leader");
}

pub fn failover(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let leader = leader(lab);
    // On workers, which stay: it writes a number in each line.
    talkers(lab, "numbers", 2, TALK, &["--constraint", "node.role==worker"]);
    lab.converged("numbers", "2");
    // Managers that follow: losing one does not stop the Swarm.
    let two: Vec<u32> = (1..=3).filter(|n| *n != leader).collect();
    for (how, limit) in [("powered off", 5), ("cut off", 5)] {
        let hosts: Vec<String> = two.iter().map(|n| lab.ssh(*n)).collect();
        let mut tui = ssh.open(&["-H", &hosts[0], "-H", &hosts[1]]);
        tui.shows(SOON, "● live");
        tui.line(SOON, &["web", "/3"]);
        let victim = in_use(&tui);
        // Its log is written to a file meanwhile.
        let file = ssh.path(&format!("{}.log", how.replace(' ', "-")));
        tui.on_service("numbers");
        tui.keys("l");
        tui.shows(SOON, "n=");
        tui.keys(&format!(":tee {}\r", file.display()));
        tui.shows(SOON, "writing to a file");
        tui.on_service("web");
        tui.keys("f");
        tui.shows(SOON, "Plan: redeploy");
        tui.keys("y");
        tui.shows(SOON, "converging");
        let begun = Instant::now();
        if how == "powered off" {
            lab.crash(victim);
        } else {
            lab.run(&["cut", &victim.to_string()]);
        }
        let other = if victim == two[0] { two[1] } else { two[0] };
        tui.shows(LATER, &format!("● live node{other}"));
        let took = begun.elapsed();
        println!("        {how}: live on another manager after {:.1} s", took.as_secs_f64());
        assert!(took < Duration::from_secs(limit), "{took:?}");
        // Cursor, filter and the follow are where they were.
        tui.until(SOON, "cursor and filter are kept", |s| {
            s.contains("/web") && s.lines().any(|l| l.contains('›') && l.contains("web"))
        });
        tui.keys("8");
        tui.line(SOON, &[&lab.address(victim), "out"]);
        tui.keys("5");
        tui.shows(SOON, "now through");
        tui.keys("2");
        if how == "powered off" {
            lab.start(victim);
        } else {
            lab.run(&["heal", &victim.to_string()]);
        }
        // The Swarm goes on with the update, and skep with following it.
        tui.shows(LATER, "converged");
        tui.keys("8");
        tui.line(LATER, &[&lab.address(victim), "ready"]);
        // The log went on through the other manager: no line lost, none twice.
        let text = fs::read_to_string(&file).unwrap();
        let (total, _) = numbered(&text);
        println!("        {total} log lines over it, none lost, none twice");
        assert!(total > 500, "{total}");
        tui.quit();
        managers_back(lab);
        lab.converged("web", "3");
    }
    lab.docker(1, &["service", "rm", "numbers"]);
    ssh.nothing_left();
}

pub fn in_flight(lab: &Lab) {
    // Twenty of them take three minutes.
    let flights = if crate::is_full() { 20 } else { 3 };
    let ssh = Ssh::new(&[lab]);
    let hosts: Vec<String> = (1..=3).map(|n| lab.ssh(n)).collect();
    let (mut carried_out, mut not) = (0, 0);
    for flight in 0..flights {
        let mut tui = ssh.open(&["-H", &hosts[0], "-H", &hosts[1], "-H", &hosts[2]]);
        tui.shows(LATER, "● live");
        tui.line(LATER, &["web", "3/3"]);
        let victim = in_use(&tui);
        let witness = victim % 3 + 1;
        let forced = || {
            let format = "{{.Spec.TaskTemplate.ForceUpdate}}";
            let out = lab.try_docker(witness, &["service", "inspect", "web", "--format", format]);
            String::from_utf8_lossy(&out.stdout).trim().parse::<u64>().ok()
        };
        let before = forced().expect("the Swarm answers");
        tui.on_service("web");
        tui.keys("f");
        tui.shows(SOON, "Plan: redeploy");
        let off = lab.power_off(victim);
        tui.keys("y");
        // From before it leaves to after it was taken.
        std::thread::sleep(Duration::from_micros(3_000 * flight));
        off();
        // Sometimes it is off before a connection for the write is made.
        let refused = "✗ redeploy web";
        let told = ["converging", "runs, watching", "converged", "not carried out", refused];
        tui.until(LATER, "the outcome is told", |s| {
            [witness, witness % 3 + 1].iter().any(|node| {
                s.contains(&format!("● live node{node}"))
                    || s.contains(&format!("● live root@{}", lab.address(*node)))
            })
        });
        tui.until(LATER, "the outcome is told", |s| {
            told.iter().any(|t| s.contains(t)) && !s.contains("sending")
        });
        let mut after = None;
        wait(LATER, "the Swarm answers", || {
            after = forced();
            after.is_some()
        });
        let screen = tui.screen();
        let says_not = screen.contains("not carried out") || screen.contains(refused);
        let after = after.unwrap();
        assert!(
            after == before + u64::from(!says_not),
            "flight {flight}: {before} → {after}\n{screen}"
        );
        if says_not {
            not += 1
        } else {
            carried_out += 1
        }
        tui.quit();
        lab.start(victim);
        managers_back(lab);
        lab.converged("web", "3");
    }
    println!("        {flights} in flight: {carried_out} carried out, {not} not, each told so");
    ssh.nothing_left();
}

pub fn two_clusters(lab: &Lab) {
    let second = lab.second();
    second.service("shop", 2, &[]);
    let ssh = Ssh::new(&[lab, &second]);
    let config = ssh.path("skep.toml");
    fs::write(
        &config,
        format!(
            "[[cluster]]\nname = \"main\"\nendpoints = [\"{}\", \"{}\"]\n[[cluster]]\nname = \"live\"\nendpoints = [\"{}\"]\nproduction = true\ncolour = \"red\"\n",
            lab.ssh(1), lab.ssh(2), second.ssh(1)
        ),
    )
    .unwrap();
    let mut tui = ssh.open(&["--config", &config.display().to_string()]);
    tui.shows(SOON, "● live");
    tui.keys("8");
    tui.line(SOON, &["main", "5/5", "RW"]);
    tui.line(SOON, &["live", "2/2", "PROD RW"]);
    tui.keys(":cluster live\r");
    tui.shows(SOON, "PRODUCTION live");
    tui.on_service("shop");
    // Production: typed, also where a `y` would do elsewhere.
    tui.keys("s3\r");
    tui.shows(SOON, "type \"shop\" to confirm");
    tui.keys("y");
    tui.keys("\x15shop\r");
    tui.shows(LATER, "converged");
    tui.keys("[");
    tui.line(SOON, &["main", "● live"]);
    tui.keys("2");
    tui.line(SOON, &["web", "3/3"]);
    second.crash(1);
    tui.shows(SOON, "✗ live");
    tui.line(SOON, &["main", "● live"]);
    tui.keys("8");
    tui.line(SOON, &["live", "lost"]);
    tui.line(SOON, &["main", "5/5"]);
    second.start(1);
    tui.line(LATER, &["live", "PROD RW", "2/2"]);
    tui.keys("\x1b");
    tui.keys("]");
    tui.shows(SOON, "PRODUCTION live");
    tui.until(SOON, "its cursor is where it was", |s| {
        s.contains("/shop") && s.lines().any(|l| l.contains('›') && l.contains("shop"))
    });
    tui.quit();
    let (code, text) = ssh.skep(&["--config", &config.display().to_string(), "snapshot"]);
    assert!(code == 0 && text.contains("CLUSTER main") && text.contains("CLUSTER live"), "{text}");
    ssh.nothing_left();
}

pub fn figures(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let host = lab.ssh(2);
    let median = |mut run: Box<dyn FnMut() -> Duration + '_>| {
        let mut times: Vec<Duration> = (0..5).map(|_| run()).collect();
        times.sort();
        times[2]
    };
    let skep = median(Box::new(|| {
        let tui = ssh.open(&["-H", &host]);
        let begun = Instant::now();
        tui.line(SOON, &["web", "3/3"]);
        let took = begun.elapsed();
        tui.quit();
        took
    }));
    let docker = median(Box::new(|| {
        let begun = Instant::now();
        let out = Command::new("docker")
            .envs(ssh.env())
            .env("DOCKER_HOST", &host)
            .args(["service", "ls"])
            .output()
            .unwrap();
        assert!(out.status.success());
        begun.elapsed()
    }));
    println!(
        "        first full frame over ssh {} ms, docker service ls {} ms: {:.2}x",
        skep.as_millis(),
        docker.as_millis(),
        skep.as_secs_f64() / docker.as_secs_f64()
    );
    assert!(skep < docker * 3, "{skep:?} against {docker:?}");
    // What goes over the cable, counted at the bridge's end of it.
    let wire = || -> u64 {
        let read = |what: &str| -> u64 {
            let path = format!("/sys/class/net/{}/statistics/{what}_bytes", lab.cable(2));
            fs::read_to_string(path).unwrap().trim().parse().unwrap()
        };
        read("rx") + read("tx")
    };
    let minute = |what: &str| {
        let before = wire();
        std::thread::sleep(Duration::from_secs(20));
        let bytes = (wire() - before) * 3;
        println!("        over the cable in a minute, {what}: {} KB", bytes / 1_000);
        bytes
    };
    let without = minute("without skep");
    let tui = ssh.open(&["-H", &host]);
    tui.line(SOON, &["web", "3/3"]);
    let idle = minute("idle");
    lab.docker(1, &["service", "update", "--detach", "--force", "web"]);
    let busy = minute("busy");
    assert!(idle > without && busy > 0);
    tui.quit();
}
