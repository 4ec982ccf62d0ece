//! Which task is meant.

use crate::cluster::{Store, Task, TaskState};

/// Tasks told of where several are meant.
const MOST: usize = 8;

/// The task that is called so: by its name as docker prints it, its service's name, its id or its
/// container's, or the beginning of an id. One that runs goes before those that do not.
///
/// # Errors
/// There is none, or there are several.
pub fn find_task<'s>(store: &'s Store, called: &str) -> Result<&'s Task, String> {
    let by_name: Vec<&Task> = store.tasks().filter(|task| is_named(store, task, called)).collect();
    let by_service = || -> Vec<&Task> {
        let is_its =
            |task: &&Task| store.service(&task.service).is_some_and(|s| *s.name == *called);
        store.tasks().filter(is_its).collect()
    };
    let by_id = || -> Vec<&Task> {
        let begins = |id: &str| id.starts_with(called);
        let is_it = |task: &&Task| {
            begins(task.id.as_str()) || task.container.as_deref().is_some_and(begins)
        };
        store.tasks().filter(is_it).collect()
    };
    let mut found = by_name;
    for more in [&by_service as &dyn Fn() -> Vec<&'s Task>, &by_id] {
        if found.is_empty() {
            found = more();
        }
    }
    if found.iter().any(|task| store.is_running(task)) {
        found.retain(|task| store.is_running(task));
    } else {
        // The newest says how it is.
        found.sort_by_key(|task| {
            std::cmp::Reverse((task.state == TaskState::Running, task.created))
        });
        found.truncate(1);
    }
    match found.as_slice() {
        [] => Err(format!("no task is called '{called}', and no id begins so")),
        [one] => Ok(one),
        many => {
            let mut names: Vec<String> = many.iter().map(|task| label(store, task)).collect();
            names.sort();
            let more = names.len().saturating_sub(MOST);
            names.truncate(MOST);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Err(format!("'{called}' may be {}{more}: name one", names.join(", ")))
        }
    }
}

fn is_named(store: &Store, task: &Task, called: &str) -> bool {
    let name = store.task_name(task);
    let Some(rest) = called.strip_prefix(&*name) else {
        // Docker prints the id of a global service's node.
        let service = store.service(&task.service).map_or("", |service| &*service.name);
        let place = called.strip_prefix(service).and_then(|rest| rest.strip_prefix('.'));
        let node = task.node.as_ref().filter(|_| task.slot == 0);
        return node.zip(place).is_some_and(|(node, place)| {
            place == node.as_str()
                || place.strip_prefix(node.as_str()).is_some_and(|id| is_id(task, id))
        });
    };
    // `web.2.id`, as its container is called.
    rest.is_empty() || is_id(task, rest)
}

fn is_id(task: &Task, rest: &str) -> bool {
    rest.strip_prefix('.') == Some(task.id.as_str())
}

fn label(store: &Store, task: &Task) -> String {
    let node = task.node.as_ref().map_or("", |node| store.hostname(node));
    format!("{} ({} on {node})", store.task_name(task), task.id.short())
}
