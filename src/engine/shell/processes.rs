//! The processes of a container, as its engine lists them.

use std::{collections::HashSet, time::Duration};

use serde::Deserialize;

use crate::engine::{client::Engine, error::Result, gate::Limits, lists::encode_text};

const DEADLINE: Duration = Duration::from_secs(10);

/// Columns of ps: of its command no more than the name, which holds nothing secret.
const COLUMNS: [&str; 5] = ["pid", "ppid", "sid", "stat", "comm"];

/// A process in a container, by its numbers on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its ID.
    pub pid: u64,
    parent: u64,
    session: u64,
    /// Name of its program.
    pub name: String,
}

impl Engine {
    /// The processes of a container.
    ///
    /// # Errors
    /// The container is gone (404) or not running (409), or the node's ps has no such columns.
    pub async fn processes(&self, container: &str) -> Result<Vec<Process>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wire {
            processes: Option<Vec<Vec<String>>>,
        }
        let columns = encode_text(&format!("-eo {}", COLUMNS.join(",")));
        let path = format!("/containers/{}/top?ps_args={columns}", encode_text(container));
        let body = self.get(&path, DEADLINE, Limits::OPTIONAL).await?.whole().await?;
        let list: Wire =
            serde_json::from_slice(&body).map_err(|e| self.garbage(&path, &e.to_string()))?;
        let rows = list.processes.unwrap_or_default();
        let all: Option<Vec<Option<Process>>> = rows.iter().map(|row| process(row)).collect();
        let all = all.ok_or_else(|| self.garbage(&path, "a process without its numbers"))?;
        Ok(all.into_iter().flatten().collect())
    }
}

/// A row of the list; nothing in it for one that is dead and only waits for its parent.
fn process(row: &[String]) -> Option<Option<Process>> {
    let [pid, parent, session, state, name] = row else { return None };
    let (pid, parent, session) = (pid.parse().ok()?, parent.parse().ok()?, session.parse().ok()?);
    let is_dead = state.starts_with(['Z', 'X']);
    Some((!is_dead).then(|| Process { pid, parent, session, name: name.clone() }))
}

/// A command's processes: itself, those in its session, and all that one of them started.
pub fn family(all: &[Process], command: u64) -> Vec<Process> {
    let mut pids = HashSet::from([command]);
    let mut sessions = HashSet::from([command]);
    loop {
        let before = pids.len();
        for one in all {
            let is_in = pids.contains(&one.pid)
                || pids.contains(&one.parent)
                || sessions.contains(&one.session);
            if is_in {
                pids.insert(one.pid);
                sessions.insert(one.session);
            }
        }
        if pids.len() == before {
            break;
        }
    }
    all.iter().filter(|one| pids.contains(&one.pid)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(lines: &[&str]) -> Vec<Process> {
        let row = |line: &&str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
        lines.iter().filter_map(|line| process(&row(line)).expect("a row")).collect()
    }

    #[test]
    fn a_command_has_what_it_started_wherever_that_went() {
        let all = listed(&[
            "10 1 10 Ss app",
            "11 10 10 S worker",
            "20 1 20 Ss+ sh",
            "21 20 20 S child",
            // Its parent is gone.
            "22 10 20 S orphan",
            "30 21 30 Ss daemon",
            "31 30 30 Z dead",
            "32 10 30 S its-orphan",
        ]);
        let names = |of| family(&all, of).into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(20), ["sh", "child", "orphan", "daemon", "its-orphan"]);
        assert_eq!(names(99), [""; 0]);
        assert_eq!(process(&["1".into()]), None);
    }
}
