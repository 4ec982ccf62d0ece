//! A service of which the engine tells what skep can't read: it is there, by its name, and nothing is
//! concluded from the rest.

use std::sync::Arc;

use skep::{
    action::{
        follow::{Follow, Phase},
        plan::{Change, Document, Plan, ScaleTo},
    },
    cluster::{Delta, Part, Service, Store, TaskState},
    engine::ServiceReader,
    grant::ClusterNo,
    triage::{Thresholds, Triage},
};

use crate::cluster_fixture::{Cluster, NOW, cluster, listed};

fn json(version: i64, endpoint: &str) -> String {
    format!(
        r#"[{{"ID":"a","Version":{{"Index":1}},"Spec":{{"Name":"api"}}}},
            {{"ID":"w","Version":{{"Index":{version}}},"Endpoint":{endpoint},"Spec":{{"Name":"web"}},
              "ServiceStatus":{{"RunningTasks":2,"DesiredTasks":3}}}}]"#
    )
}

#[test]
fn a_service_that_can_not_be_read_is_there_by_its_name() {
    let mut reader = ServiceReader::default();
    let mut read = |version, endpoint| reader.read(json(version, endpoint).as_bytes()).unwrap();
    for (version, endpoint, is_unread) in
        [(1, "{}", false), (2, "1", true), (2, "1", true), (-3, "{}", true), (3, "{}", false)]
    {
        let list = read(version, endpoint);
        let web = list.iter().find(|service| service.id.as_str() == "w").unwrap();
        assert_eq!((&*web.name, web.is_unread), ("web", is_unread), "{version} {endpoint}");
        assert_eq!(web.counts.map(|c| c.running), Some(2), "those of the last list hold");
        assert_eq!(list.len(), 2);
        let names: Vec<&str> = list.gaps.names.iter().map(|name| &**name).collect();
        assert_eq!(
            (list.gaps.count, &*names),
            if is_unread { (1, &["web"][..]) } else { (0, &[][..]) }
        );
    }
}

fn swarm() -> Cluster {
    cluster().manager("m1").node("n2").service("web", 3)
}

/// Tells a list of services in which `web` can't be read.
fn tell_unread(store: &mut Store, c: &mut Cluster) {
    let web = c.last();
    let unread = Service::unread(web.id.clone(), Arc::clone(&web.name), web.counts);
    store.apply(Delta::Gaps(Part::Services, "1 of 1 can't be read".into()), NOW);
    store.apply(listed(&[unread]), NOW);
}

#[test]
fn nothing_is_lost_of_it_and_nothing_concluded() {
    let mut c = swarm();
    c.tasks.retain(|task| task.slot != 1);
    c = c.task(1, TaskState::Failed, "task: non-zero exit (3)", 12);
    let mut store = c.store();
    let id = c.last().id.clone();
    let about = |store: &Store| {
        let mut triage = Triage::new(Thresholds::default());
        triage.look_at_all(store, NOW);
        triage.problems().iter().filter(|problem| problem.object == "web").count()
    };
    assert_eq!(about(&store), 1);
    let entries = store.journal().iter().len();
    tell_unread(&mut store, &mut c);
    assert!(store.service(&id).is_some_and(|service| service.is_unread));
    assert_eq!(store.tasks_of(&id).count(), 3, "its tasks are still there");
    assert_eq!(store.health().converged, 0, "whether it is as it should be is not known");
    assert_eq!(about(&store), 0);
    store.apply(Delta::Read(Part::Services), NOW);
    store.apply(listed(&c.services), NOW);
    assert!(store.service(&id).is_some_and(|service| !service.is_unread));
    assert_eq!(store.journal().iter().len(), entries, "no spec was changed");
}

/// It was not removed, and nobody changed it.
#[test]
fn an_action_on_it_goes_on() {
    let mut c = swarm();
    let raw = serde_json::json!({ "ID": "id-of-web", "Version": { "Index": 1 },
        "Spec": { "Name": "web", "TaskTemplate": {}, "Mode": { "Replicated": { "Replicas": 2 } } } });
    let document = Document::read(&raw).unwrap();
    let mut store = c.store();
    let plan = Plan::new(ClusterNo(0), &[document], &Change::Scale(ScaleTo::Exactly(3)), &store);
    let mut follow = Follow::new(&plan.steps[0], NOW);
    follow.sent(1);
    tell_unread(&mut store, &mut c);
    follow.update(&store, NOW.shifted(1_000_000_000));
    assert_eq!(follow.phase, Phase::Converging);
    c.last().version = 100;
    store.apply(listed(&c.services), NOW);
    follow.update(&store, NOW.shifted(60_000_000_000));
    follow.update(&store, NOW.shifted(120_000_000_000));
    assert_eq!(follow.phase, Phase::Done);
}
