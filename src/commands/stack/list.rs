//! `skep stack ls` and `ps`.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::{
    cluster::{Store, Timestamp},
    commands::{
        fault::{FAILED, Fault, fault},
        output::print,
        read_swarms::first_manager,
        snapshot::{task_json, time},
        table::{columns, json_text},
    },
    connect::Wanted,
    session::load,
    text::{age, clean},
};

async fn read(cluster: &Wanted) -> Result<(Store, Timestamp), Fault> {
    let (engine, probe) = first_manager(cluster).await.map_err(fault(FAILED))?;
    load(&engine, &probe).await.map_err(|e| fault(FAILED)(e.to_string()))
}

/// Prints all stacks.
pub(super) async fn stacks(cluster: &Wanted, json: bool) -> Result<u8, Fault> {
    let (store, _) = read(cluster).await?;
    let stacks = store.relations().stacks().iter().filter(|stack| !stack.name.is_empty());
    let stacks: Vec<_> =
        stacks.map(|stack| (stack.name.to_string(), store.progress(stack))).collect();
    let text = if json {
        let all = stacks.iter().map(|(name, progress)| {
            json!({
                "name": name,
                "services": progress.services,
                "converged": progress.converged,
                "running": progress.running,
                "desired": progress.desired,
            })
        });
        json_text(&json!({ "stacks": all.collect::<Vec<_>>() }))
    } else {
        let mut lines = vec![["NAME", "SERVICES", "CONVERGED", "TASKS"].map(String::from).into()];
        lines.extend(stacks.iter().map(|(name, progress)| {
            vec![
                clean(name).into_owned(),
                progress.services.to_string(),
                progress.converged.to_string(),
                format!("{}/{}", progress.running, progress.desired),
            ]
        }));
        columns(lines)
    };
    print(&text).map(|()| 0)
}

/// Prints the tasks of a stack.
pub(super) async fn tasks(cluster: &Wanted, name: &str, json: bool) -> Result<u8, Fault> {
    let (store, at) = read(cluster).await?;
    let relations = store.relations();
    let stack = relations.stack(name).filter(|_| !name.is_empty());
    let stack =
        stack.ok_or_else(|| fault(FAILED)(format!("there is no service of a stack {name}")))?;
    let mut tasks: Vec<_> = stack.services.iter().flat_map(|id| store.tasks_of(id)).collect();
    // Services stand in order of their names.
    let place = |id| stack.services.iter().position(|service| service == id);
    tasks.sort_by_key(|task| {
        let node = task.node.as_ref().filter(|_| task.slot == 0).map(|node| store.hostname(node));
        (place(&task.service), task.slot, node, Reverse(task.created.or(task.since)))
    });
    let text = if json {
        let all: Vec<Value> = tasks.iter().map(|task| task_json(&store, task)).collect();
        json_text(&json!({ "stack": name, "as_of": time(Some(at)), "tasks": all }))
    } else {
        let head = ["TASK", "NODE", "STATE", "DESIRED", "AGE", "IMAGE", "ERROR"];
        let mut lines = vec![head.map(String::from).into()];
        lines.extend(tasks.iter().map(|task| {
            let node = task.node.as_ref().map(|node| store.hostname(node));
            let since = task.since.map(|since| age(since.age(at)));
            [
                store.task_name(task).as_str(),
                node.unwrap_or("-"),
                task.state.word(),
                task.desired.word(),
                since.as_deref().unwrap_or("?"),
                &task.spec.image,
                &task.err,
            ]
            .map(|cell| clean(cell).into_owned())
            .into()
        }));
        columns(lines)
    };
    print(&text).map(|()| 0)
}
