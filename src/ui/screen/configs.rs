//! Configs: their age, their labels and who is given them.

use std::borrow::Cow;

use crate::{
    cluster::{Kind, Part, Store, Subject},
    ui::{
        app::{cluster::Cluster, model::Model},
        screen::{
            given::{self, GivenRow},
            list::{List, ListKind},
        },
        table::columns::Column,
    },
};

/// The configs.
pub(in crate::ui) type Configs = List<ConfigKind>;

pub(in crate::ui) struct ConfigKind;

impl ListKind for ConfigKind {
    type Row = GivenRow;

    const TITLE: &'static str = "Configs";
    const FROM: &'static [Kind] = &[Kind::Swarm, Kind::Configs, Kind::Services];
    const PART: Option<Part> = Some(Part::Configs);
    const NOTHING: &'static str = "no configs";
    const SEARCHED: &'static str = given::SEARCHED;
    const COLUMNS: &'static [Column<GivenRow>] = &[
        given::NAME,
        given::SERVICES,
        given::SIZE,
        given::AGE,
        given::FAMILY,
        given::STACK,
        given::LABELS,
    ];

    fn rows(cluster: &Cluster) -> Vec<GivenRow> {
        let store = &cluster.model.store;
        given::rows(store, store.configs().map(GivenRow::from))
    }

    fn count(store: &Store) -> usize {
        store.configs().len()
    }

    fn subject(row: &GivenRow) -> Subject {
        given::subject(row)
    }

    fn texts<'r>(row: &'r GivenRow, model: &'r Model) -> Vec<Cow<'r, str>> {
        given::texts(row, model)
    }
}
