//! Secrets: their age, their labels and who is given them.

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

/// The secrets.
pub(in crate::ui) type Secrets = List<SecretKind>;

pub(in crate::ui) struct SecretKind;

impl ListKind for SecretKind {
    type Row = GivenRow;

    const TITLE: &'static str = "Secrets";
    const FROM: &'static [Kind] = &[Kind::Swarm, Kind::Secrets, Kind::Services];
    const PART: Option<Part> = Some(Part::Secrets);
    const NOTHING: &'static str = "no secrets";
    const SEARCHED: &'static str = given::SEARCHED;
    const COLUMNS: &'static [Column<GivenRow>] =
        &[given::NAME, given::SERVICES, given::AGE, given::FAMILY, given::STACK, given::LABELS];

    fn rows(cluster: &Cluster) -> Vec<GivenRow> {
        let store = &cluster.model.store;
        given::rows(store, store.secrets().map(GivenRow::from))
    }

    fn count(store: &Store) -> usize {
        store.secrets().len()
    }

    fn subject(row: &GivenRow) -> Subject {
        given::subject(row)
    }

    fn texts<'r>(row: &'r GivenRow, model: &'r Model) -> Vec<Cow<'r, str>> {
        given::texts(row, model)
    }
}
