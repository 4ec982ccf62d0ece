//! `skep stack`: lists, plans of deploys, deploys and removals.

mod deploy;
mod json;
mod list;
mod progress;
mod text;

use bytes::Bytes;
use tokio::io::AsyncReadExt;

pub use self::{json::stack_plan_json, text::stack_plan_text};
use super::{
    fault::{FAILED, Fault, USAGE, fault},
    output::{complain, print},
    read_swarms::{first_manager, only_cluster},
    table::json_text,
};
use crate::{
    action::{
        execute::find,
        plan::{KnownObjects, ReadObject, Recording, StackObject, StackPlan, Step},
    },
    cli::{StackFiles, StackSub},
    cluster::STACK_LABEL,
    connect::{Choice, Wanted},
    engine::EngineError,
    grant::ClusterNo,
    keep::History,
    recorder::{Deploy, DockerCli, record},
    session::load,
    text::parse_ago,
    ui::Ends,
};

/// There is something to change, as `terraform plan -detailed-exitcode` says it.
pub(super) const CHANGES: u8 = 2;
/// The largest compose file that is read from standard input.
const LARGEST: u64 = 16 << 20;

/// Runs it; the exit code.
pub(super) async fn run(choice: Choice, command: &StackSub, history: History) -> Result<u8, Fault> {
    complain(&choice.notices);
    let cluster = only_cluster(choice.clusters, "stack")?;
    match command {
        StackSub::Plan { files, json } => {
            let mut ends = Ends::new().map_err(|error| fault(FAILED)(error.to_string()))?;
            let plan = tokio::select! {
                biased;
                code = ends.next() => return Ok(code),
                plan = plan(&cluster, files) => plan?,
            };
            let text =
                if *json { json_text(&stack_plan_json(&plan)) } else { stack_plan_text(&plan) };
            print(&text)?;
            Ok(if plan.has_changes() { CHANGES } else { 0 })
        }
        StackSub::Deploy { files, yes, go_back, timeout } => {
            let timeout = parse_ago(timeout).ok_or_else(|| {
                fault(USAGE)(format!("--timeout {timeout}: write 90s, 15m or 2h"))
            })?;
            let answers = deploy::Answers { yes: *yes, go_back: *go_back };
            deploy::run(cluster, files, answers, timeout, history).await
        }
        StackSub::Ls { json } => list::stacks(&cluster, *json).await,
        StackSub::Ps { name, json } => list::tasks(&cluster, name, *json).await,
        StackSub::Rm { name, yes } => deploy::remove(cluster, name, *yes, history).await,
    }
}

/// Records the deploy, and plans it. The Swarm is read meanwhile.
async fn plan(cluster: &Wanted, files: &StackFiles) -> Result<StackPlan, Fault> {
    let deploy = request(files).await?;
    let (cli, manager) = tokio::join!(DockerCli::find(), first_manager(cluster));
    let cli = cli.map_err(|e| fault(FAILED)(e.to_string()))?;
    let (engine, probe) = manager.map_err(fault(FAILED))?;
    let (recording, loaded) = tokio::join!(record(&engine, &cli, &deploy), load(&engine, &probe));
    let mut recording = recording.map_err(|e| fault(FAILED)(e.to_string()))?;
    let (store, _) = loaded.map_err(|e| fault(FAILED)(e.to_string()))?;
    recording.rotate_configs(files.rotate);
    Ok(StackPlan::new(ClusterNo(0), &recording, &store))
}

/// Plans the removal of a stack.
async fn plan_removal(cluster: &Wanted, name: &str) -> Result<StackPlan, Fault> {
    let (engine, probe) = first_manager(cluster).await.map_err(fault(FAILED))?;
    let label = format!("{STACK_LABEL}={name}");
    let read = async {
        let mut read = KnownObjects::default();
        for kind in StackObject::ALL {
            for object in engine.labelled(kind.path(), &label).await? {
                read.note(kind, object);
            }
        }
        Ok::<_, EngineError>(read)
    };
    let (read, loaded) = tokio::join!(read, load(&engine, &probe));
    let read = read.map_err(|e| fault(FAILED)(e.to_string()))?;
    let (store, _) = loaded.map_err(|e| fault(FAILED)(e.to_string()))?;
    if StackObject::ALL.iter().all(|kind| read.of(*kind).next().is_none()) {
        return Err(fault(FAILED)(format!("there is nothing of a stack {name}")));
    }
    Ok(StackPlan::new(ClusterNo(0), &Recording::removal(name, read), &store))
}

/// Plans the way back from steps that were done: specs as they were, and what was made removed.
async fn plan_back(cluster: &Wanted, stack: &str, done: Vec<Step>) -> Result<StackPlan, Fault> {
    let (engine, probe) = first_manager(cluster).await.map_err(fault(FAILED))?;
    let mut now = Vec::new();
    for step in &done {
        let found = find(&engine, &step.target).await;
        if let ReadObject::Unreadable(why) = &found {
            return Err(fault(FAILED)(format!("{} can't be read: {why}", step.name)));
        }
        now.push(found);
    }
    let (store, _) = load(&engine, &probe).await.map_err(|e| fault(FAILED)(e.to_string()))?;
    let recording = Recording::way_back(stack, done.iter().zip(now));
    Ok(StackPlan::new(ClusterNo(0), &recording, &store))
}

async fn request(files: &StackFiles) -> Result<Deploy, Fault> {
    let stdin = if files.files.iter().any(|file| file.as_os_str() == "-") {
        let mut text = Vec::new();
        let read = tokio::io::stdin().take(LARGEST + 1).read_to_end(&mut text).await;
        read.map_err(|e| fault(FAILED)(format!("standard input can't be read: {e}")))?;
        if text.len() as u64 > LARGEST {
            return Err(fault(FAILED)("standard input is larger than 16 MiB".into()));
        }
        Some(Bytes::from(text))
    } else {
        None
    };
    Ok(Deploy {
        stack: files.name.clone(),
        files: files.files.clone(),
        prune: files.prune,
        registry_auth: files.with_registry_auth,
        resolve_image: files.resolve_image.clone(),
        dir: None,
        stdin,
    })
}
