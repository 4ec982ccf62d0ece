//! Configs whose content changed: they can't be changed, so the new content gets a name of its own.

use serde_json::Value;

use super::{Addressee, Recording, StackObject, id_of, name_of};

/// The longest name that the engine takes.
const LONGEST_NAME: usize = 64;
/// Digits of the hash in a name.
const DIGITS: usize = 8;

impl Recording {
    /// Has services use `name-hash` where the content of a config has changed: a new config, or the one that
    /// an earlier deploy made of this content. Unless it is wanted, only the latter.
    pub fn rotate_configs(&mut self, is_wanted: bool) {
        for at in 0..self.writes.len() {
            let write = &self.writes[at];
            let Addressee::Existing { id, .. } = &write.addressee else { continue };
            if write.kind != StackObject::Config {
                continue;
            }
            let (old, data) = (id.clone(), write.body["Data"].clone());
            let has = self.read.by_id(write.kind, &old).map(|config| &config["Spec"]["Data"]);
            if has.is_none_or(|has| *has == data) {
                continue;
            }
            let name = name_of(&write.body).to_owned();
            let new_name = with_hash(&name, &data);
            let made = self.read.by_name(StackObject::Config, &new_name);
            let made = made.filter(|config| config["Spec"]["Data"] == data);
            let new = match made {
                Some(made) => {
                    let new = id_of(made).to_owned();
                    let version = made["Version"]["Index"].as_u64().unwrap_or_default();
                    self.writes[at].addressee = Addressee::Existing { id: new.clone(), version };
                    new
                }
                None if is_wanted => {
                    let new = format!("rotated{at}");
                    self.writes[at].addressee = Addressee::New(new.clone());
                    self.warnings.push(format!(
                        "the content of config {name} changed: it is made anew as {new_name}, and {name} stays"
                    ));
                    new
                }
                None => continue,
            };
            self.writes[at].body["Name"] = new_name.as_str().into();
            self.refer_to(&old, &new, &new_name);
        }
    }

    /// Has services use another config.
    fn refer_to(&mut self, old: &str, new: &str, name: &str) {
        let services = self.writes.iter_mut().filter(|w| w.kind == StackObject::Service);
        for service in services {
            let configs = service.body.pointer_mut("/TaskTemplate/ContainerSpec/Configs");
            let configs = configs.and_then(Value::as_array_mut).into_iter().flatten();
            for config in configs.filter(|config| config["ConfigID"] == old) {
                config["ConfigID"] = new.into();
                config["ConfigName"] = name.into();
            }
            let spec = "/TaskTemplate/ContainerSpec/Privileges/CredentialSpec/Config";
            if let Some(config) = service.body.pointer_mut(spec).filter(|config| **config == *old) {
                *config = new.into();
            }
        }
    }
}

/// The name of a config with this content.
fn with_hash(name: &str, data: &Value) -> String {
    let data = data.as_str().unwrap_or_default();
    let digest = ring::digest::digest(&ring::digest::SHA256, data.as_bytes());
    let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let room = LONGEST_NAME - DIGITS - 1;
    let end = (0..=room.min(name.len())).rev().find(|at| name.is_char_boundary(*at));
    format!("{}-{}", &name[..end.unwrap_or(0)], &hash[..DIGITS])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::action::plan::RecordedWrite;

    fn recording(has: &str) -> Recording {
        let write =
            |kind, addressee, body| RecordedWrite { kind, addressee, body, credentials: None };
        let existing = |id: &str| Addressee::Existing { id: id.into(), version: 1 };
        let service = json!({ "Name": "web", "TaskTemplate": { "ContainerSpec": {
            "Configs": [{ "ConfigID": "c1", "ConfigName": "cfg", "File": { "Name": "/cfg" } }] } } });
        let mut recording = Recording {
            writes: vec![
                write(
                    StackObject::Config,
                    existing("c1"),
                    json!({ "Name": "cfg", "Data": "bmV3" }),
                ),
                write(StackObject::Service, existing("s1"), service),
            ],
            ..Recording::default()
        };
        let config = json!({ "ID": "c1", "Spec": { "Name": "cfg", "Data": has } });
        recording.read.note(StackObject::Config, config);
        recording
    }

    fn used(recording: &Recording) -> (String, String) {
        let config = &recording.writes[1].body["TaskTemplate"]["ContainerSpec"]["Configs"][0];
        assert_eq!(config["File"]["Name"], "/cfg");
        let text = |key: &str| config[key].as_str().unwrap_or_default().to_owned();
        (text("ConfigID"), text("ConfigName"))
    }

    #[test]
    fn a_changed_content_gets_a_name_of_its_own() {
        let mut same = recording("bmV3");
        same.rotate_configs(true);
        assert_eq!(used(&same), ("c1".into(), "cfg".into()));

        let mut unwanted = recording("b2xk");
        unwanted.rotate_configs(false);
        assert_eq!(used(&unwanted), ("c1".into(), "cfg".into()));

        let mut new = recording("b2xk");
        new.rotate_configs(true);
        let name = with_hash("cfg", &"bmV3".into());
        assert_eq!(used(&new), ("rotated0".into(), name.clone()));
        assert_eq!(name_of(&new.writes[0].body), name);

        // An earlier deploy made it: then it is used, wanted or not.
        let mut again = recording("b2xk");
        let made = json!({ "ID": "c2", "Version": { "Index": 5 }, "Spec": { "Name": name, "Data": "bmV3" } });
        again.read.note(StackObject::Config, made);
        again.rotate_configs(false);
        assert_eq!(used(&again), ("c2".into(), name));
        let there = Addressee::Existing { id: "c2".into(), version: 5 };
        assert_eq!(again.writes[0].addressee, there);
    }

    #[test]
    fn a_name_with_a_hash_is_one_that_the_engine_takes() {
        let name = with_hash(&"x".repeat(80), &"eA==".into());
        assert_eq!(name.len(), LONGEST_NAME);
        assert_ne!(with_hash("a", &"eA==".into()), with_hash("a", &"eQ==".into()));
    }
}
