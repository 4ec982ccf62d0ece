//! Secrets and configs, as their two screens list them: what services are given, and never changes but for
//! its name.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use crate::{
    cluster::{Config, Secret, Store, Subject, Timestamp, family},
    config::Slot,
    ui::{
        app::model::Model,
        screen::{
            list::{column, users},
            networks::pairs,
        },
        table::{
            Row,
            columns::{Cell, Column, Key},
            order::natural,
        },
        widget::text::bytes,
    },
};

/// One line.
#[derive(Clone, Debug)]
pub(in crate::ui) struct GivenRow {
    subject: Subject,
    id: String,
    name: Arc<str>,
    labels: Vec<(Arc<str>, Arc<str>)>,
    stack: Option<Arc<str>>,
    created: Option<Timestamp>,
    /// Size of its content, where that is told.
    size: u64,
    /// Number of services that are given it.
    services: usize,
    /// Others of its family, as `name-1` and `name-2` are.
    relatives: usize,
}

impl Row for GivenRow {
    type Id = Subject;
    fn id(&self) -> Subject {
        self.subject.clone()
    }
}

impl From<&Secret> for GivenRow {
    fn from(secret: &Secret) -> Self {
        Self {
            subject: Subject::Secret(secret.id.clone()),
            id: secret.id.to_string(),
            name: secret.name.clone(),
            labels: secret.labels.clone(),
            stack: secret.stack().cloned(),
            created: secret.created,
            size: 0,
            services: 0,
            relatives: 0,
        }
    }
}

impl From<&Config> for GivenRow {
    fn from(config: &Config) -> Self {
        Self {
            subject: Subject::Config(config.id.clone()),
            id: config.id.to_string(),
            name: config.name.clone(),
            labels: config.labels.clone(),
            stack: config.stack().cloned(),
            created: config.created,
            size: config.size,
            services: 0,
            relatives: 0,
        }
    }
}

/// The fields that a filter searches, in words.
pub(in crate::ui) const SEARCHED: &str = "name, ID, labels, services, unused";

pub(in crate::ui) const NAME: Column<GivenRow> =
    column("NAME", (12, 48), 0, false, |r, _| Cell::name(&*r.name, Slot::Text), |_, _| Key::Place);

pub(in crate::ui) const SERVICES: Column<GivenRow> = column(
    "SERVICES",
    (8, 9),
    0,
    true,
    |r, _| users(r.services),
    |r, _| Key::Number(-(r.services as i64)),
);

pub(in crate::ui) const SIZE: Column<GivenRow> = column(
    "SIZE",
    (4, 9),
    1,
    true,
    |r, _| Cell::dim(bytes(r.size)),
    |r, _| Key::Number(-(r.size as i64)),
);

pub(in crate::ui) const AGE: Column<GivenRow> = column(
    "AGE",
    (3, 4),
    0,
    true,
    |r, m| Cell::dim(m.age(r.created)),
    |r, _| Key::newest_first(r.created),
);

pub(in crate::ui) const FAMILY: Column<GivenRow> = column(
    "FAMILY",
    (6, 24),
    3,
    false,
    |r, _| match r.relatives {
        0 => Cell::dim(""),
        n => Cell::dim(format!("{} +{n}", family(&r.name))),
    },
    |r, _| Key::text(family(&r.name)),
);

pub(in crate::ui) const STACK: Column<GivenRow> = column(
    "STACK",
    (5, 20),
    2,
    false,
    |r, _| Cell::dim(r.stack.as_deref().unwrap_or_default()),
    |r, _| Key::text(r.stack.as_deref().unwrap_or_default()),
);

pub(in crate::ui) const LABELS: Column<GivenRow> = column(
    "LABELS",
    (6, 60),
    4,
    false,
    |r, _| Cell::dim(own_labels(r)),
    |r, _| Key::text(own_labels(r)),
);

/// Labels without those of the stack: `key=value`.
fn own_labels(row: &GivenRow) -> String {
    let own = row.labels.iter().filter(|(key, _)| !key.starts_with("com.docker.stack."));
    own.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// The lines, by name.
pub(in crate::ui) fn rows(store: &Store, all: impl Iterator<Item = GivenRow>) -> Vec<GivenRow> {
    let mut rows: Vec<GivenRow> = all.collect();
    let mut families = HashMap::<String, usize>::new();
    for row in &rows {
        *families.entry(family(&row.name).to_owned()).or_default() += 1;
    }
    for row in &mut rows {
        row.services = store.users_of(&row.subject).len();
        row.relatives = families.get(family(&row.name)).map_or(0, |n| n - 1);
    }
    rows.sort_by(|a, b| natural(&a.name, &b.name));
    rows
}

/// Texts that a filter searches.
pub(in crate::ui) fn texts<'r>(row: &'r GivenRow, model: &'r Model) -> Vec<Cow<'r, str>> {
    let mut texts: Vec<Cow<'_, str>> = vec![(&*row.name).into(), (&*row.id).into()];
    if row.services == 0 {
        texts.push("unused".into());
    }
    texts.extend(pairs(&row.labels));
    let users = model.store.users_of(&row.subject).iter();
    texts.extend(users.filter_map(|id| model.store.service(id)).map(|s| (&*s.name).into()));
    texts
}

/// The object of a line.
pub(in crate::ui) fn subject(row: &GivenRow) -> Subject {
    row.subject.clone()
}
