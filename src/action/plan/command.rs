//! The `docker` command that does the same as a plan.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Change, Document,
    change::{image_of, replicas},
    mask::mask_env,
};
use crate::text::{clean, quote};

/// One shell command. Changes without a flag are named in a comment after it. `called` is the name
/// by which docker finds the object.
pub(super) fn docker(document: &Document, called: &str, after: &Value, change: &Change) -> String {
    let name = quote(called);
    match change {
        Change::Scale(_) => {
            format!("docker service scale {name}={}", replicas(after).unwrap_or_default())
        }
        Change::Image(asked) => {
            let image = image_of(after).unwrap_or(asked);
            format!("docker service update {}--image {} {name}", as_written(image), quote(image))
        }
        Change::Force => format!("docker service update --force {name}"),
        Change::Rollback => format!("docker service rollback {name}"),
        Change::Node(change) => change.command(called, &document.spec),
        Change::Deploy(_) | Change::Remove => String::new(),
        Change::Spec(_) => {
            let mut flags = Flags::default();
            flags.collect(&document.spec, after);
            let rest = if flags.rest.is_empty() {
                String::new()
            } else {
                format!("   # and, with no flag: {}", flags.rest.join(", "))
            };
            if flags.out.is_empty() {
                format!("# docker has no flag for: {}", flags.rest.join(", "))
            } else {
                let changed =
                    image_of(after).filter(|image| image_of(&document.spec) != Some(*image));
                let written = changed.map_or("", as_written);
                format!("docker service update {written}{} {name}{rest}", flags.out.join(" "))
            }
        }
    }
}

/// skep writes an image as it was typed; docker would ask the registry for its digest, and write that.
fn as_written(image: &str) -> &'static str {
    if image.contains('@') { "" } else { "--no-resolve-image " }
}

#[derive(Default)]
struct Flags {
    out: Vec<String>,
    rest: Vec<String>,
}

/// Fields that one flag sets to the value as it is.
const PLAIN: &[(&str, &str)] = &[
    ("/TaskTemplate/ContainerSpec/Image", "image"),
    ("/TaskTemplate/ContainerSpec/Hostname", "hostname"),
    ("/TaskTemplate/ContainerSpec/Dir", "workdir"),
    ("/TaskTemplate/ContainerSpec/User", "user"),
    ("/TaskTemplate/ContainerSpec/StopSignal", "stop-signal"),
    ("/TaskTemplate/ContainerSpec/ReadOnly", "read-only"),
    ("/TaskTemplate/ContainerSpec/TTY", "tty"),
    ("/TaskTemplate/ContainerSpec/Init", "init"),
    ("/TaskTemplate/Resources/Limits/MemoryBytes", "limit-memory"),
    ("/TaskTemplate/Resources/Limits/Pids", "limit-pids"),
    ("/TaskTemplate/Resources/Reservations/MemoryBytes", "reserve-memory"),
    ("/TaskTemplate/RestartPolicy/Condition", "restart-condition"),
    ("/TaskTemplate/RestartPolicy/MaxAttempts", "restart-max-attempts"),
    ("/TaskTemplate/Placement/MaxReplicas", "replicas-max-per-node"),
    ("/Mode/Replicated/Replicas", "replicas"),
    ("/UpdateConfig/Parallelism", "update-parallelism"),
    ("/UpdateConfig/FailureAction", "update-failure-action"),
    ("/UpdateConfig/MaxFailureRatio", "update-max-failure-ratio"),
    ("/UpdateConfig/Order", "update-order"),
    ("/RollbackConfig/Parallelism", "rollback-parallelism"),
    ("/RollbackConfig/FailureAction", "rollback-failure-action"),
    ("/RollbackConfig/MaxFailureRatio", "rollback-max-failure-ratio"),
    ("/RollbackConfig/Order", "rollback-order"),
    ("/EndpointSpec/Mode", "endpoint-mode"),
];

/// Nanoseconds, which the CLI takes as `10s` or `500ms`.
const DURATIONS: &[(&str, &str)] = &[
    ("/TaskTemplate/ContainerSpec/StopGracePeriod", "stop-grace-period"),
    ("/TaskTemplate/RestartPolicy/Delay", "restart-delay"),
    ("/TaskTemplate/RestartPolicy/Window", "restart-window"),
    ("/UpdateConfig/Delay", "update-delay"),
    ("/UpdateConfig/Monitor", "update-monitor"),
    ("/RollbackConfig/Delay", "rollback-delay"),
    ("/RollbackConfig/Monitor", "rollback-monitor"),
];

/// Billionths of a CPU.
const CPUS: &[(&str, &str)] = &[
    ("/TaskTemplate/Resources/Limits/NanoCPUs", "limit-cpu"),
    ("/TaskTemplate/Resources/Reservations/NanoCPUs", "reserve-cpu"),
];

/// Lists with `--X-add` and `--X-rm`; the function writes an element for each.
type Element = fn(&Value) -> String;
const LISTS: &[(&str, &str, Element, Element)] = &[
    ("/TaskTemplate/ContainerSpec/Env", "env", env_line, key_of),
    ("/TaskTemplate/Placement/Constraints", "constraint", text, text),
    ("/TaskTemplate/ContainerSpec/Mounts", "mount", mount, mount_target),
    ("/TaskTemplate/Networks", "network", target, target),
    ("/TaskTemplate/ContainerSpec/Secrets", "secret", secret, secret_name),
    ("/TaskTemplate/ContainerSpec/Configs", "config", config, config_name),
    ("/TaskTemplate/ContainerSpec/CapabilityAdd", "cap", text, text),
    ("/TaskTemplate/ContainerSpec/Hosts", "host", host, host),
    ("/EndpointSpec/Ports", "publish", port, port_target),
];

/// Maps of text with `--X-add k=v` and `--X-rm k`.
const MAPS: &[(&str, &str)] =
    &[("/Labels", "label"), ("/TaskTemplate/ContainerSpec/Labels", "container-label")];

impl Flags {
    fn add(&mut self, flag: &str, value: &str) {
        self.out.push(format!("--{flag} {}", quote(value)));
    }

    fn collect(&mut self, before: &Value, after: &Value) {
        let at = |spec: &Value, path: &str| spec.pointer(path).cloned().unwrap_or(Value::Null);
        let mut known = BTreeSet::new();
        let changed = |path: &str| at(before, path) != at(after, path);
        let mut scalar = |flags: &mut Self, path: &str, flag: &str, write: fn(&Value) -> String| {
            known.insert(path.to_owned());
            if changed(path) {
                flags.add(flag, &write(&at(after, path)));
            }
        };
        for (path, flag) in PLAIN {
            scalar(self, path, flag, text);
        }
        for (path, flag) in DURATIONS {
            scalar(self, path, flag, duration);
        }
        for (path, flag) in CPUS {
            scalar(self, path, flag, cpus);
        }
        for (path, flag, add, remove) in LISTS {
            known.insert((*path).to_owned());
            let list = |v: Value| v.as_array().cloned().unwrap_or_default();
            let (old, new) = (list(at(before, path)), list(at(after, path)));
            for gone in old.iter().filter(|o| !new.contains(o)) {
                if !new.iter().any(|n| remove(n) == remove(gone)) {
                    self.add(&format!("{flag}-rm"), &remove(gone));
                }
            }
            for come in new.iter().filter(|n| !old.contains(n)) {
                self.add(&format!("{flag}-add"), &add(come));
            }
        }
        for (path, flag) in MAPS {
            known.insert((*path).to_owned());
            let map = |v: Value| v.as_object().cloned().unwrap_or_default();
            let (old, new) = (map(at(before, path)), map(at(after, path)));
            for gone in old.keys().filter(|k| !new.contains_key(*k)) {
                self.add(&format!("{flag}-rm"), gone);
            }
            for (key, value) in new.iter().filter(|(k, v)| old.get(*k) != Some(v)) {
                self.add(&format!("{flag}-add"), &mask_env(&format!("{key}={}", text(value))));
            }
        }
        let args = "/TaskTemplate/ContainerSpec/Args";
        known.insert(args.to_owned());
        if changed(args) {
            let words: Vec<String> =
                at(after, args).as_array().into_iter().flatten().map(|a| quote(&text(a))).collect();
            self.add("args", &words.join(" "));
        }
        leaves(before, after, String::new(), &known, &mut self.rest);
    }
}

/// Paths of changed values that no flag above covers.
fn leaves(
    before: &Value,
    after: &Value,
    path: String,
    known: &BTreeSet<String>,
    out: &mut Vec<String>,
) {
    if before == after || known.contains(&path) {
        return;
    }
    let inner = |v: &Value| v.is_object() || v.is_null();
    if inner(before) && inner(after) && (before.is_object() || after.is_object()) {
        let keys: BTreeSet<&String> = [before, after]
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(|m| m.keys())
            .collect();
        for key in keys {
            leaves(&before[key], &after[key], format!("{path}/{key}"), known, out);
        }
    } else {
        // It stands in a comment, which a line end would end.
        out.push(clean(&path.trim_start_matches('/').replace('/', ".")).into_owned());
    }
}

fn text(v: &Value) -> String {
    match v {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

fn duration(v: &Value) -> String {
    match v.as_u64().unwrap_or(0) {
        n if n % 1_000_000_000 == 0 => format!("{}s", n / 1_000_000_000),
        n if n % 1_000_000 == 0 => format!("{}ms", n / 1_000_000),
        n => format!("{n}ns"),
    }
}

fn cpus(v: &Value) -> String {
    let n = v.as_u64().unwrap_or(0);
    let text = format!("{}.{:09}", n / 1_000_000_000, n % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn env_line(v: &Value) -> String {
    mask_env(&text(v))
}

fn key_of(v: &Value) -> String {
    text(v).split('=').next().unwrap_or_default().to_owned()
}

fn mount(v: &Value) -> String {
    let mut out = format!("type={}", v["Type"].as_str().unwrap_or("volume"));
    if let Some(source) = v["Source"].as_str() {
        out += &format!(",src={source}");
    }
    out += &format!(",dst={}", text(&v["Target"]));
    if v["ReadOnly"] == true {
        out += ",readonly";
    }
    out
}

fn mount_target(v: &Value) -> String {
    text(&v["Target"])
}

fn target(v: &Value) -> String {
    text(&v["Target"])
}

fn secret_name(v: &Value) -> String {
    text(&v["SecretName"])
}

fn secret(v: &Value) -> String {
    format!("source={},target={}", secret_name(v), text(&v["File"]["Name"]))
}

fn config_name(v: &Value) -> String {
    text(&v["ConfigName"])
}

fn config(v: &Value) -> String {
    format!("source={},target={}", config_name(v), text(&v["File"]["Name"]))
}

fn host(v: &Value) -> String {
    let line = text(v);
    line.split_once(' ').map_or(line.clone(), |(ip, name)| format!("{name}:{ip}"))
}

fn port_target(v: &Value) -> String {
    text(&v["TargetPort"])
}

fn port(v: &Value) -> String {
    let mut out = format!(
        "mode={},target={}",
        v["PublishMode"].as_str().unwrap_or("ingress"),
        port_target(v)
    );
    if let Some(published) = v["PublishedPort"].as_u64().filter(|p| *p > 0) {
        out += &format!(",published={published}");
    }
    if let Some(protocol) = v["Protocol"].as_str().filter(|p| *p != "tcp") {
        out += &format!(",protocol={protocol}");
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_edited_spec_becomes_flags() {
        let before = json!({"Name": "web", "Labels": {"a": "1"}, "TaskTemplate": {"ContainerSpec": {"Image": "api:1", "Env": ["A=1", "B=2"]}}});
        let mut after = before.clone();
        after["Labels"] = json!({"b": "x y"});
        after["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["A=5", "DB_PASSWORD=s"]);
        after["TaskTemplate"]["ContainerSpec"]["Isolation"] = "hyperv".into();
        after["UpdateConfig"] = json!({"Delay": 1_500_000_000, "Parallelism": 2});
        let document = Document {
            target: crate::cluster::ServiceId::from("x").into(),
            name: "web".into(),
            version: 1,
            spec: before,
            previous: None,
        };
        let line = docker(&document, "web", &after, &Change::Spec(Box::new(after.clone())));
        assert_eq!(
            line,
            "docker service update --update-parallelism 2 --update-delay 1500ms --env-rm B --env-add A=5 \
             --env-add 'DB_PASSWORD=<hidden>' --label-rm a --label-add 'b=x y' web   \
             # and, with no flag: TaskTemplate.ContainerSpec.Isolation"
        );
        let mut hostile = document.spec.clone();
        hostile["Labels"] = json!({"a": "1\n$(reboot)"});
        hostile["x\nreboot"] = 1.into();
        let line = docker(&document, "web", &hostile, &Change::Spec(Box::new(hostile.clone())));
        assert_eq!(
            line,
            "docker service update --label-add 'a=1\n$(reboot)' web   # and, with no flag: x␊reboot"
        );
    }
}
