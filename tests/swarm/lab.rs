//! The lab: a real Swarm of 3 managers and 2 workers with mixed engines, on this machine.

use std::{
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

/// Template of an update's state; empty for the moment before the manager has begun it.
pub const UPDATE_STATE: &str = "{{with .UpdateStatus}}{{.State}}{{end}}";

pub struct Lab {
    dir: PathBuf,
    net: String,
    bridge: String,
    engines: String,
    managers: u32,
    workers: u32,
}

/// What runs nodes 1, 2, … if `SKEP_ENGINES` does not say.
const ENGINES: &str = "bookworm trixie sid bookworm trixie";

/// Swarms of suites that run at the same time on one machine.
const AT_MOST: u32 = 100;

impl Lab {
    /// Starts it. Fails, never skips.
    pub fn up() -> Self {
        let engines = std::env::var("SKEP_ENGINES").unwrap_or_else(|_| ENGINES.into());
        Self::start_up(&engines, None, [3, 2])
    }

    /// A second, smaller one beside it.
    pub fn second(&self) -> Self {
        self.beside([1, 1])
    }

    /// Another one beside it, of so many managers and workers, all with the first engine.
    pub fn beside(&self, size: [u32; 2]) -> Self {
        let first = self.engines.split(' ').next().unwrap_or_default();
        Self::start_up(first, Some(self), size)
    }

    /// Lets a node ask for the root certificate and for its own, and connect no more: what comes after
    /// that in a join never happens.
    pub fn break_joins(&self, node: u32) {
        let netns = format!("--net=/run/netns/{}n{node}", self.bridge);
        let syn = ["-p", "tcp", "--dport", "2377", "--syn"];
        let limit = ["-m", "limit", "--limit", "1/hour", "--limit-burst", "2", "-j", "ACCEPT"];
        for rule in [&["-j", "DROP"][..], &limit] {
            let mut command = Command::new("nsenter");
            command.args([&netns, "iptables", "-I", "OUTPUT"]).args(syn).args(rule);
            assert!(command.status().expect("nsenter runs").success());
        }
    }

    /// Each node in turn gets one of the engines; those that had to be unpacked are shared with
    /// `beside`.
    fn start_up(engines: &str, beside: Option<&Self>, [managers, workers]: [u32; 2]) -> Self {
        let mut each = engines.split_whitespace().cycle();
        let all = (0..managers + workers).map_while(|_| each.next()).collect::<Vec<_>>().join(" ");
        let (number, dir) = claim();
        if let Some(first) = beside {
            let _ = std::os::unix::fs::symlink(first.path("engines"), dir.join("engines"));
        }
        let (net, bridge) = (format!("10.79.{number}"), format!("swskep{number}"));
        let lab = Self { dir, net, bridge, engines: all, managers, workers };
        let begun = Instant::now();
        let out = lab.run(&["up", &managers.to_string(), &workers.to_string()]);
        assert!(
            out.status.success(),
            "the real Swarm can't start:\n{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        println!(
            "swarm up in {:.1} s\n{}",
            begun.elapsed().as_secs_f64(),
            String::from_utf8_lossy(&out.stdout)
        );
        lab
    }

    /// The node's end of its network cable that is on this machine.
    pub fn cable(&self, node: u32) -> String {
        format!("{}v{node}", self.bridge)
    }

    /// The engine's version on each node, as the Swarm lists it: `20.10`, `29.7`.
    pub fn versions(&self) -> Vec<(String, String)> {
        let format = "{{.Hostname}} {{.EngineVersion}}";
        let list = self.docker(1, &["node", "ls", "--format", format]);
        let of = |line: &str| {
            let (host, version) = line.split_once(' ')?;
            let major_minor = version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            Some((host.to_owned(), major_minor))
        };
        list.lines().filter_map(of).collect()
    }

    /// A node whose engine tries again to pull an image it can't get, and tells why, where older ones
    /// reject the task: from 29 on.
    pub fn retries_pulls(&self) -> Option<String> {
        let retries = |version: &str| {
            version.split('.').next().and_then(|v| v.parse::<u32>().ok()).is_some_and(|v| v >= 29)
        };
        self.versions().into_iter().find(|(_, v)| retries(v)).map(|(host, _)| host)
    }

    fn script(&self) -> Command {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/swarm/lab"));
        command
            .env("LAB", &self.dir)
            .env("NET", &self.net)
            .env("BR", &self.bridge)
            .env("ENGINES", &self.engines)
            .env("SSH", "1")
            .env_remove("DOCKER_HOST");
        command
    }

    /// One of the script's verbs.
    pub fn run(&self, args: &[&str]) -> Output {
        self.script().args(args).output().expect("the lab script runs")
    }

    /// `docker` against a node; its output, which must be a success.
    pub fn docker(&self, node: u32, args: &[&str]) -> String {
        let out = self.try_docker(node, args);
        let err = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "docker {args:?} on node {node}: {err}");
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }

    pub fn try_docker(&self, node: u32, args: &[&str]) -> Output {
        Command::new("docker")
            .env("DOCKER_HOST", self.endpoint(node))
            .args(args)
            .output()
            .expect("docker runs")
    }

    pub fn endpoint(&self, node: u32) -> String {
        format!("unix://{}/n{node}/docker.sock", self.dir.display())
    }

    /// Where things of the lab lie.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub fn address(&self, node: u32) -> String {
        format!("{}.{node}", self.net)
    }

    /// The same engine over ssh.
    pub fn ssh(&self, node: u32) -> String {
        format!("ssh://root@{}{}/n{node}/docker.sock", self.address(node), self.dir.display())
    }

    /// Logins over ssh that a node took so far.
    pub fn logins(&self, node: u32) -> usize {
        let log = std::fs::read_to_string(self.path(&format!("n{node}/sshd.log")));
        log.unwrap_or_default().matches("Accepted publickey").count()
    }

    /// Powers a node on with more arguments for its engine.
    pub fn start_with(&self, node: u32, arguments: &str) {
        let out = self
            .script()
            .env("DOCKERD_ARGS", arguments)
            .args(["start", &node.to_string()])
            .output();
        let out = out.expect("the lab script runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    /// The process whose end is the node's.
    fn init(&self, node: u32) -> String {
        let pid =
            std::fs::read_to_string(self.path(&format!("n{node}/unshare.pid"))).expect("it runs");
        let child = Command::new("pgrep").args(["-P", pid.trim()]).output().expect("pgrep runs");
        String::from_utf8_lossy(&child.stdout).trim().to_owned()
    }

    /// Kills every process of a node at once; quicker than the script.
    pub fn power_off(&self, node: u32) -> impl FnOnce() {
        let init = self.init(node);
        move || {
            let status = Command::new("kill").args(["-9", &init]).status();
            assert!(status.expect("kill runs").success());
        }
    }

    /// Ends a node's engine as an operator does, and starts it again; the node itself stays.
    pub fn restart_engine(&self, node: u32) {
        let engine = format!("^dockerd --data-root {}/n{node}/data", self.dir.display());
        let pid = || {
            let out = Command::new("pgrep").args(["-f", &engine]).output().expect("pgrep runs");
            String::from_utf8_lossy(&out.stdout).lines().next().map(str::to_owned)
        };
        let old = pid().expect("the engine runs");
        let read = |name: &str| std::fs::read(format!("/proc/{old}/{name}")).expect("it runs");
        let (words, environment) = (read("cmdline"), read("environ"));
        let path = environment.split(|b| *b == 0).find_map(|v| v.strip_prefix(b"PATH="));
        let path = String::from_utf8_lossy(path.expect("a PATH")).into_owned();
        Command::new("kill").args(["-TERM", &old]).status().expect("kill runs");
        wait(Duration::from_secs(30), "the engine has ended", || pid().is_none());
        let words = words.split(|b| *b == 0).filter(|w| !w.is_empty());
        let words: Vec<String> = words.map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let log = std::fs::File::options().append(true).open(self.path(&format!("n{node}/log")));
        let mut engine = Command::new("nsenter")
            .args(["--target", &self.init(node), "--mount", "--uts", "--net", "--pid", "--"])
            .args(words)
            .env("PATH", path)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(log.expect("the node's log"))
            .spawn()
            .expect("nsenter runs");
        // It ends with its node.
        std::thread::spawn(move || engine.wait());
        let socket = self.path(&format!("n{node}/docker.sock"));
        wait(Duration::from_secs(30), "the engine answers again", || {
            socket.exists() && self.try_docker(node, &["version"]).status.success()
        });
    }

    /// A manager's own clock, as its events count.
    pub fn now(&self, node: u32) -> String {
        self.docker(node, &["info", "--format", "{{.SystemTime}}"])
    }

    /// The nodes that the Swarm itself called down since then, by the events of all managers.
    pub fn nodes_lost_since(&self, begun: &str) -> Vec<String> {
        let mut lost = Vec::new();
        for manager in 1..=self.managers {
            let until = self.now(manager);
            let format = "{{index .Actor.Attributes \"state.new\"}} {{.Actor.Attributes.name}}";
            let args = ["events", "--since", begun, "--until", &until, "--filter", "type=node"];
            let out = self.docker(manager, &[&args[..], &["--format", format]].concat());
            lost.extend(out.lines().filter_map(|l| l.strip_prefix("down ").map(str::to_owned)));
        }
        lost.sort();
        lost.dedup();
        lost
    }

    pub fn crash(&self, node: u32) {
        self.run(&["crash", &node.to_string()]);
    }

    /// Stops a node's engine in the middle of whatever it does: it takes requests and answers none.
    pub fn freeze(&self, node: u32) {
        // The engine alone: the processes that hold the node's namespaces must still see it die.
        let engine = format!("^dockerd --data-root {}/n{node}/data", self.dir.display());
        let status = Command::new("pkill").args(["-STOP", "-f", &engine]).status();
        assert!(status.expect("pkill runs").success());
    }

    pub fn start(&self, node: u32) {
        let out = self.run(&["start", &node.to_string()]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    /// A service of sleeping containers, ready to use.
    pub fn service(&self, name: &str, replicas: u32, more: &[&str]) {
        let replicas = replicas.to_string();
        let mut args = vec![
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--name",
            name,
            "--replicas",
            &replicas,
            "--stop-grace-period",
            "1s",
            "--update-monitor",
            "2s",
            "--restart-delay",
            "1s",
        ];
        args.extend(more);
        args.extend(["lab/app:1.0", "sleep", "100000"]);
        self.docker(1, &args);
        self.converged(name, &replicas);
    }

    /// The service that most scenarios work with, and that stays from the first to the last.
    pub fn web(&self) {
        self.service("web", 3, &["--label", "team=hive", "--env", "DB_PASSWORD=hunter2"]);
    }

    /// Waits until docker says that so many replicas run.
    pub fn converged(&self, name: &str, replicas: &str) {
        let wanted = format!("{replicas}/{replicas}");
        let filter = format!("name={name}");
        wait(Duration::from_secs(60), &format!("{name} has {wanted}"), || {
            let args = ["service", "ls", "--filter", &filter, "--format", "{{.Replicas}}"];
            self.try_docker(1, &args).stdout.trim_ascii() == wanted.as_bytes()
        });
    }

    /// Makes it what it was before a scenario failed, as well as it can, so that one failure is one:
    /// every node on, joined, active, and in its role; no services but `web`.
    pub fn mend(&self) {
        let nodes = 1..=self.managers + self.workers;
        for node in nodes.clone() {
            let list = self.try_docker(node, &["node", "ls"]);
            if list.status.success() {
                println!("{}", String::from_utf8_lossy(&list.stdout));
                break;
            }
        }
        for node in nodes.clone() {
            self.run(&["heal", &node.to_string()]);
            if !self.try_docker(node, &["version"]).status.success() {
                self.crash(node);
                self.run(&["start", &node.to_string()]);
            }
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) && !self.is_whole() {
            nodes.clone().for_each(|node| self.rejoin_if_left(node));
            for manager in nodes.clone() {
                for node in nodes.clone() {
                    let role = if node <= self.managers { "manager" } else { "worker" };
                    let (role, name) = (format!("--role={role}"), format!("node{node}"));
                    let args = ["node", "update", &role, "--availability=active", &name];
                    self.try_docker(manager, &args);
                }
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        let services = self.try_docker(1, &["service", "ls", "--quiet"]).stdout;
        for id in String::from_utf8_lossy(&services).lines() {
            self.try_docker(1, &["service", "rm", id]);
        }
        let has_web = std::panic::catch_unwind(AssertUnwindSafe(|| self.web())).is_ok();
        println!(
            "        mended: {}",
            if has_web && self.is_whole() { "whole" } else { "not whole" }
        );
    }

    /// Joins a node that is in no Swarm, and removes what it left behind in this one.
    fn rejoin_if_left(&self, node: u32) {
        let told = |on: u32, args: &[&str]| {
            String::from_utf8_lossy(&self.try_docker(on, args).stdout).trim().to_owned()
        };
        let state = told(node, &["info", "--format", "{{.Swarm.LocalNodeState}}"]);
        if !matches!(state.as_str(), "inactive" | "error" | "pending") {
            return;
        }
        let role = if node <= self.managers { "manager" } else { "worker" };
        for through in (1..=self.managers).filter(|m| *m != node) {
            let token = told(through, &["swarm", "join-token", "--quiet", role]);
            if token.is_empty() {
                continue;
            }
            self.try_docker(node, &["swarm", "leave", "--force"]);
            let address = format!("{}:2377", self.address(through));
            let out = self.try_docker(node, &["swarm", "join", "--token", &token, &address]);
            let format = "{{.ID}} {{.Hostname}} {{.Status}}";
            let entries = told(through, &["node", "ls", "--format", format]);
            let name = format!(" node{node} Down");
            for id in entries.lines().filter_map(|line| line.strip_suffix(&name)) {
                self.try_docker(through, &["node", "demote", id]);
                self.try_docker(through, &["node", "rm", "--force", id]);
            }
            if out.status.success() {
                return;
            }
        }
    }

    fn is_whole(&self) -> bool {
        let format = "{{.Status}} {{.Availability}} {{.ManagerStatus}}";
        let list = self.try_docker(1, &["node", "ls", "--format", format]).stdout;
        let list = String::from_utf8_lossy(&list);
        let (all, managers): (Vec<&str>, _) =
            list.lines().map(str::trim).partition(|l| *l == "Ready Active");
        managers.len() == self.managers as usize
            && all.len() == self.workers as usize
            && managers
                .iter()
                .all(|l| matches!(*l, "Ready Active Leader" | "Ready Active Reachable"))
    }

    pub fn inspect(&self, service: &str, format: &str) -> String {
        self.docker(1, &["service", "inspect", service, "--format", format])
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.run(&["down"]);
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A directory that is this suite's alone, and with it the names of a network. That of a suite which
/// was killed is taken over: the script then ends what it left running.
fn claim() -> (u32, PathBuf) {
    for number in 0..AT_MOST {
        let dir = std::env::temp_dir().join(format!("skep-lab-{number}"));
        let owner = dir.join("owner");
        let is_new = std::fs::create_dir(&dir).is_ok();
        let pid = std::fs::read_to_string(&owner).unwrap_or_default();
        let is_left = !pid.is_empty() && !Path::new("/proc").join(&pid).exists();
        if is_new || is_left {
            std::fs::write(owner, std::process::id().to_string()).expect("the lab's directory");
            return (number, dir);
        }
    }
    panic!("{AT_MOST} Swarms run already");
}

/// Waits until something is so.
pub fn wait(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "after {} s still not: {what}", limit.as_secs());
        std::thread::sleep(Duration::from_millis(50));
    }
}
