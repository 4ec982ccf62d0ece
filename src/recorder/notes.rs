//! Notes of the CLI's reads and writes, and the answers to its writes.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::action::plan::{
    Addressee, Credentials, KnownObjects, RecordedWrite, Recording, StackObject, id_of, name_of,
};

/// Notes of one deploy.
#[derive(Debug, Default)]
pub(super) struct Notes {
    writes: Vec<RecordedWrite>,
    read: KnownObjects,
    unresolved: Vec<(String, String)>,
}

/// A write that no deploy consists of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotRecorded;

impl Notes {
    /// Notes a write; the status and the body of its answer.
    pub fn write(
        &mut self,
        method: &str,
        path: &[&str],
        version: Option<u64>,
        body: Value,
        credentials: Option<Credentials>,
    ) -> Result<(u16, Value), NotRecorded> {
        let kind = path.first().and_then(|part| StackObject::of_path(part)).ok_or(NotRecorded)?;
        let (addressee, answer) = match (method, &path[1..]) {
            ("POST", ["create"]) => {
                let id = format!("recorded{}", self.writes.len());
                let answer = json!({ "ID": id, "Id": id, "Warning": "", "Warnings": null });
                (Addressee::New(id), (201, answer))
            }
            ("POST", [id, "update"]) => {
                let id = (*id).to_owned();
                let version = version.ok_or(NotRecorded)?;
                (Addressee::Existing { id, version }, (200, json!({ "Warnings": null })))
            }
            ("DELETE", [id]) => (Addressee::Removed((*id).to_owned()), (200, Value::Null)),
            _ => return Err(NotRecorded),
        };
        self.writes.push(RecordedWrite { kind, addressee, body, credentials });
        Ok(answer)
    }

    /// Notes a list that was read, and adds what the CLI believes to have created since. Of networks it is
    /// told none, so that it names all that its files want.
    pub fn list(&mut self, kind: StackObject, body: &Bytes) -> Option<Bytes> {
        let mut all: Vec<Value> = serde_json::from_slice(body).ok()?;
        for object in &all {
            self.read.note(kind, object.clone());
        }
        match kind {
            StackObject::Network => all.clear(),
            StackObject::Service => {}
            StackObject::Secret | StackObject::Config => {
                let new = self
                    .created(kind)
                    .filter(|made| !all.iter().any(|object| name_of(object) == name_of(made)));
                let new: Vec<Value> = new.collect();
                all.extend(new);
            }
        }
        serde_json::to_vec(&all).ok().map(Bytes::from)
    }

    /// Notes one object that was read.
    pub fn object(&mut self, kind: StackObject, body: &Bytes) {
        if let Ok(object) = serde_json::from_slice::<Value>(body)
            && !id_of(&object).is_empty()
        {
            self.read.note(kind, object);
        }
    }

    /// An object that the CLI believes to have created, by its name or its id.
    pub fn created_as(&self, kind: StackObject, asked: &str) -> Option<Value> {
        self.created(kind).find(|made| id_of(made) == asked || name_of(made) == asked)
    }

    /// Notes that a registry told no digest.
    pub fn unresolved(&mut self, image: String, why: String) {
        self.unresolved.push((image, why));
    }

    /// The whole, once it has ended.
    pub fn recording(&self, stack: &str, warnings: Vec<String>) -> Recording {
        Recording {
            stack: stack.to_owned(),
            writes: self.writes.clone(),
            read: self.read.clone(),
            unresolved: self.unresolved.clone(),
            warnings,
            command: String::new(),
            is_partial: false,
        }
    }

    fn created(&self, kind: StackObject) -> impl Iterator<Item = Value> {
        self.writes.iter().filter(move |write| write.kind == kind).filter_map(|write| {
            let Addressee::New(id) = &write.addressee else { return None };
            Some(json!({ "ID": id, "Version": { "Index": 1 }, "Spec": write.body }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(value: &Value) -> Bytes {
        serde_json::to_vec(value).unwrap().into()
    }

    #[test]
    fn what_was_created_is_listed_from_then_on() {
        let mut notes = Notes::default();
        let spec = json!({ "Name": "shop_pw", "Data": "eA==" });
        let (status, answer) =
            notes.write("POST", &["secrets", "create"], None, spec, None).unwrap();
        assert_eq!(status, 201);
        let there = json!([{ "ID": "a", "Spec": { "Name": "other_shop_pw" } }]);
        let listed = notes.list(StackObject::Secret, &bytes(&there)).unwrap();
        let listed: Vec<Value> = serde_json::from_slice(&listed).unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(id_of(&listed[1]), answer["ID"]);
        assert!(notes.created_as(StackObject::Secret, "shop_pw").is_some());
        assert!(notes.created_as(StackObject::Config, "shop_pw").is_none());
    }

    #[test]
    fn the_cli_is_told_of_no_network_and_so_names_all_it_wants() {
        let mut notes = Notes::default();
        let there = json!([{ "Id": "n1", "Name": "shop_default" }]);
        assert_eq!(notes.list(StackObject::Network, &bytes(&there)).unwrap(), "[]");
        let recording = notes.recording("shop", Vec::new());
        assert_eq!(
            id_of(recording.read.by_name(StackObject::Network, "shop_default").unwrap()),
            "n1"
        );
    }

    #[test]
    fn only_what_a_deploy_consists_of_is_recorded() {
        let mut notes = Notes::default();
        for (method, path) in [
            ("POST", vec!["swarm", "leave"]),
            ("POST", vec!["services", "a", "update"]),
            ("POST", vec!["containers", "create"]),
            ("DELETE", vec!["services"]),
            ("PUT", vec!["services", "create"]),
        ] {
            let said = notes.write(method, &path, None, Value::Null, None);
            assert_eq!(said, Err(NotRecorded), "{method} {path:?}");
        }
    }
}
