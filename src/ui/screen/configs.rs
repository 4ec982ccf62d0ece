//! Configs: their age, their labels and who is given them.

use std::borrow::Cow;

use crate::{
    cluster::{Config, ConfigId, Kind, Part, Store, Subject, family},
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
        widget::text::{self, bytes},
    },
};

/// The configs.
pub(in crate::ui) type Configs = List<ConfigKind>;

/// One line.
#[derive(Clone, Debug)]
pub(in crate::ui) struct ConfigRow {
    config: Config,
    services: usize,
    /// Others of its family, as `name-1` and `name-2` are.
    relatives: usize,
}

impl Row for ConfigRow {
    type Id = ConfigId;
    fn id(&self) -> ConfigId {
        self.config.id.clone()
    }
}

/// Labels without those of the stack: `key=value`.
fn labels(row: &ConfigRow) -> String {
    let own = row.config.labels.iter().filter(|(key, _)| !key.starts_with("com.docker.stack."));
    own.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

pub(in crate::ui) struct ConfigKind;

impl ListKind for ConfigKind {
    type Row = ConfigRow;

    const TITLE: &'static str = "Configs";
    const FROM: &'static [Kind] = &[Kind::Swarm, Kind::Configs, Kind::Services];
    const PART: Option<Part> = Some(Part::Configs);
    const NOTHING: &'static str = "no configs";
    const SEARCHED: &'static str = "name, ID, labels, services, unused";
    const COLUMNS: &'static [Column<ConfigRow>] = &[
        column(
            "NAME",
            (12, 48),
            0,
            false,
            |r, _| Cell::name(&*r.config.name, Slot::Text),
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
            "SIZE",
            (4, 9),
            1,
            true,
            |r, _| Cell::dim(bytes(r.config.size)),
            |r, _| Key::Number(-(r.config.size as i64)),
        ),
        column(
            "AGE",
            (3, 4),
            0,
            true,
            |r, m| Cell::dim(text::age(r.config.created.age(m.now))),
            |r, _| Key::Number(-r.config.created.0),
        ),
        column(
            "FAMILY",
            (6, 24),
            3,
            false,
            |r, _| match r.relatives {
                0 => Cell::dim(""),
                n => Cell::dim(format!("{} +{n}", family(&r.config.name))),
            },
            |r, _| Key::text(family(&r.config.name)),
        ),
        column(
            "STACK",
            (5, 20),
            2,
            false,
            |r, _| Cell::dim(r.config.stack().map_or("", |s| s)),
            |r, _| Key::text(r.config.stack().map_or("", |s| s)),
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

    fn rows(cluster: &Cluster) -> Vec<ConfigRow> {
        let store = &cluster.model.store;
        let mut families = std::collections::HashMap::<&str, usize>::new();
        for one in store.configs() {
            *families.entry(family(&one.name)).or_default() += 1;
        }
        let mut rows: Vec<ConfigRow> = store
            .configs()
            .map(|one| ConfigRow {
                services: store.relations().with_config(&one.id).len(),
                relatives: families.get(family(&one.name)).map_or(0, |n| n - 1),
                config: one.clone(),
            })
            .collect();
        rows.sort_by(|a, b| natural(&a.config.name, &b.config.name));
        rows
    }

    fn count(store: &Store) -> usize {
        store.configs().len()
    }

    fn subject(row: &ConfigRow) -> Subject {
        Subject::Config(row.config.id.clone())
    }

    fn texts<'r>(row: &'r ConfigRow, model: &'r Model) -> Vec<Cow<'r, str>> {
        let one = &row.config;
        let mut texts: Vec<Cow<'_, str>> = vec![(&*one.name).into(), one.id.as_str().into()];
        if row.services == 0 {
            texts.push("unused".into());
        }
        texts.extend(pairs(&one.labels));
        let users = model.store.relations().with_config(&one.id).iter();
        texts.extend(users.filter_map(|id| model.store.service(id)).map(|s| (&*s.name).into()));
        texts
    }
}
