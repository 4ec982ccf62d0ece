//! Stacks: the health of what was deployed together; the services of no stack are one of them.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use crate::{
    cluster::{Kind, Part, ServiceId, StackProgress, Store, Subject, Timestamp},
    config::Slot,
    triage::{Problem, Severity},
    ui::{
        app::{cluster::Cluster, model::Model},
        screen::{
            list::{List, ListKind, column},
            problems::words,
        },
        table::{
            Row,
            columns::{Cell, Column, Key},
            order::natural,
        },
    },
};

/// The stacks.
pub(in crate::ui) type Stacks = List<StackKind>;

/// One line.
#[derive(Clone, Debug)]
pub(in crate::ui) struct StackRow {
    name: Arc<str>,
    services: Vec<ServiceId>,
    progress: StackProgress,
    /// The worst that was found of its services.
    worst: Option<(Severity, String)>,
    images: String,
    /// When the spec of one of its services was last changed.
    changed: Option<Timestamp>,
}

impl Row for StackRow {
    type Id = Arc<str>;
    fn id(&self) -> Arc<str> {
        self.name.clone()
    }
}

/// The state of a stack, the worst first.
fn health(row: &StackRow) -> (&'static str, Slot, i64) {
    let progress = &row.progress;
    match row.worst.as_ref().map(|(severity, _)| *severity) {
        Some(Severity::Critical) => ("✗", Slot::Critical, 0),
        Some(Severity::Warning) => ("!", Slot::Warn, 1),
        _ if progress.updating > 0 || progress.converged < progress.services => {
            ("◐", Slot::Busy, 2)
        }
        _ => ("·", Slot::Dim, 3),
    }
}

fn name(row: &StackRow) -> &str {
    if row.name.is_empty() { "(no stack)" } else { &row.name }
}

/// A part of a whole, in the colour of what is wrong with it.
fn pair(row: &StackRow, part: u64, whole: u64) -> Cell<'static> {
    let slot = if part < whole { health(row).1 } else { Slot::Text };
    Cell::new(format!("{part}/{whole}"), slot)
}

/// Images by their last part, with the versions in use: `api:1.8 web:2.3,2.4`.
fn images(stack: &crate::cluster::Stack) -> String {
    let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
    for image in &stack.images {
        let short = image.repository.rsplit('/').next().unwrap_or_default();
        let version = match image.version.strip_prefix("sha256:") {
            Some(digest) => &digest[..digest.len().min(7)],
            None => &image.version,
        };
        match said.last_mut().filter(|(name, _)| *name == short) {
            Some((_, versions)) => versions.push(version),
            None => said.push((short, vec![version])),
        }
    }
    let one = |(name, versions): &(&str, Vec<&str>)| format!("{name}:{}", versions.join(","));
    said.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The worst problem of the services of each stack, those folded into another included.
fn worst_by_stack(cluster: &Cluster) -> HashMap<&str, &Problem> {
    let store = &cluster.model.store;
    let mut worst = HashMap::new();
    for problem in cluster.loud() {
        let folded = problem.folded.iter().map(|folded| &folded.subject);
        for subject in [&problem.subject].into_iter().chain(folded) {
            if let Some(service) = subject.service().and_then(|id| store.service(id)) {
                // The worst come first.
                worst.entry(service.stack.as_deref().unwrap_or_default()).or_insert(problem);
            }
        }
    }
    worst
}

pub(in crate::ui) struct StackKind;

impl ListKind for StackKind {
    type Row = StackRow;

    const TITLE: &'static str = "Stacks";
    const FROM: &'static [Kind] = &[Kind::Swarm, Kind::Services, Kind::Tasks, Kind::Nodes];
    const PART: Option<Part> = None;
    const NOTHING: &'static str =
        "no services yet, and so no stacks: docker stack deploy -c FILE NAME";
    const SEARCHED: &'static str = "name, images, problems, services";
    const COLUMNS: &'static [Column<StackRow>] = &[
        column(
            "",
            (1, 1),
            0,
            false,
            |r, _| Cell::new(health(r).0, health(r).1),
            |r, _| Key::Number(health(r).2),
        ),
        column(
            "STACK",
            (10, 32),
            0,
            false,
            |r, _| {
                Cell::name(name(r), if health(r).1 == Slot::Dim { Slot::Text } else { health(r).1 })
            },
            |_, _| Key::Place,
        ),
        column(
            "SERVICES",
            (8, 9),
            0,
            true,
            |r, _| pair(r, r.progress.converged as u64, r.progress.services as u64),
            |r, _| Key::Number(-(r.progress.services as i64)),
        ),
        column(
            "TASKS",
            (5, 9),
            0,
            true,
            |r, _| pair(r, r.progress.running, r.progress.desired),
            |r, _| Key::Number(-(r.progress.desired as i64)),
        ),
        column(
            "CHANGED",
            (4, 7),
            1,
            true,
            |r, m| Cell::dim(m.age(r.changed)),
            |r, _| Key::newest_first(r.changed),
        ),
        column(
            "WORST",
            (16, 80),
            0,
            false,
            |r, _| match &r.worst {
                Some((severity, said)) => Cell::new(&**said, words::slot(*severity)),
                None if r.progress.updating > 0 => {
                    Cell::new(format!("{} updating", r.progress.updating), Slot::Busy)
                }
                None => Cell::dim(""),
            },
            |r, _| Key::Number(health(r).2),
        ),
        column(
            "IMAGES",
            (12, 60),
            2,
            false,
            |r, _| Cell::dim(&*r.images),
            |r, _| Key::text(&*r.images),
        ),
    ];

    fn rows(cluster: &Cluster) -> Vec<StackRow> {
        let store = &cluster.model.store;
        let worst = worst_by_stack(cluster);
        let mut rows: Vec<StackRow> = store
            .relations()
            .stacks()
            .iter()
            .map(|stack| {
                let worst = worst.get(&*stack.name);
                let services = stack.services.iter().filter_map(|id| store.service(id));
                StackRow {
                    name: stack.name.clone(),
                    services: stack.services.clone(),
                    progress: store.progress(stack),
                    worst: worst.map(|problem| (problem.severity, problem.message.clone())),
                    images: images(stack),
                    changed: services.filter_map(|s| store.changed(s)).max(),
                }
            })
            .collect();
        // The services of none come last.
        rows.sort_by(|a, b| {
            a.name.is_empty().cmp(&b.name.is_empty()).then_with(|| natural(&a.name, &b.name))
        });
        rows
    }

    fn count(store: &Store) -> usize {
        store.relations().stacks().len()
    }

    fn subject(row: &StackRow) -> Subject {
        Subject::Stack(row.name.clone())
    }

    fn texts<'r>(row: &'r StackRow, model: &'r Model) -> Vec<Cow<'r, str>> {
        let mut texts: Vec<Cow<'_, str>> = vec![name(row).into(), (&*row.images).into()];
        texts.extend(row.worst.iter().map(|(_, said)| Cow::from(&**said)));
        let services = row.services.iter().filter_map(|id| model.store.service(id));
        for service in services {
            texts.push((&*service.name).into());
            texts.extend(service.secrets.iter().map(|secret| Cow::from(&*secret.name)));
            texts.extend(service.configs.iter().map(|config| Cow::from(&*config.name)));
            let networks = service.networks.iter();
            let networks = networks.filter_map(|id| model.store.network(id.as_str()));
            texts.extend(networks.map(|network| Cow::from(&*network.name)));
            texts.extend(service.mounts.iter().map(|mount| Cow::from(&*mount.source)));
        }
        texts
    }
}
