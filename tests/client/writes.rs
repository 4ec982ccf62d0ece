//! What becomes of a write, told from the engine's answer and from what is read back: against an engine
//! that follows a script, so that every way an answer can be lost has its case.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use skep::{
    action::{
        audit::Audit,
        execute::{Executor, Outcome, StepEvent},
        plan::{Change, Confirm, Confirmation, Document, NodeChange, Plan, ScaleTo},
    },
    cluster::Store,
    commands::permit,
    connect::{Connector, Endpoint},
    engine::Engine,
    grant::ClusterNo,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How a request is answered.
#[derive(Clone, Debug)]
enum Answer {
    Says(u16, String),
    /// The connection ends without a word.
    Cut,
    /// An answer begins and does not end.
    Half,
    /// None comes.
    Never,
}

/// What confirms a plan.
fn yes(plan: &Plan) -> Confirmation {
    match &plan.confirm {
        Confirm::Yes => Confirmation::Yes,
        Confirm::Type(word) => Confirmation::Typed(word.clone()),
    }
}

fn says(status: u16, body: impl ToString) -> Answer {
    Answer::Says(status, body.to_string())
}

fn fault(status: u16, message: &str) -> Answer {
    says(status, json!({ "message": message }))
}

/// An engine that answers writes and reads in turn; the last answer of each holds for what follows.
struct Scripted {
    engine: Engine,
    asked: Arc<Mutex<Vec<String>>>,
    _dir: tempfile::TempDir,
    audit: std::path::PathBuf,
    /// What was told of the audit.
    unrecorded: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(writes: &[Answer], reads: &[Answer]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("d.sock");
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let answers = Arc::new(Mutex::new((writes.to_vec(), reads.to_vec())));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answers)));
            }
        });
        let endpoint = Endpoint::parse(&format!("unix://{}", socket.display()), None).unwrap();
        let engine = Engine::new(Connector::new(endpoint));
        let audit = dir.path().join("audit.jsonl");
        Self { engine, asked, _dir: dir, audit, unrecorded: Mutex::default() }
    }

    /// Carries a plan out; how it ended, and how often something was written.
    async fn carry_out(&self, document: &Value, change: Change) -> (Outcome, usize) {
        let document = match &change {
            Change::Node(_) => Document::read_node(document).unwrap(),
            _ => Document::read(document).unwrap(),
        };
        let plan = Plan::new(ClusterNo(0), &[document], &change, &Store::default());
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        let answer = yes(&plan);
        let grant = permit(ClusterNo(0), false, false).unwrap();
        let approved = plan.approve(&grant, &answer).unwrap();
        let audit = Audit::new(self.audit.clone(), "ops@test".into());
        let executor = Executor::new(&self.engine, &grant, audit, "test".into());
        let mut outcomes = Vec::new();
        let mut unrecorded = Vec::new();
        let told = |_: &_, told| match told {
            StepEvent::Unrecorded(why) => unrecorded.push(why),
            StepEvent::Ended(outcome) => outcomes.push(outcome),
        };
        executor.carry_out(&approved, std::future::pending(), told).await;
        assert_eq!(outcomes.len(), 1);
        self.unrecorded.lock().unwrap().extend(unrecorded);
        let asked = self.asked.lock().unwrap();
        assert!(
            asked.iter().all(|a| a.split(' ').nth(1).unwrap().starts_with("/v1.")),
            "{asked:?}"
        );
        let written = asked.iter().filter(|a| !a.starts_with("GET ")).count();
        (outcomes.remove(0), written)
    }
}

async fn serve(
    mut stream: tokio::net::UnixStream,
    asked: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<(Vec<Answer>, Vec<Answer>)>>,
) {
    let mut heard = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = heard.windows(4).position(|w| w == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read_buf(&mut heard).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        };
        let text = String::from_utf8_lossy(&heard[..head]).to_lowercase();
        let length = text.split("content-length:").nth(1).and_then(|t| t.lines().next());
        let length: usize = length.map_or(0, |t| t.trim().parse().unwrap());
        while heard.len() < head + length {
            stream.read_buf(&mut heard).await.unwrap();
        }
        let line = String::from_utf8_lossy(&heard[..head]).lines().next().unwrap().to_owned();
        let body: Vec<u8> = heard.drain(..head + length).skip(head).collect();
        let line = format!("{line} {}", String::from_utf8_lossy(&body));
        let answer = {
            let mut answers = answers.lock().unwrap();
            let list = if line.starts_with("GET ") { &mut answers.1 } else { &mut answers.0 };
            if list.len() > 1 { list.remove(0) } else { list[0].clone() }
        };
        asked.lock().unwrap().push(line);
        match answer {
            Answer::Cut => return,
            Answer::Never => std::future::pending().await,
            Answer::Half => {
                let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Warn";
                let _ = stream.write_all(half).await;
                return;
            }
            Answer::Says(status, body) => {
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        }
    }
}

fn service(version: u64, replicas: u64) -> Value {
    json!({ "ID": "s1", "Version": { "Index": version }, "Spec": {
        "Name": "web", "TaskTemplate": { "ContainerSpec": { "Image": "app:1" } },
        "Mode": { "Replicated": { "Replicas": replicas } }, "Unknown": [1] } })
}

fn node(version: u64) -> Value {
    json!({ "ID": "n1", "Version": { "Index": version }, "Description": { "Hostname": "node1" },
        "Spec": { "Role": "worker", "Availability": "drain" }, "Status": { "State": "down" } })
}

/// Every way the answer to a write may be lost, or leave open what became of it.
fn lost() -> Vec<Answer> {
    let rpc = |rest: &str| fault(500, &format!("rpc error: code = {rest}"));
    vec![
        rpc("Unknown desc = raft: lost leader status"),
        rpc("Unavailable desc = transport is closing"),
        rpc("Unavailable desc = error reading from server: EOF"),
        rpc("Canceled desc = context canceled"),
        rpc("Aborted desc = x"),
        rpc("DeadlineExceeded desc = context deadline exceeded"),
        rpc("Unknown desc = The swarm does not have a leader."),
        fault(500, "something"),
        says(502, "<html>Bad Gateway</html>"),
        says(503, "<html>No server is available</html>"),
        says(504, ""),
        // Nothing below is an engine's verdict: its refusals are JSON.
        says(301, ""),
        says(307, "<html>Moved</html>"),
        says(400, "<html>Bad Request</html>"),
        says(404, "<html>Not Found</html>"),
        says(408, "<html>Request Timeout</html>"),
        says(413, "too large"),
        says(429, "<html>Too Many Requests</html>"),
        fault(429, "slow down"),
        Answer::Cut,
        Answer::Half,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_is_read_back_and_never_sent_again() {
    let scale = || Change::Scale(ScaleTo::Exactly(5));
    for answer in lost() {
        let done = Scripted::new(std::slice::from_ref(&answer), &[says(200, service(8, 5))]);
        let (outcome, written) = done.carry_out(&service(7, 2), scale()).await;
        assert!(matches!(&outcome, Outcome::Taken { version: 8, .. }), "{answer:?}: {outcome:?}");
        assert_eq!(written, 1, "{answer:?}");

        let not_yet = Scripted::new(std::slice::from_ref(&answer), &[says(200, service(7, 2))]);
        let (outcome, written) = not_yet.carry_out(&service(7, 2), scale()).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{answer:?}: {outcome:?}");
        assert_eq!(written, 1, "{answer:?}");

        let other = Scripted::new(std::slice::from_ref(&answer), &[says(200, service(9, 3))]);
        let (outcome, _) = other.carry_out(&service(7, 2), scale()).await;
        assert!(
            matches!(&outcome, Outcome::Unknown(why) if why.contains("another spec")),
            "{answer:?}: {outcome:?}"
        );
    }
}

/// An answer of yes may be a proxy's.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_taken_only_when_the_object_says_so() {
    let warned = says(200, json!({ "Warnings": ["image is not pinned"] }));
    let engine = Scripted::new(&[warned], &[says(200, service(8, 5))]);
    let (outcome, _) = engine.carry_out(&service(7, 2), Change::Scale(ScaleTo::Exactly(5))).await;
    let warnings = vec!["image is not pinned".to_owned()];
    assert_eq!(outcome, Outcome::Taken { version: 8, warnings });
    let yes = [says(200, "{}"), says(200, "<html>log in</html>"), says(200, ""), says(204, "")];
    for answer in yes {
        let outcome_with = async |document: Value| {
            let writes = std::slice::from_ref(&answer);
            let engine = Scripted::new(writes, &[says(200, document)]);
            let change = Change::Scale(ScaleTo::Exactly(5));
            let (outcome, written) = engine.carry_out(&service(7, 2), change).await;
            assert_eq!(written, 1, "{answer:?}");
            (outcome, std::fs::read_to_string(&engine.audit).unwrap())
        };
        let (outcome, audit) = outcome_with(service(8, 5)).await;
        assert_eq!(outcome, Outcome::Taken { version: 8, warnings: vec![] }, "{answer:?}");
        assert!(audit.contains("\"taken\""), "{audit}");
        for (document, said) in [
            (service(7, 2), "as it was before"),
            (service(8, 2), "as it was before"),
            (service(9, 3), "replicas 5 → 3"),
        ] {
            let (outcome, audit) = outcome_with(document).await;
            assert!(
                matches!(&outcome, Outcome::Unknown(why) if why.contains(said)),
                "{answer:?}: {said}: {outcome:?}"
            );
            assert!(audit.contains("\"unknown\"") && !audit.contains("\"taken\""), "{audit}");
        }
        let remove = || Change::Node(NodeChange::Remove);
        let still = Scripted::new(std::slice::from_ref(&answer), &[says(200, node(7))]);
        let (outcome, _) = still.carry_out(&node(7), remove()).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{answer:?}: {outcome:?}");
        let gone = fault(404, "node n1 not found");
        let gone = Scripted::new(std::slice::from_ref(&answer), &[gone]);
        let (outcome, _) = gone.carry_out(&node(7), remove()).await;
        assert!(matches!(outcome, Outcome::Taken { .. }), "{answer:?}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxys_page_is_no_sign_that_an_object_is_gone() {
    let page = says(404, "<html>Not Found</html>");
    let engine = Scripted::new(&[says(200, "")], std::slice::from_ref(&page));
    let (outcome, _) = engine.carry_out(&node(7), Change::Node(NodeChange::Remove)).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_read_back_before_it_is_said_that_nothing_was_sent() {
    let stale = fault(500, "rpc error: code = Unknown desc = update out of sequence");
    let change = || Change::Scale(ScaleTo::Exactly(5));
    // Sent twice by something in between: the first was carried out.
    let done = Scripted::new(std::slice::from_ref(&stale), &[says(200, service(8, 5))]);
    let (outcome, written) = done.carry_out(&service(7, 2), change()).await;
    assert!(
        matches!(&outcome, Outcome::Taken { version: 8, warnings } if warnings.len() == 1),
        "{outcome:?}"
    );
    assert_eq!(written, 1);
    let unread = Scripted::new(std::slice::from_ref(&stale), &[Answer::Cut]);
    let (outcome, _) = unread.carry_out(&service(7, 2), change()).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    let gone = Scripted::new(&[stale], &[fault(404, "service s1 not found")]);
    let (outcome, _) = gone.carry_out(&service(7, 2), change()).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("removed")), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_back_at_first_is_tried_again() {
    let no_leader =
        fault(500, "rpc error: code = Unknown desc = The swarm does not have a leader.");
    let reads = [no_leader.clone(), Answer::Cut, says(200, service(8, 5))];
    let engine = Scripted::new(&[no_leader], &reads);
    let change = Change::Scale(ScaleTo::Exactly(5));
    let (outcome, written) = engine.carry_out(&service(7, 2), change).await;
    assert!(matches!(outcome, Outcome::Taken { version: 8, .. }), "{outcome:?}");
    assert_eq!(written, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clear_refusal_is_told_as_such() {
    let clear = [
        fault(400, "invalid reference format"),
        fault(404, "service s1 not found"),
        fault(409, "name conflicts with an existing object"),
        fault(500, "rpc error: code = InvalidArgument desc = no such mode"),
        fault(503, "This node is not a swarm manager. Worker nodes can't be used …"),
        says(403, "<html>Forbidden</html>"),
    ];
    for answer in clear {
        // Should it ask, it would be told that the write was carried out.
        let engine = Scripted::new(std::slice::from_ref(&answer), &[says(200, service(8, 5))]);
        let change = Change::Scale(ScaleTo::Exactly(5));
        let (outcome, written) = engine.carry_out(&service(7, 2), change).await;
        assert!(matches!(outcome, Outcome::Refused(_)), "{answer:?}: {outcome:?}");
        assert_eq!(written, 1, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_removal_whose_answer_was_lost_is_read_back_as_done() {
    let gone = fault(404, "node n1 not found");
    for answer in lost() {
        let engine = Scripted::new(std::slice::from_ref(&answer), std::slice::from_ref(&gone));
        let (outcome, written) = engine.carry_out(&node(7), Change::Node(NodeChange::Remove)).await;
        assert!(matches!(outcome, Outcome::Taken { .. }), "{answer:?}: {outcome:?}");
        assert_eq!(written, 1, "{answer:?}");
        let still = Scripted::new(std::slice::from_ref(&answer), &[says(200, node(7))]);
        let (outcome, _) = still.carry_out(&node(7), Change::Node(NodeChange::Remove)).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{answer:?}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_goes_on_only_with_what_the_user_saw() {
    let stale = fault(500, "rpc error: code = Unknown desc = update out of sequence");
    let change = || Change::Scale(ScaleTo::Exactly(5));
    // Only the version moved: the engine noted an update's progress.
    let moved = Scripted::new(
        &[stale.clone(), stale.clone(), says(200, "{}")],
        &[says(200, service(8, 2)), says(200, service(9, 2)), says(200, service(10, 5))],
    );
    let (outcome, written) = moved.carry_out(&service(7, 2), change()).await;
    assert_eq!(outcome, Outcome::Taken { version: 10, warnings: vec![] });
    assert_eq!(written, 3);
    let asked = moved.asked.lock().unwrap().join("\n");
    assert!(asked.contains("version=7&") && asked.contains("version=9&"), "{asked}");
    // Someone scaled it meanwhile: nothing is sent again.
    let changed = Scripted::new(std::slice::from_ref(&stale), &[says(200, service(8, 3))]);
    let (outcome, written) = changed.carry_out(&service(7, 2), change()).await;
    assert!(matches!(&outcome, Outcome::Conflict(now) if now.version == 8), "{outcome:?}");
    assert_eq!(written, 1);
    // It keeps moving: it ends some time.
    let restless = Scripted::new(std::slice::from_ref(&stale), &[says(200, service(8, 2))]);
    let (outcome, written) = restless.carry_out(&service(7, 2), change()).await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("keeps changing")));
    assert_eq!(written, 5);
    // A rollback goes on only to the spec that was shown.
    let with_previous = |version: u64, previous: u64| {
        let mut service = service(version, 2);
        service["PreviousSpec"] = self::service(0, previous)["Spec"].clone();
        service
    };
    let same = Scripted::new(
        &[stale.clone(), says(200, "{}")],
        &[says(200, with_previous(8, 3)), says(200, service(9, 3))],
    );
    let (outcome, _) = same.carry_out(&with_previous(7, 3), Change::Rollback).await;
    assert!(matches!(outcome, Outcome::Taken { version: 9, .. }), "{outcome:?}");
    // The engine is asked to go back, and told the spec that it has now.
    let asked = same.asked.lock().unwrap().clone();
    let written: Vec<_> = asked.iter().filter(|a| a.starts_with("POST ")).collect();
    let now = with_previous(7, 3)["Spec"].to_string();
    assert!(
        written.len() == 2
            && written.iter().all(|w| w.contains("&rollback=previous ") && w.ends_with(&now)),
        "{asked:?}"
    );
    let other = Scripted::new(&[stale], &[says(200, with_previous(8, 4))]);
    let (outcome, written) = other.carry_out(&with_previous(7, 3), Change::Rollback).await;
    assert!(matches!(outcome, Outcome::Conflict(_)), "{outcome:?}");
    assert_eq!(written, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_is_in_the_audit_with_how_it_ended() {
    let engine = Scripted::new(&[Answer::Cut], &[says(200, service(8, 5))]);
    engine.carry_out(&service(7, 2), Change::Scale(ScaleTo::Exactly(5))).await;
    let audit = std::fs::read_to_string(&engine.audit).unwrap();
    let lines: Vec<Value> = audit.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let results: Vec<&str> = lines.iter().map(|l| l["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["sent", "taken"]);
    assert!(lines.iter().all(|l| l["service"] == "web" && l["who"] == "ops@test"), "{audit}");
}

/// An approved plan that came to the session of another cluster: nothing leaves.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_another_cluster_is_not_carried_out() {
    let engine = Scripted::new(&[says(200, "{}")], &[says(200, service(8, 5))]);
    let document = Document::read(&service(7, 2)).unwrap();
    let change = Change::Scale(ScaleTo::Exactly(5));
    let plan = Plan::new(ClusterNo(1), &[document], &change, &Store::default());
    let theirs = permit(ClusterNo(1), false, false).unwrap();
    let approved = plan.approve(&theirs, &Confirmation::Yes).unwrap();
    let ours = permit(ClusterNo(0), false, false).unwrap();
    let audit = Audit::new(engine.audit.clone(), "ops@test".into());
    let executor = Executor::new(&engine.engine, &ours, audit, "test".into());
    let mut outcomes = Vec::new();
    executor
        .carry_out(&approved, std::future::pending(), |_, outcome| outcomes.push(outcome))
        .await;
    assert!(
        matches!(outcomes.as_slice(), [StepEvent::Ended(Outcome::Refused(why))] if why.contains("another cluster")),
        "{outcomes:?}"
    );
    assert!(engine.asked.lock().unwrap().is_empty());
    let audit = std::fs::read_to_string(&engine.audit).unwrap();
    assert!(audit.contains("refused") && !audit.contains("sent\""), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_that_can_not_be_written_is_told_once_and_stops_no_write() {
    let engine = Scripted::new(&[says(200, "{}")], &[says(200, service(8, 5))]);
    // As good as a full disk, also for root.
    std::fs::create_dir(&engine.audit).unwrap();
    let (outcome, written) =
        engine.carry_out(&service(7, 2), Change::Scale(ScaleTo::Exactly(5))).await;
    assert!(matches!(outcome, Outcome::Taken { version: 8, .. }), "{outcome:?}");
    assert_eq!(written, 1);
    let told = engine.unrecorded.lock().unwrap();
    assert!(told.len() == 1 && told[0].contains("audit.jsonl"), "{told:?}");
}

/// An answer of yes, or none, for a service that has gone since.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_gone_after_its_update_is_told_as_such() {
    let gone = fault(404, "service s1 not found");
    for (answer, said) in [(says(200, "{}"), "accepted, but"), (Answer::Cut, "the service is gone")]
    {
        let engine = Scripted::new(&[answer], std::slice::from_ref(&gone));
        let change = Change::Scale(ScaleTo::Exactly(5));
        let (outcome, written) = engine.carry_out(&service(7, 2), change).await;
        assert!(
            matches!(&outcome, Outcome::Unknown(why) if why.contains(said) && why.contains("gone since")),
            "{outcome:?}"
        );
        assert_eq!(written, 1);
    }
}

/// What was so before the write is no proof of it: its version must have moved.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_the_version_that_was_written_to_proves_nothing() {
    for answer in [says(200, "{}"), Answer::Cut] {
        let engine = Scripted::new(&[answer], &[says(200, service(7, 5))]);
        let change = Change::Scale(ScaleTo::Exactly(5));
        let (outcome, _) = engine.carry_out(&service(7, 2), change).await;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    }
}

/// An election may take some seconds.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_read_back_through_a_whole_election() {
    let no_leader =
        fault(500, "rpc error: code = Unknown desc = The swarm does not have a leader.");
    let reads = [no_leader.clone(), no_leader.clone(), no_leader, says(200, service(8, 5))];
    let engine = Scripted::new(&[says(200, "{}")], &reads);
    let change = Change::Scale(ScaleTo::Exactly(5));
    let (outcome, written) = engine.carry_out(&service(7, 2), change).await;
    assert_eq!((outcome, written), (Outcome::Taken { version: 8, warnings: vec![] }, 1));
}

/// The link ends under the first of two writes: how it ended is unknown, and the second is not sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_lost_under_a_write_ends_the_plan() {
    let engine = Scripted::new(&[Answer::Never], &[says(200, service(8, 5))]);
    let other = |mut service: Value| {
        service["ID"] = json!("s2");
        service["Spec"]["Name"] = json!("db");
        service
    };
    let documents =
        [service(7, 2), other(service(7, 2))].map(|service| Document::read(&service).unwrap());
    let change = Change::Scale(ScaleTo::Exactly(5));
    let plan = Plan::new(ClusterNo(0), &documents, &change, &Store::default());
    let grant = permit(ClusterNo(0), false, false).unwrap();
    let answer = yes(&plan);
    let approved = plan.approve(&grant, &answer).unwrap();
    let audit = Audit::new(engine.audit.clone(), "ops@test".into());
    let executor = Executor::new(&engine.engine, &grant, audit, "test".into());
    let asked = Arc::clone(&engine.asked);
    let link_over = async move {
        while asked.lock().unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let mut told = Vec::new();
    executor
        .carry_out(&approved, link_over, |step, said| told.push((step.name.clone(), said)))
        .await;
    let [
        (first, StepEvent::Ended(Outcome::Unknown(why))),
        (second, StepEvent::Ended(Outcome::Refused(left))),
    ] = told.as_slice()
    else {
        panic!("{told:?}");
    };
    assert!(why.contains("d.sock: the link was lost under the write"), "{why}");
    assert!(left.contains("nothing was sent: the link was lost before"), "{left}");
    assert_eq!((&**first, &**second), ("web", "db"));
    assert_eq!(engine.asked.lock().unwrap().len(), 1);
    let audit = std::fs::read_to_string(&engine.audit).unwrap();
    let lines: Vec<Value> = audit.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let results: Vec<&str> = lines.iter().map(|l| l["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["sent", "unknown", "refused"]);
}
