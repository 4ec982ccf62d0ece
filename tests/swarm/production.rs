//! A Swarm as production has it: well, and never at rest. Of what is meant to be so nobody is woken.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use super::{
    lab::{Lab, UPDATE_STATE},
    nodes::managers_back,
    scenarios::skep,
};

/// From asking for something to docker showing it; slow stops and health checks are meant.
const SHOWN: Duration = Duration::from_secs(150);

/// How many replicas docker is to show of a service.
#[derive(Clone, Copy)]
enum Asked {
    /// So many, running.
    All(&'static str),
    /// None: it has done its work, or waits for the next time to do it.
    DoneOrDoing,
}

/// A service, how it is made, and what docker shows of it when it is well.
struct Service {
    name: &'static str,
    how: &'static [&'static str],
    asked: Asked,
    run: &'static str,
}

const fn service(
    name: &'static str,
    how: &'static [&'static str],
    asked: Asked,
    run: &'static str,
) -> Service {
    Service { name, how, asked, run }
}

const STAY: &str = "sleep 100000";

/// Node 3, a manager, is drained: four nodes and two managers take tasks.
const SERVICES: &[Service] = &[
    service("agent", &["--mode", "global", "--network", "host"], Asked::All("4/4"), STAY),
    service(
        "proxy",
        &[
            "--mode",
            "global",
            "--constraint",
            "node.role==manager",
            "--publish",
            "mode=host,published=8443,target=443",
        ],
        Asked::All("2/2"),
        STAY,
    ),
    service("api", &["--replicas", "4", "--update-delay", "1s"], Asked::All("4/4"), STAY),
    service("autoscaled", &["--replicas", "0"], Asked::All("0/0"), STAY),
    service(
        "checked",
        &["--replicas", "2", "--health-cmd", "true", "--constraint", "node.role==manager"],
        Asked::All("2/2"),
        STAY,
    ),
    service("single", &["--replicas", "1"], Asked::All("1/1"), STAY),
    service(
        "slow-stop",
        &["--replicas", "2", "--stop-grace-period", "10s"],
        Asked::All("2/2"),
        STAY,
    ),
    service("cron-nightly", &["--restart-delay", "24h"], Asked::DoneOrDoing, "echo b; sleep 1"),
    service("cron-often", &["--restart-delay", "20s"], Asked::DoneOrDoing, "echo b; sleep 1"),
    service("backup", &["--restart-condition", "none"], Asked::DoneOrDoing, "echo done"),
    service(
        "migrate",
        &["--restart-condition", "on-failure"],
        Asked::DoneOrDoing,
        "echo migrated; sleep 2",
    ),
    service(
        "job",
        &["--mode", "replicated-job", "--replicas", "3"],
        Asked::DoneOrDoing,
        "echo done",
    ),
    service("job-everywhere", &["--mode", "global-job"], Asked::DoneOrDoing, "echo done"),
];

fn create(lab: &Lab, service: &Service) {
    let mut args = vec!["service", "create", "--detach", "--no-resolve-image"];
    args.extend(["--name", service.name, "--limit-memory", "64m"]);
    if !service.how.contains(&"--stop-grace-period") {
        args.extend(["--stop-grace-period", "1s"]);
    }
    // Jobs take no settings of updates.
    if !service.name.starts_with("job") {
        args.extend(["--update-monitor", "2s"]);
    }
    args.extend(service.how);
    args.extend(["lab/app:1.0", "sh", "-c", service.run]);
    lab.docker(1, &args);
}

/// Whether docker shows what was asked for: every node ready, every service with all it is to have.
fn as_asked(lab: &Lab) -> bool {
    nodes_ready(lab) && services_well(lab)
}

fn nodes_ready(lab: &Lab) -> bool {
    let nodes = lab.try_docker(1, &["node", "ls", "--format", "{{.Status}}"]).stdout;
    let nodes = String::from_utf8_lossy(&nodes);
    nodes.lines().count() == 5 && nodes.lines().all(|state| state == "Ready")
}

fn services_well(lab: &Lab) -> bool {
    let list = ["service", "ls", "--format", "{{.Name}} {{.Replicas}}"];
    let list = lab.try_docker(1, &list).stdout;
    let list = String::from_utf8_lossy(&list);
    let shown = |name: &str| list.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
    SERVICES.iter().all(|s| match (s.asked, shown(s.name)) {
        (Asked::All(wanted), Some(replicas)) => replicas == wanted,
        (Asked::DoneOrDoing, replicas) => replicas.is_some(),
        (Asked::All(_), None) => false,
    })
}

/// What `skep check` said, over time.
#[derive(Default)]
struct Samples {
    /// Taken while docker showed what was asked for.
    at_rest: u32,
    /// Taken while what was asked for was under way.
    in_motion: u32,
    /// Whether a node or task is taken away, so that something may be told while it is.
    harmed: bool,
    false_alarms: Vec<String>,
}

impl Samples {
    /// One sample, with docker asked before and after it: in between nothing may come and go.
    fn take(&mut self, lab: &Lab, during: &str) {
        let before = (nodes_ready(lab), services_well(lab));
        let (code, text) = skep(&["-H", &lab.endpoint(1), "check"]);
        let after = (nodes_ready(lab), services_well(lab));
        let is_at_rest = before == (true, true) && after == (true, true);
        // A busy machine may miss heartbeats: that is an outage, and no business of this scenario.
        let is_meant = before.0 && after.0 && !self.harmed;
        match (is_at_rest, is_meant) {
            (true, _) => self.at_rest += 1,
            (false, true) => self.in_motion += 1,
            (false, false) => return,
        }
        if code != 0 {
            let kind = if is_at_rest { "docker shows what was asked for" } else { "in motion" };
            self.false_alarms.push(format!("{during} ({kind}): exit {code}\n{}", text.trim_end()));
        }
    }

    /// Samples until it is so, and docker shows what was asked for.
    fn until(&mut self, lab: &Lab, during: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        loop {
            self.take(lab, during);
            if is_so() && as_asked(lab) {
                self.take(lab, during);
                println!("        {during}: {:.0} s", begun.elapsed().as_secs_f64());
                return;
            }
            assert!(begun.elapsed() < SHOWN, "{during} does not end");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn rest(&mut self, lab: &Lab, seconds: u64) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            self.take(lab, "nothing");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn verdict(self) {
        let Self { at_rest, in_motion, false_alarms, .. } = self;
        println!("        {at_rest} samples at rest, {in_motion} in motion");
        let mut told = HashSet::new();
        for alarm in false_alarms.iter().filter(|alarm| told.insert(alarm.as_str())) {
            println!("        false alarm during {alarm}");
        }
        assert!(at_rest >= 10 && in_motion >= 5, "too few samples: {at_rest}, {in_motion}");
        assert!(false_alarms.is_empty(), "{} false alarms", false_alarms.len());
    }
}

fn update(lab: &Lab, args: &[&str]) {
    lab.docker(1, &[&["service", "update", "--detach", "--no-resolve-image"], args].concat());
}

fn updated(lab: &Lab, name: &str) -> bool {
    lab.inspect(name, UPDATE_STATE) == "completed"
}

fn rolling_update(lab: &Lab, samples: &mut Samples, image: &str) {
    update(lab, &["--image", image, "api"]);
    samples.until(lab, &format!("a rolling update to {image}"), || updated(lab, "api"));
}

fn drain(lab: &Lab, samples: &mut Samples) {
    lab.docker(1, &["node", "update", "--availability", "drain", "node5"]);
    // One agent less is what was asked for as long as it takes.
    let moved = || {
        let left = ["node", "ps", "node5", "--filter", "desired-state=running", "--quiet"];
        lab.docker(1, &left).is_empty()
    };
    let begun = Instant::now();
    while !(moved() && lab.docker(5, &["ps", "--quiet"]).is_empty()) {
        samples.take(lab, "a drain");
        assert!(begun.elapsed() < SHOWN, "the drain does not end");
    }
    println!("        a drain: {:.0} s", begun.elapsed().as_secs_f64());
    samples.take(lab, "a drained node");
    lab.docker(1, &["node", "update", "--availability", "active", "node5"]);
    samples.until(lab, "an activation", || true);
}

/// The tasks of a worker end with its engine, and are started again.
fn engine_restart(lab: &Lab, samples: &mut Samples) {
    samples.harmed = true;
    lab.restart_engine(4);
    samples.until(lab, "a worker's engine restart", || {
        let running = lab.try_docker(4, &["ps", "--quiet"]).stdout;
        !running.is_empty()
    });
    samples.harmed = false;
}

fn set_up(lab: &Lab, samples: &mut Samples) {
    lab.docker(1, &["node", "update", "--availability", "drain", "node3"]);
    for service in SERVICES {
        create(lab, service);
    }
    let begun = Instant::now();
    let finished = || {
        let job = lab.docker(1, &["service", "ps", "job", "--format", "{{.CurrentState}}"]);
        job.lines().filter(|l| l.starts_with("Complete")).count() == 3
    };
    samples.until(lab, "its start", || finished() && begun.elapsed().as_secs() >= 5);
}

fn clean_up(lab: &Lab) {
    for service in SERVICES {
        lab.docker(1, &["service", "rm", service.name]);
    }
    lab.docker(1, &["node", "update", "--availability", "active", "node3"]);
    managers_back(lab);
    lab.converged("web", "3");
}

/// Each of what an ordinary week brings, once.
pub fn briefly(lab: &Lab) {
    let mut samples = Samples::default();
    set_up(lab, &mut samples);
    rolling_update(lab, &mut samples, "lab/app:1.1");
    drain(lab, &mut samples);
    engine_restart(lab, &mut samples);
    samples.rest(lab, 5);
    clean_up(lab);
    samples.verdict();
}

/// The same again and again for ten minutes, with more of it.
pub fn ten_minutes(lab: &Lab) {
    let begun = Instant::now();
    let mut samples = Samples::default();
    set_up(lab, &mut samples);
    for image in ["lab/app:1.1", "lab/app:1.2"].iter().cycle() {
        rolling_update(lab, &mut samples, image);
        drain(lab, &mut samples);
        for (name, what) in [("checked", "health checks of 30 s"), ("single", "one replica")] {
            update(lab, &["--force", name]);
            let done = || updated(lab, name);
            samples.until(lab, &format!("a redeployment with {what}"), done);
        }
        lab.docker(1, &["service", "update", "--detach", "--replicas", "3", "autoscaled"]);
        samples.rest(lab, 10);
        lab.docker(1, &["service", "update", "--detach", "--replicas", "0", "autoscaled"]);
        samples.until(lab, "a scale to 3 and back to 0", || true);
        engine_restart(lab, &mut samples);
        samples.rest(lab, 45);
        if begun.elapsed() >= Duration::from_secs(600) {
            break;
        }
    }
    clean_up(lab);
    samples.verdict();
}
