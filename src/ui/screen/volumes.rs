//! Volumes, as the mounts of services name them: who uses them, and which nodes hold their data.

use std::{borrow::Cow, sync::Arc};

use crate::{
    cluster::{Kind, Part, Store, Subject, Volume},
    config::Slot,
    ui::{
        app::{cluster::Cluster, model::Model},
        screen::list::{List, ListKind, column},
        table::{
            Row,
            columns::{Cell, Column, Key},
            order::natural,
        },
    },
};

/// The volumes.
pub(in crate::ui) type Volumes = List<VolumeKind>;

/// One line.
#[derive(Clone, Debug)]
pub(in crate::ui) struct VolumeRow {
    volume: Volume,
    /// Host names of the nodes that hold data of it.
    nodes: Vec<String>,
    /// Names of the services that mount it.
    services: Vec<Arc<str>>,
}

impl Row for VolumeRow {
    type Id = Arc<str>;
    fn id(&self) -> Arc<str> {
        self.volume.name.clone()
    }
}

/// The place of its data: on each node its own, or wherever the driver keeps them.
pub(in crate::ui) fn place(volume: &Volume) -> &'static str {
    match (volume.is_cluster, volume.is_local()) {
        (true, _) => "the Swarm's own (CSI)",
        (_, true) => "each node has its own",
        _ => "as its driver has it",
    }
}

pub(in crate::ui) struct VolumeKind;

impl ListKind for VolumeKind {
    type Row = VolumeRow;

    const TITLE: &'static str = "Volumes";
    const FROM: &'static [Kind] = &[Kind::Swarm, Kind::Services, Kind::Tasks, Kind::Nodes];
    const PART: Option<Part> = None;
    const NOTHING: &'static str = "no service mounts a named volume";
    const SEARCHED: &'static str = "name, driver, services, nodes";
    const COLUMNS: &'static [Column<VolumeRow>] = &[
        column(
            "NAME",
            (12, 48),
            0,
            false,
            |r, _| Cell::name(&*r.volume.name, Slot::Text),
            |_, _| Key::Place,
        ),
        column(
            "DRIVER",
            (6, 16),
            2,
            false,
            |r, _| Cell::dim(&*r.volume.driver),
            |r, _| Key::text(&*r.volume.driver),
        ),
        column(
            "SERVICES",
            (8, 40),
            0,
            false,
            |r, _| Cell::text(r.services.join(" ")),
            |r, _| Key::Number(-(r.services.len() as i64)),
        ),
        column(
            "DATA ON",
            (8, 60),
            0,
            false,
            |r, _| match r.nodes.len() {
                0 => Cell::dim("no node that is known"),
                _ => Cell::text(r.nodes.join(" ")),
            },
            |r, _| Key::Number(-(r.nodes.len() as i64)),
        ),
        column(
            "DATA",
            (12, 22),
            1,
            false,
            |r, _| Cell::dim(place(&r.volume)),
            |r, _| Key::text(place(&r.volume)),
        ),
    ];

    fn rows(cluster: &Cluster) -> Vec<VolumeRow> {
        let store = &cluster.model.store;
        let name = |id: &_| store.service(id).map(|s| s.name.clone());
        let mut rows: Vec<VolumeRow> = store
            .relations()
            .volumes()
            .iter()
            .map(|volume| VolumeRow {
                nodes: store
                    .nodes_with(volume)
                    .into_iter()
                    .map(|id| store.hostname(id).to_owned())
                    .collect(),
                services: volume.services.iter().filter_map(name).collect(),
                volume: volume.clone(),
            })
            .collect();
        rows.sort_by(|a, b| natural(&a.volume.name, &b.volume.name));
        rows
    }

    fn count(store: &Store) -> usize {
        store.relations().volumes().len()
    }

    fn subject(row: &VolumeRow) -> Subject {
        Subject::Volume(row.volume.name.clone())
    }

    fn texts<'r>(row: &'r VolumeRow, _: &'r Model) -> Vec<Cow<'r, str>> {
        let mut texts: Vec<Cow<'_, str>> =
            vec![(&*row.volume.name).into(), (&*row.volume.driver).into()];
        texts.extend(row.services.iter().map(|name| Cow::from(&**name)));
        texts.extend(row.nodes.iter().map(Cow::from));
        texts
    }
}
