//! Secrets: their age, their labels and who is given them.

use std::borrow::Cow;

use crate::{
    cluster::{Kind, Part, Secret, SecretId, Store, Subject, family},
    config::Slot,
    ui::{
        app::{cluster::Cluster, model::Model},
        screen::{
            list::{List, ListKind, column, users},
            networks::pairs,
        },
        table::{
            Row,
            columns::{Cell, Column, Key},
            order::natural,
        },
        widget::text,
    },
};

/// The secrets.
pub(in crate::ui) type Secrets = List<SecretKind>;

/// One line.
#[derive(Clone, Debug)]
pub(in crate::ui) struct SecretRow {
    secret: Secret,
    services: usize,
    /// Others of its family, as `name-1` and `name-2` are.
    relatives: usize,
}

impl Row for SecretRow {
    type Id = SecretId;
    fn id(&self) -> SecretId {
        self.secret.id.clone()
    }
}

/// Labels without those of the stack: `key=value`.
fn labels(row: &SecretRow) -> String {
    let own = row.secret.labels.iter().filter(|(key, _)| !key.starts_with("com.docker.stack."));
    own.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

pub(in crate::ui) struct SecretKind;

impl ListKind for SecretKind {
    type Row = SecretRow;

    const TITLE: &'static str = "Secrets";
    const FROM: &'static [Kind] = &[Kind::Swarm, Kind::Secrets, Kind::Services];
    const PART: Option<Part> = Some(Part::Secrets);
    const NOTHING: &'static str = "no secrets";
    const SEARCHED: &'static str = "name, ID, labels, services, unused";
    const COLUMNS: &'static [Column<SecretRow>] = &[
        column(
            "NAME",
            (12, 48),
            0,
            false,
            |r, _| Cell::name(&*r.secret.name, Slot::Text),
            |_, _| Key::Place,
        ),
        column(
            "SERVICES",
            (8, 9),
            0,
            true,
            |r, _| users(r.services),
            |r, _| Key::Number(-(r.services as i64)),
        ),
        column(
            "AGE",
            (3, 4),
            0,
            true,
            |r, m| Cell::dim(text::age(r.secret.created.age(m.now))),
            |r, _| Key::Number(-r.secret.created.0),
        ),
        column(
            "FAMILY",
            (6, 24),
            3,
            false,
            |r, _| match r.relatives {
                0 => Cell::dim(""),
                n => Cell::dim(format!("{} +{n}", family(&r.secret.name))),
            },
            |r, _| Key::text(family(&r.secret.name)),
        ),
        column(
            "STACK",
            (5, 20),
            2,
            false,
            |r, _| Cell::dim(r.secret.stack().map_or("", |s| s)),
            |r, _| Key::text(r.secret.stack().map_or("", |s| s)),
        ),
        column(
            "LABELS",
            (6, 60),
            4,
            false,
            |r, _| Cell::dim(labels(r)),
            |r, _| Key::text(labels(r)),
        ),
    ];

    fn rows(cluster: &Cluster) -> Vec<SecretRow> {
        let store = &cluster.model.store;
        let mut families = std::collections::HashMap::<&str, usize>::new();
        for one in store.secrets() {
            *families.entry(family(&one.name)).or_default() += 1;
        }
        let mut rows: Vec<SecretRow> = store
            .secrets()
            .map(|one| SecretRow {
                services: store.relations().with_secret(&one.id).len(),
                relatives: families.get(family(&one.name)).map_or(0, |n| n - 1),
                secret: one.clone(),
            })
            .collect();
        rows.sort_by(|a, b| natural(&a.secret.name, &b.secret.name));
        rows
    }

    fn count(store: &Store) -> usize {
        store.secrets().len()
    }

    fn subject(row: &SecretRow) -> Subject {
        Subject::Secret(row.secret.id.clone())
    }

    fn texts<'r>(row: &'r SecretRow, model: &'r Model) -> Vec<Cow<'r, str>> {
        let one = &row.secret;
        let mut texts: Vec<Cow<'_, str>> = vec![(&*one.name).into(), one.id.as_str().into()];
        if row.services == 0 {
            texts.push("unused".into());
        }
        texts.extend(pairs(&one.labels));
        let users = model.store.relations().with_secret(&one.id).iter();
        texts.extend(users.filter_map(|id| model.store.service(id)).map(|s| (&*s.name).into()));
        texts
    }
}
