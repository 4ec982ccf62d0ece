//! Networks: their subnets, their addresses and who joins them.

use std::{borrow::Cow, sync::Arc};

use crate::{
    cluster::{AddressUse, Kind, Network, NetworkId, Part, Store, Subject},
    config::Slot,
    ui::{
        app::{cluster::Cluster, model::Model},
        screen::list::{List, ListKind, column, users},
        table::{
            Row,
            columns::{Cell, Column, Key},
            order::natural,
        },
    },
};

/// The networks.
pub(in crate::ui) type Networks = List<NetworkKind>;

/// One line.
#[derive(Clone, Debug)]
pub(in crate::ui) struct NetworkRow {
    network: Network,
    services: usize,
    addresses: AddressUse,
}

impl Row for NetworkRow {
    type Id = NetworkId;
    fn id(&self) -> NetworkId {
        self.network.id.clone()
    }
}

/// Properties in words: `attachable encrypted`.
pub(in crate::ui) fn flags(network: &Network) -> String {
    let all = [
        (network.ingress, "routing-mesh"),
        (network.attachable, "attachable"),
        (network.internal, "internal"),
        (network.is_encrypted(), "encrypted"),
        (network.ipv6, "IPv6"),
    ];
    let said: Vec<&str> = all.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    said.join(" ")
}

/// Addresses in use and all there are: `12/253`.
pub(in crate::ui) fn addresses(of: &AddressUse) -> String {
    match of.capacity {
        Some(all) => format!("{}/{all}", of.used()),
        None => of.used().to_string(),
    }
}

/// Percentage from which a network is told to be nearly full.
const NEARLY_FULL: u64 = 80;

pub(in crate::ui) struct NetworkKind;

impl ListKind for NetworkKind {
    type Row = NetworkRow;

    const TITLE: &'static str = "Networks";
    const FROM: &'static [Kind] = &[Kind::Swarm, Kind::Networks, Kind::Services, Kind::Tasks];
    const PART: Option<Part> = Some(Part::Networks);
    const NOTHING: &'static str = "no networks";
    const SEARCHED: &'static str = "name, ID, driver, scope, subnets, options, labels, services";
    const COLUMNS: &'static [Column<NetworkRow>] = &[
        column(
            "NAME",
            (10, 40),
            0,
            false,
            |r, _| Cell::name(&*r.network.name, Slot::Text),
            |_, _| Key::Place,
        ),
        column(
            "DRIVER",
            (7, 10),
            6,
            false,
            |r, _| Cell::dim(&*r.network.driver),
            |r, _| Key::text(&*r.network.driver),
        ),
        column(
            "SUBNET",
            (11, 36),
            1,
            false,
            |r, _| Cell::text(r.network.subnet_words()),
            |r, _| Key::text(r.network.subnet_words()),
        ),
        column(
            "ADDRESSES",
            (9, 11),
            0,
            true,
            |r, _| match r.addresses.percent() {
                Some(percent) if percent >= NEARLY_FULL => {
                    Cell::new(addresses(&r.addresses), Slot::Warn)
                }
                _ => Cell::text(addresses(&r.addresses)),
            },
            |r, _| Key::Number(-(r.addresses.percent().unwrap_or(0) as i64)),
        ),
        column(
            "SERVICES",
            (8, 9),
            0,
            true,
            |r, _| {
                if r.network.ingress || (r.network.attachable && r.services == 0) {
                    Cell::text(r.services.to_string())
                } else {
                    users(r.services)
                }
            },
            |r, _| Key::Number(-(r.services as i64)),
        ),
        column(
            "PROPERTIES",
            (10, 44),
            2,
            false,
            |r, _| Cell::dim(flags(&r.network)),
            |r, _| Key::text(flags(&r.network)),
        ),
        column(
            "STACK",
            (5, 20),
            3,
            false,
            |r, _| Cell::dim(r.network.stack().map_or("", |s| s)),
            |r, _| Key::text(r.network.stack().map_or("", |s| s)),
        ),
        column(
            "AGE",
            (3, 4),
            2,
            true,
            |r, m| Cell::dim(m.age(r.network.created)),
            |r, _| Key::newest_first(r.network.created),
        ),
    ];

    fn rows(cluster: &Cluster) -> Vec<NetworkRow> {
        let store = &cluster.model.store;
        let mut rows: Vec<NetworkRow> = store
            .networks()
            .map(|network| NetworkRow {
                services: store.relations().on_network(&network.id).len(),
                addresses: store.address_use(network),
                network: network.clone(),
            })
            .collect();
        rows.sort_by(|a, b| natural(&a.network.name, &b.network.name));
        rows
    }

    fn count(store: &Store) -> usize {
        store.networks().len()
    }

    fn subject(row: &NetworkRow) -> Subject {
        Subject::Network(row.network.id.clone())
    }

    fn texts<'r>(row: &'r NetworkRow, model: &'r Model) -> Vec<Cow<'r, str>> {
        let network = &row.network;
        let mut texts: Vec<Cow<'_, str>> = vec![
            (&*network.name).into(),
            (&*network.driver).into(),
            (&*network.scope).into(),
            flags(network).into(),
            network.id.as_str().into(),
        ];
        for subnet in &network.subnets {
            texts.extend([(&*subnet.subnet).into(), (&*subnet.gateway).into()]);
        }
        texts.extend(pairs(&network.labels));
        texts.extend(pairs(&network.options));
        let users = model.store.relations().on_network(&network.id).iter();
        texts.extend(users.filter_map(|id| model.store.service(id)).map(|s| (&*s.name).into()));
        texts
    }
}

/// Labels or options as text: `key=value`.
pub(in crate::ui) fn pairs(pairs: &[(Arc<str>, Arc<str>)]) -> impl Iterator<Item = Cow<'_, str>> {
    pairs.iter().map(|(key, value)| Cow::from(format!("{key}={value}")))
}
