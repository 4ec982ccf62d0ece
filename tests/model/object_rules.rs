//! Rules about networks, secrets, configs, ports and spare replicas: what each finds, and what it must not
//! take for a fault.

use skep::{
    cluster::{
        Attachment, Delta, Mode, Part, Port, PublishMode, Reference, Store, Subject, TaskState,
        Timestamp, UpdateState, all_without_spare, not_spared, without_spare,
    },
    triage::{Thresholds, Triage, blast, problems},
};

use crate::cluster_fixture::{Cluster, NOW, ago, cluster, listed};

fn calm() -> Cluster {
    cluster().manager("m1").manager("m2").manager("m3").node("n4").service("web", 4)
}

fn told_at(store: &Store, rule: &str, now: Timestamp) -> Option<String> {
    let all = problems(store, now, &Thresholds::default());
    let mut all = all.iter().flat_map(|p| std::iter::once(p).chain(&p.folded));
    all.find(|p| p.rule == rule).map(|p| p.message.clone())
}

fn told(store: &Store, rule: &str) -> Option<String> {
    told_at(store, rule, NOW)
}

fn is_told(c: &Cluster, rule: &str) -> bool {
    told(&c.store(), rule).is_some()
}

/// Nothing is gone that nobody looked for, that a refused list hides, or that is only just missed.
#[test]
fn what_is_not_known_to_be_gone_is_not_told() {
    let mut c = calm();
    assert!(!is_told(&c, "secret-gone"), "its list has not got it, and nobody has looked since");
    c.absent = vec![(Part::Secrets, "id-of-db_password"), (Part::Networks, "id-of-back")];
    assert!(is_told(&c, "secret-gone") && is_told(&c, "network-gone"));
    let mut store = c.store();
    store.apply(Delta::Unread(Part::Secrets, "refused".into()), NOW);
    assert_eq!(told(&store, "secret-gone"), None);
    assert!(told(&store, "network-gone").is_some(), "that is another list");
    let mut host = cluster().network("host", "").networks.remove(0);
    host.id = "id-of-back".into();
    store.apply(Delta::UnlistedNetwork(host), NOW);
    assert_eq!(told(&store, "network-gone"), None, "every node has it");
    // A service that is changed away from a secret, which is removed then, was read before that.
    let mut just = calm().store();
    just.apply(Delta::Absent(Part::Secrets, "id-of-db_password".into()), NOW);
    assert_eq!(told(&just, "secret-gone"), None);
    assert!(told_at(&just, "secret-gone", NOW.shifted(20_000_000_000)).is_some());
    let mut changed = c.services.clone();
    changed[0].secrets.clear();
    changed[0].version += 1;
    just.apply(listed(&changed), NOW);
    assert_eq!(told_at(&just, "secret-gone", NOW.shifted(20_000_000_000)), None);
}

/// It is told when it is found out, and over when it is there again: no list of services comes between.
#[test]
fn triage_notices_by_itself() {
    let c = calm().secret("db_password");
    let mut store = c.store();
    let mut triage = Triage::new(Thresholds::default());
    let open = |triage: &Triage| {
        triage.problems().iter().any(|p| p.rule == "secret-gone" && p.resolved.is_none())
    };
    triage.update(&mut store, NOW);
    assert!(!open(&triage));
    store.apply(Delta::Secrets(vec![]), NOW);
    store.apply(Delta::Absent(Part::Secrets, "id-of-db_password".into()), NOW);
    triage.update(&mut store, NOW);
    let later = |secs: i64| NOW.shifted(secs * 1_000_000_000);
    triage.update(&mut store, later(16));
    assert!(open(&triage));
    store.apply(Delta::Secrets(c.secrets.clone()), later(17));
    triage.update(&mut store, later(17));
    assert!(!open(&triage));
}

fn full(c: &mut Cluster) {
    c.networks[0].subnets[0].reserved = 3;
    c.last().vips = vec![("id-of-back".into(), "10.9.0.2/28".into())];
    for (at, task) in (3_u8..).zip(&mut c.tasks) {
        let address = [10, 9, 0, at].into();
        task.attachments = [Attachment { network: "id-of-back".into(), address }].into();
    }
}

#[test]
fn a_network_is_full_by_what_stays_and_not_by_what_an_update_adds() {
    let mut c = calm().network("back", "10.9.0.0/28");
    full(&mut c);
    assert!(is_told(&c, "network-full"));
    let mut larger = c.clone();
    larger.networks[0].subnets[0].reserved = 0;
    assert!(!is_told(&larger, "network-full"), "nine of thirteen");
    // Old tasks of an update hold theirs until they have ended.
    let mut updating = larger.clone();
    for slot in 1..=4 {
        updating = updating.task(slot, TaskState::Running, "", 1);
        let old = updating.tasks.last_mut().unwrap();
        old.desired = TaskState::Shutdown;
        let address = [10, 9, 0, 9 + slot as u8].into();
        old.attachments = [Attachment { network: "id-of-back".into(), address }].into();
    }
    let store = updating.store();
    let network = store.network("id-of-back").unwrap();
    assert_eq!(store.address_use(network).used(), 13, "all are gone for the moment");
    assert_eq!(told(&store, "network-full"), None);
    let mut store = c.store();
    store.apply(Delta::Unread(Part::Tasks, "refused".into()), NOW);
    assert_eq!(told(&store, "network-full"), None);
    let mut v6 = c.clone();
    v6.networks[0].subnets[0].subnet = "fd00::/64".into();
    assert!(!is_told(&v6, "network-full"));
}

/// Each is a finding of its own, on the screen of its kind.
#[test]
fn networks_and_stacks_are_the_objects_of_their_findings() {
    let mut c = calm().network("back", "10.9.0.0/28").network("side", "10.9.1.0/29");
    full(&mut c);
    let both = c.tasks[0].attachments.iter().cloned().chain(
        (2..8)
            .map(|at| Attachment { network: "id-of-side".into(), address: [10, 9, 1, at].into() }),
    );
    c.tasks[0].attachments = both.collect();
    c.last().networks.push("id-of-side".into());
    c = c.service("shop_web", 2).service("shop_api", 2);
    c.last().image = "shop/api:1.9".into();
    let all = problems(&c.store(), NOW, &Thresholds::default());
    let of = |rule: &str| -> Vec<(Subject, String)> {
        let mine = all.iter().filter(|p| p.rule == rule);
        mine.map(|p| (p.subject.clone(), p.object.clone())).collect()
    };
    let network =
        |name: &str| (Subject::Network(format!("id-of-{name}").as_str().into()), name.to_owned());
    assert_eq!(of("network-full"), [network("back"), network("side")]);
    assert_eq!(of("stack-versions"), [(Subject::Stack("shop".into()), "shop".to_owned())]);
    let keys: Vec<String> = all.iter().map(|p| p.key()).collect();
    assert!(keys.contains(&"network-full id-of-side".to_owned()), "{keys:?}");
}

#[test]
fn one_port_is_a_clash_only_on_the_routing_mesh() {
    let port = |c: &mut Cluster, protocol: &str, mode| {
        let protocol = protocol.into();
        c.last().ports.push(Port { protocol, target: 80, published: 8080, mode });
    };
    let both = |one: (&str, PublishMode), other: (&str, PublishMode)| {
        let mut c = calm();
        port(&mut c, one.0, one.1);
        c = c.service("api", 4);
        port(&mut c, other.0, other.1);
        is_told(&c, "port-twice")
    };
    let (mesh, host) = (PublishMode::Ingress, PublishMode::Host);
    assert!(both(("tcp", mesh.clone()), ("tcp", mesh.clone())));
    assert!(both(("tcp", host.clone()), ("tcp", mesh.clone())));
    assert!(!both(("tcp", mesh.clone()), ("udp", mesh.clone())), "DNS does so");
    assert!(!both(("tcp", host.clone()), ("tcp", host.clone())), "on different nodes");
    // One service may publish one port twice over.
    let mut c = calm();
    port(&mut c, "tcp", mesh);
    port(&mut c, "tcp", host);
    assert!(!is_told(&c, "port-twice"));
}

#[test]
fn versions_in_a_stack_differ_only_when_nothing_is_being_deployed() {
    let mut c = calm().service("shop_web", 2).service("shop_api", 2);
    c.last().image = "shop/api:1.9@sha256:11".into();
    assert!(is_told(&c, "stack-versions"));
    let mut written = c.clone();
    written.last().updated = Some(ago(120));
    assert!(is_told(&written, "stack-versions"), "nothing of its spec has changed");
    let mut recent = c.clone().update(UpdateState::Completed, "update completed");
    recent.last().updated = Some(ago(120));
    assert!(!is_told(&recent, "stack-versions"), "a deploy goes from service to service");
    let store = recent.store();
    let later = NOW.shifted(600_000_000_000);
    assert!(told_at(&store, "stack-versions", later).is_some(), "and ends");
    let updating = c.clone().update(UpdateState::Updating, "update in progress");
    assert!(!is_told(&updating, "stack-versions"));
    let mut same = c.clone();
    same.last().image = "shop/api:1.8@sha256:22".into();
    assert!(!is_told(&same, "stack-versions"), "a digest is another rule's");
    let mut others = c.clone();
    others.last().image = "shop/web:2".into();
    assert!(!is_told(&others, "stack-versions"));
    let mut alone = c.clone();
    for service in &mut alone.services {
        service.stack = None;
    }
    assert!(!is_told(&alone, "stack-versions"), "services of no stack share nothing");
    let mut apart = c;
    apart.last().stack = Some("other".into());
    assert!(!is_told(&apart, "stack-versions"));
}

#[test]
fn what_is_unused_is_so_for_certain() {
    let rotated = || calm().secret("db_password").secret("db-1").secret("db-2");
    let mut c = rotated();
    c.last().secrets.push(Reference { id: "id-of-db-2".into(), name: "db-2".into() });
    assert!(is_told(&c, "secret-unused"));
    // A rollback would need the one before.
    c.last().named_before = vec!["id-of-db-1".into()];
    assert!(!is_told(&c, "secret-unused"));
    // It was made for what is still to come.
    let mut new = rotated();
    new.secrets.iter_mut().for_each(|s| s.created = Some(ago(3_600)));
    assert!(!is_told(&new, "secret-unused"));
    let mut store = rotated().store();
    assert!(told(&store, "secret-unused").is_some());
    store.apply(Delta::Unread(Part::Services, "refused".into()), NOW);
    assert_eq!(told(&store, "secret-unused"), None, "nobody knows what they use");
    let mut store = rotated().store();
    store.apply(Delta::Gaps(Part::Services, "1 of 2 can't be read".into()), NOW);
    assert_eq!(told(&store, "secret-unused"), None);
    let mut store = rotated().store();
    store.apply(Delta::Gaps(Part::Secrets, "1 of 4 can't be read".into()), NOW);
    assert_eq!(told(&store, "secret-unused"), None);

    let network = |change: fn(&mut Cluster)| {
        let mut c = calm().network("front", "10.9.1.0/24");
        change(&mut c);
        is_told(&c, "network-unused")
    };
    assert!(network(|_| {}));
    assert!(!network(|c| c.networks[0].ingress = true));
    assert!(!network(|c| c.networks[0].attachable = true), "containers may be on it");
    assert!(!network(|c| c.last().networks = vec!["id-of-front".into()]));
    assert!(!network(|c| c.networks[0]
        .labels
        .push(("com.docker.swarm.predefined".into(), "true".into()))));
    assert!(!is_told(&calm().config("conf"), "network-unused"));
    assert!(is_told(&calm().config("conf"), "config-unused"));
}

/// The last replica, or more than half of them, with one node.
#[test]
fn spare_is_told_of_every_service_and_every_node() {
    let mut c = calm().service("db", 1).service("job", 1).service("agent", 2).service("pair", 2);
    let node = |at: usize| c.nodes[at].id.clone();
    let (m1, m2) = (node(0), node(1));
    for service in &mut c.services {
        match &*service.name {
            "job" => service.mode = Mode::ReplicatedJob { concurrent: 1, total: 1 },
            "agent" => service.mode = Mode::Global,
            _ => {}
        }
    }
    let web = c.services[0].id.clone();
    let mut slot = 0;
    for task in &mut c.tasks {
        task.node = Some(match task.service.as_str() {
            // Three of four.
            "id-of-web" if slot < 3 => {
                slot += 1;
                m1.clone()
            }
            "id-of-web" => m2.clone(),
            "id-of-pair" if task.slot == 2 => m2.clone(),
            _ => m1.clone(),
        });
    }
    let store = c.store();
    let names = |all: Vec<(skep::cluster::ServiceId, skep::cluster::Loss)>| -> Vec<String> {
        let of = |(id, loss): (skep::cluster::ServiceId, skep::cluster::Loss)| {
            let name = &store.service(&id).unwrap().name;
            let kind = if loss.is_whole() { "last" } else { "half" };
            format!("{name} {kind} {}/{}", loss.keeps, loss.desired)
        };
        all.into_iter().map(of).collect()
    };
    assert_eq!(names(all_without_spare(&store)), ["db last 0/1", "web half 1/4"]);
    assert_eq!(names(not_spared(&store, &m1)), ["db last 0/1", "web half 1/4"]);
    assert_eq!(names(not_spared(&store, &m2)), [""; 0], "half of a pair is half");
    let loss = without_spare(&store, store.service(&web).unwrap()).unwrap();
    assert_eq!((loss.node, loss.loses), (m1.clone(), 3));
    let said = blast(&store, store.node(&m1).unwrap()).sentences();
    assert!(
        said.iter().any(|s| s == "1 service keeps less than half of its replicas: web"),
        "{said:?}"
    );
    assert!(told(&store, "half-on-one").is_some_and(|said| said.contains("web keeps 1 of 4")));
    assert!(told(&store, "single-replica").is_some_and(|said| said.contains("db has one replica")));
    // One that is being changed is uneven for a while, and one that is down has worse to tell.
    let moving = calm().update(UpdateState::Updating, "update in progress");
    assert!(!is_told(&moving, "half-on-one"));
    assert!(!is_told(&cluster().manager("m1").service("db", 1), "single-replica"), "one node");
}
