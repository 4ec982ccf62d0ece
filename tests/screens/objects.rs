//! Stacks, networks, secrets, configs and volumes, and the way to them.

use std::sync::Arc;

use skep::{
    cluster::{Mount, NetworkId, TaskState},
    session::{Command, Event, RawKind, Token},
    ui::Effect,
};

use crate::{
    cluster_fixture::{Cluster, shop},
    driver::Driver,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn check(name: &str, driver: &Driver) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), driver.screen(width, height));
    }
}

/// The shop with the objects that its services name, and some that none does.
fn objects() -> Cluster {
    let mut cluster = shop()
        .network("back", "10.0.1.0/24")
        .network("front", "10.0.2.0/29")
        .secret("db_password")
        .secret("tls-1")
        .secret("tls-2")
        .config("proxy_conf");
    let label = |key: &str, value: &str| -> (Arc<str>, Arc<str>) { (key.into(), value.into()) };
    cluster.networks[0].name = "shop_net".into();
    cluster.networks[1].options.push(label("encrypted", ""));
    for secret in &mut cluster.secrets {
        secret.labels = vec![label("com.docker.stack.namespace", "shop"), label("team", "hive")];
    }
    let service = cluster.services.iter_mut().find(|s| &*s.name == "shop_db").unwrap();
    service.mounts.push(Mount {
        kind: "volume".into(),
        source: "db_data".into(),
        target: "/var/lib/data".into(),
        read_only: false,
        driver: "".into(),
        filesystem: "".into(),
    });
    let (mounts, id) = (service.mounts.clone(), service.id.clone());
    for task in cluster.tasks.iter_mut().filter(|task| task.service == id) {
        let mut spec = (*task.spec).clone();
        spec.mounts.clone_from(&mounts);
        task.spec = Arc::new(spec);
    }
    let task = cluster.tasks.iter_mut().find(|t| t.state == TaskState::Running).unwrap();
    task.attachments = Box::new([skep::cluster::Attachment {
        network: NetworkId::from("id-of-back"),
        address: "10.0.1.77".parse().unwrap(),
    }]);
    task.container = Some("ab12cd34ef567890".into());
    cluster.port(8080)
}

fn driver() -> Driver {
    Driver::new(&objects(), false)
}

/// The line with the cursor.
fn under_cursor(driver: &Driver) -> String {
    let screen = driver.screen(120, 40);
    let line = screen.lines().find(|line| line.contains('›')).unwrap_or_default();
    line.to_owned()
}

#[test]
fn each_kind_has_its_screen() {
    for (name, keys) in [
        ("stacks", "9"),
        ("all_kinds", "0"),
        ("networks", ":networks<enter>"),
        ("secrets", ":secrets<enter>"),
        ("configs", ":configs<enter>"),
        ("volumes", ":volumes<enter>"),
    ] {
        let mut driver = driver();
        driver.keys(keys);
        check(name, &driver);
    }
}

#[test]
fn each_kind_has_its_page() {
    for (name, keys) in [
        ("stack_page", "9jd"),
        ("network_page", ":shop_net<enter>d"),
        ("secret_page", ":db_password<enter>d"),
        ("config_page", ":proxy_conf<enter>d"),
        ("volume_page", ":db_data<enter>d"),
    ] {
        let mut driver = driver();
        driver.keys(keys);
        insta::assert_snapshot!(name, driver.screen(100, 40));
    }
}

/// "Who publishes 8080": what is looked for, and at most six keys beside the word itself.
#[test]
fn anything_is_found_in_six_keys() {
    for (word, more, seen) in [
        // Who publishes 8080?
        ("8080", "<enter>", "edge_proxy"),
        // Who mounts this secret, or this volume?
        ("db_password", "<enter><enter>", "Services of secret db_password"),
        ("db_data", "<enter><enter>", "Services of volume db_data"),
        // Who is on this network?
        ("shop_net", "<enter><enter>", "Services of network shop_net"),
        // What runs on this node?
        ("mgr-2", "<enter><enter>", "Tasks on mgr-2"),
        // Where is this image?
        ("api:1.8", "<enter><enter>", "Tasks of "),
        // Which task has this address, or this container?
        ("10.0.1.77", "<enter>", "Tasks of "),
        ("ab12", "<enter>", "Tasks of "),
        // With letters left out.
        ("dbpw", "<enter><enter>", "Services of secret db_password"),
        ("shpapi", "<enter><enter>", "Tasks of shop_api"),
        // The stack, and its services.
        ("shop", "<enter><enter>", "Services of stack shop"),
    ] {
        let mut driver = driver();
        driver.keys(&format!(":{word}{more}"));
        let screen = driver.screen(120, 40);
        assert!(screen.contains(seen), "{word}\n{screen}");
        let keys = 1 + more.matches('<').count();
        assert!(keys <= 6, "{word}: {keys} keys");
    }
    let mut driver = driver();
    driver.keys(":10.0.1.77<enter>");
    assert!(under_cursor(&driver).contains("edge_proxy.1"), "{}", under_cursor(&driver));
}

/// Enter on an object leads to the services that use it, Esc back; a stack's plan is for its services.
#[test]
fn a_stack_stands_for_its_services() {
    let mut driver = driver();
    driver.keys("9j");
    let stack = under_cursor(&driver);
    assert!(stack.contains("shop"), "{stack}");
    driver.keys("<enter>");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("Services of stack shop 3"), "{screen}");
    assert!(!screen.contains("edge_proxy"), "{screen}");
    driver.keys("<esc>");
    assert!(driver.screen(120, 40).contains("Stacks 2"), "{}", driver.screen(120, 40));
    driver.keys("f");
    let asked = driver.effects.iter().rev().find_map(|effect| match effect {
        skep::ui::Effect::Session(_, skep::session::Command::Documents(_, targets)) => {
            Some(targets.len())
        }
        _ => None,
    });
    assert_eq!(asked, Some(3));
    // All services again.
    driver.keys("<esc>2");
    assert!(driver.screen(120, 40).contains("Services 4"));
}

/// What fresh eyes found: keys that are not offered do nothing, and nothing is lost on the way.
#[test]
fn screens_without_a_pane_stay_where_they_are() {
    for keys in ["9", "0", ":networks<enter>", ":volumes<enter>"] {
        let mut driver = driver();
        driver.keys(keys);
        let before = driver.screen(120, 40).lines().nth(2).unwrap_or_default().to_owned();
        driver.keys("z");
        let after = driver.screen(120, 40);
        assert_eq!(after.lines().nth(2), Some(before.as_str()), "{keys}");
        assert!(after.contains("no pane of the Overview"), "{after}");
    }
    // History is not turned from a screen that shows none.
    let mut driver = driver();
    driver.keys(":configs<enter>h");
    assert!(driver.screen(120, 40).contains("press 4"));
    driver.keys("4");
    assert!(!driver.screen(120, 40).contains('└'));
}

#[test]
fn a_drill_into_a_stack_ends_with_it() {
    let mut driver = driver();
    driver.keys("9j<enter><esc>1");
    assert!(driver.screen(120, 40).contains("Services 4"), "{}", driver.screen(120, 40));
    let mut driver = self::driver();
    driver.keys(":tls-1<enter><enter>");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("no service uses it"), "{screen}");
}

/// "Can A reach B?", on one page.
#[test]
fn a_page_tells_whether_one_service_reaches_another() {
    let mut cluster = objects();
    let proxy = cluster.services.iter_mut().find(|s| &*s.name == "edge_proxy").unwrap();
    proxy.vips.push((NetworkId::from("id-of-back"), "10.0.1.5/24".into()));
    let lonely = cluster.services.iter_mut().find(|s| &*s.name == "shop_db").unwrap();
    lonely.networks.clear();
    let mut driver = Driver::new(&cluster, false);
    // The names are completed one after the other.
    driver.keys(":reach shop_w<enter>edge<enter>");
    insta::assert_snapshot!("reach", driver.screen(100, 40));
    driver.keys("<esc>:reach shop_web shop_db<enter>");
    let screen = driver.screen(100, 40);
    assert!(screen.contains("no network in common"), "{screen}");
    driver.keys("<esc>:reach shop_web nobody<enter>");
    let screen = driver.screen(100, 40);
    assert!(screen.contains("no service 'nobody'"), "{screen}");
}

/// A filter finds what the row's object carries, in a column or not.
#[test]
fn objects_are_filtered_by_what_they_carry() {
    for (view, filter, left) in [
        ("networks", "encrypted", "front"),
        ("networks", "shop_api", "shop_net"),
        ("secrets", "unused", "tls-1"),
        ("secrets", "shop_db", "db_password"),
        ("volumes", "nfs", "data"),
        ("stacks", "edge_proxy", "edge"),
    ] {
        let mut driver = driver();
        driver.keys(&format!(":{view}<enter>/{filter}<enter>"));
        assert!(
            under_cursor(&driver).contains(left),
            "{view}/{filter}: {}",
            driver.screen(120, 40)
        );
    }
}

/// The document of a config.
fn document(content: &str) -> Box<serde_json::Value> {
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.encode(content);
    Box::new(serde_json::json!({ "Version": { "Index": 1 }, "Spec": { "Data": data } }))
}

#[test]
fn two_configs_are_compared() {
    let mut cluster = objects().config("app-1").config("app-2").config("app-10");
    for (name, days) in [("app-1", 9), ("app-2", 5), ("app-10", 1)] {
        let config = cluster.configs.iter_mut().find(|c| &*c.name == name).unwrap();
        config.created = config.created.map(|at| at.shifted(-days * 86_400_000_000_000));
    }
    let asked = |driver: &Driver| -> Vec<(Token, String)> {
        let asked = driver.effects.iter().filter_map(|effect| match effect {
            Effect::Session(_, Command::Raw(token, RawKind::Config, id)) => {
                Some((*token, id.clone()))
            }
            _ => None,
        });
        asked.collect()
    };
    let ids =
        |driver: &Driver| -> Vec<String> { asked(driver).into_iter().map(|(_, id)| id).collect() };
    // With the one of its family before it: by age, not by name.
    let mut driver = Driver::new(&cluster, false);
    driver.keys(":configs<enter>/app-2<enter>=");
    assert_eq!(ids(&driver), ["id-of-app-1", "id-of-app-2"]);
    let contents = ["a = 1\npassword = old\n", "a = 1\npassword = new\nb = 2\n"];
    for ((token, _), content) in asked(&driver).into_iter().zip(contents) {
        driver.send(Event::Raw(token, Ok(document(content))));
    }
    let hidden = driver.screen(80, 24);
    assert!(hidden.contains("1 line removed, 2 added"), "{hidden}");
    assert!(!hidden.contains("password = "), "{hidden}");
    driver.keys("x");
    insta::assert_snapshot!("configs_compared", driver.screen(80, 24));
    // From its page; two that are marked, the older one first; by name.
    let mut driver = Driver::new(&cluster, false);
    driver.keys(":configs<enter>/app<enter>:app-10<enter>d=");
    assert_eq!(ids(&driver)[1..], ["id-of-app-2", "id-of-app-10"]);
    let mut driver = Driver::new(&cluster, false);
    driver.keys(":configs<enter>/app-1<enter>g<space>j<space>=");
    assert_eq!(ids(&driver), ["id-of-app-1", "id-of-app-10"]);
    let mut driver = Driver::new(&cluster, false);
    driver.keys(":compare app-10 app-1<enter>");
    assert_eq!(ids(&driver), ["id-of-app-1", "id-of-app-10"]);
    // The name is completed; one that is alone says so.
    let mut driver = Driver::new(&cluster, false);
    driver.keys(":compare proxy<enter>");
    assert!(driver.screen(120, 40).contains("no config of the family of proxy_conf"));
    // What can't be read says why, and what is no text is not shown.
    let mut driver = Driver::new(&cluster, false);
    driver.keys(":compare app-1 app-2<enter>x");
    let [old, new] = asked(&driver).try_into().unwrap();
    driver.send(Event::Raw(old.0, Err("gone \u{1b}[31m".into())));
    driver.send(Event::Raw(new.0, Ok(document("a"))));
    let screen = driver.screen(80, 24);
    assert!(screen.contains("can't be read: gone") && !screen.contains("removed"), "{screen}");
}

/// A log of what is marked is of all of it.
#[test]
fn logs_of_marked_objects_are_of_all_of_them() {
    let mut cluster = objects();
    for (service, config) in [("shop_web", "proxy_conf"), ("shop_db", "other_conf")] {
        let service = cluster.services.iter_mut().find(|s| &*s.name == service).unwrap();
        service.configs.push(skep::cluster::Reference {
            id: format!("id-of-{config}").as_str().into(),
            name: config.into(),
        });
    }
    let mut driver = Driver::new(&cluster.config("other_conf"), false);
    driver.keys(":configs<enter><space><space>l");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("services of 2 marked configs"), "{screen}");
    let asked = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Session(_, Command::Logs(_, tasks)) if !tasks.is_empty() => Some(tasks.len()),
        _ => None,
    });
    assert_eq!(asked, Some(7), "those of shop_web and shop_db");
}

/// A service on the network of its nodes is reached at their addresses, whatever it publishes.
#[test]
fn a_service_on_the_network_of_its_nodes_is_reached_there() {
    let mut cluster = objects().network("hostnet", "");
    let network = cluster.networks.last_mut().unwrap();
    network.driver = "host".into();
    network.scope = "local".into();
    let service = cluster.services.iter_mut().find(|s| &*s.name == "shop_db").unwrap();
    service.networks = [NetworkId::from("id-of-hostnet")].into();
    let mut driver = Driver::new(&cluster, false);
    driver.keys(":reach shop_web shop_db<enter>");
    let screen = driver.screen(120, 40);
    assert!(screen.contains("at its nodes' own addresses"), "{screen}");
    assert!(!screen.contains("can't be reached"), "{screen}");
}
