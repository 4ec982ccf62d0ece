//! `skep exec`: a shell, or a command, in a task's container.

mod end_shells;
mod find;

use std::{
    io::{BufRead, IsTerminal, Write},
    time::Duration,
};

use tokio::sync::mpsc;

use self::end_shells::complain_of;
pub(super) use self::end_shells::end_shells;
pub use self::find::find_task;
use super::{
    fault::{FAILED, Fault, NOT_REACHED, NOT_STARTED, READ_ONLY, fault},
    output::complain,
    permit_shell,
    read_swarms::{first_manager, only_cluster},
    tui::whoami,
};
use crate::{
    action::{
        audit::Audit,
        plan::{Confirm, Confirmation, ShellPlan},
    },
    cluster::NodeId,
    connect::{Choice, SshPrompts, Wanted},
    grant::{ClusterNo, ShellGrant},
    keep::History,
    session::{
        NodeEngines, OpenShells, ShellEnd, ShellFault, ShellLink, ShellMeans, ShellNews,
        ShellStarter, load,
    },
    text::clean,
    ui::{Ends, RawKeys, carry, shell_means},
};

/// Time to end what runs, when it is left.
const SWEEPS: Duration = Duration::from_secs(16);
/// Time that the end of this waits for what an earlier skep left.
const CLEAN_UP: Duration = Duration::from_secs(5);
/// It was ended by us: its hang-up.
pub(super) const HUNG_UP: u8 = 128 + 1;

/// A command line of `skep exec`.
pub(super) struct Wish<'a> {
    pub task: &'a str,
    pub command: &'a [String],
    pub yes: bool,
    pub debug: bool,
}

/// Runs it; the exit code is the command's, or that of a signal that ends it.
pub(super) async fn run(choice: Choice, history: &History, wish: &Wish<'_>) -> Result<u8, Fault> {
    complain(&choice.notices);
    let cluster = only_cluster(choice.clusters, "exec")?;
    let grant = permit_shell(ClusterNo(0), cluster.read_only, cluster.production);
    let grant = grant.ok_or_else(|| {
        fault(READ_ONLY)("read-only: nothing can be run in a container from here".into())
    })?;
    let mut ends = Ends::new().map_err(failed)?;
    let (open, mut news) = OpenShells::new();
    let code = tokio::select! {
        biased;
        code = ends.next() => Ok(code),
        code = in_cluster(cluster, grant, history, wish, (open.clone(), &mut news)) => code,
    };
    end_shells(open, news, SWEEPS).await;
    code
}

async fn in_cluster(
    cluster: Wanted,
    grant: ShellGrant,
    history: &History,
    wish: &Wish<'_>,
    (open, news): (OpenShells, &mut mpsc::UnboundedReceiver<ShellNews>),
) -> Result<u8, Fault> {
    let (engine, probe) = first_manager(&cluster).await.map_err(fault(NOT_REACHED))?;
    let loaded = load(&engine, &probe).await.map_err(|e| fault(NOT_REACHED)(e.to_string()))?;
    let store = loaded.0;
    let id = &probe.info.id;
    let swarm = if id.is_empty() { engine.endpoint().to_string() } else { id.to_string() };
    let (nodes, _) = NodeEngines::start(cluster.nodes.clone());
    nodes.use_manager(engine, NodeId::from(&*probe.info.manager_id));
    let is_terminal = std::io::stdin().is_terminal();
    let starter = ShellStarter {
        audit: Audit::new(history.audit.clone(), whoami()),
        shells: history.shells(),
        open,
        swarm,
        nodes,
        debug_image: cluster.nodes.config.debug_image.clone(),
        ask: if is_terminal { SshPrompts::Terminal } else { SshPrompts::Never },
        grant,
    };
    // Commands that an earlier skep left running are ended meanwhile.
    let cleaner = starter.clone();
    let left = tokio::spawn(async move { cleaner.clean_up().await });
    let planned = find_task(&store, wish.task)
        .and_then(|task| ShellPlan::new(&starter.grant, task, wish.command.to_vec(), &store));
    let code = match planned {
        Ok(plan) => in_container(&starter, plan, wish, news).await,
        Err(why) => Err(fault(NOT_STARTED)(why)),
    };
    if let Ok(Ok(told)) = tokio::time::timeout(CLEAN_UP, left).await {
        complain(&told);
    }
    code
}

async fn in_container(
    starter: &ShellStarter,
    mut plan: ShellPlan,
    wish: &Wish<'_>,
    news: &mut mpsc::UnboundedReceiver<ShellNews>,
) -> Result<u8, Fault> {
    let means = shell_means();
    if wish.debug {
        let images = starter.images_beside(&plan).await.map_err(told)?;
        plan = plan.beside(images.into_iter().next().unwrap_or_default());
    }
    let plain = plan.clone();
    let started = match start(starter, plan, means, wish.yes || !is_asked(&starter.grant)).await? {
        Err(ShellFault::NoShell(images)) if means.size.is_some() => {
            let image = images.into_iter().next().unwrap_or_default();
            start(starter, plain.beside(image), means, wish.yes).await?
        }
        started => started,
    };
    let link = started.map_err(told)?;
    complain_of(news);
    carried(link, means).await
}

/// Whether a command is asked about before it is started.
fn is_asked(grant: &ShellGrant) -> bool {
    grant.wants_typing()
}

/// Asks, unless the answer was given with the command, and starts it.
async fn start(
    starter: &ShellStarter,
    plan: ShellPlan,
    means: ShellMeans,
    is_answered: bool,
) -> Result<Result<ShellLink, ShellFault>, Fault> {
    let answer = match &plan.confirm {
        Confirm::Yes if is_answered => Confirmation::Yes,
        Confirm::Type(word) if is_answered => Confirmation::Typed(word.clone()),
        _ => {
            let asked = plan.clone();
            // Nobody can stop it: a signal ends skep around it.
            let answer = tokio::task::spawn_blocking(move || ask(&asked)).await;
            answer.unwrap_or_else(|e| Err(e.to_string())).map_err(fault(NOT_STARTED))?
        }
    };
    let approved = plan.approve(&starter.grant, &answer).map_err(|_| {
        fault(NOT_STARTED)("nothing was started: that is not the answer asked for".into())
    })?;
    Ok(starter.start(&approved, means).await)
}

/// Asks at the terminal.
fn ask(plan: &ShellPlan) -> Result<Confirmation, String> {
    let mut out = std::io::stderr();
    if !(std::io::stdin().is_terminal() && out.is_terminal()) {
        return Err("nothing was started: nobody is there to confirm it; --yes does".into());
    }
    let mut lines = vec![format!(
        "{} in {}, container {} on {}",
        plan.shown(),
        plan.name,
        plan.short_container(),
        plan.host
    )];
    if plan.beside.is_some() {
        lines.insert(0, "there is no shell in the container".into());
    }
    lines.extend(plan.warnings());
    complain(&lines);
    let question = match &plan.confirm {
        Confirm::Yes => "y carries it out: ".to_owned(),
        Confirm::Type(word) => format!("type \"{}\" to confirm: ", clean(word)),
    };
    let _ = write!(out, "{question}").and_then(|()| out.flush());
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(match &plan.confirm {
        Confirm::Yes if line.trim() == "y" => Confirmation::Yes,
        _ => Confirmation::Typed(line.trim().to_owned()),
    })
}

/// Carries it until it ends.
async fn carried(mut link: ShellLink, means: ShellMeans) -> Result<u8, Fault> {
    let mut raw = means.size.map(|_| RawKeys::take()).transpose().map_err(failed)?;
    let (end, unwritten) = carry(&mut link, raw.as_mut()).await.map_err(failed)?;
    let name = link.name.clone();
    // Without it what still runs is ended.
    drop(link);
    if let Some(raw) = raw
        && matches!(end, ShellEnd::Exited(_))
    {
        raw.keep_modes();
    }
    if let Some(error) = unwritten {
        return Err(fault(FAILED)(format!("what {name} says can't be written: {error}")));
    }
    match end {
        ShellEnd::Exited(Some(code)) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
        ShellEnd::Exited(None) => Err(fault(NOT_REACHED)(format!(
            "{name}: its container is gone; its exit code is not known"
        ))),
        ShellEnd::NotStarted(why) => Err(fault(NOT_STARTED)(why)),
        ShellEnd::Lost(why) => {
            // Before what may take long.
            complain(&[format!("{name}: connection lost: {why}")]);
            Ok(NOT_REACHED)
        }
        ShellEnd::Left => Ok(HUNG_UP),
    }
}

fn failed(error: std::io::Error) -> Fault {
    fault(FAILED)(error.to_string())
}

/// Why nothing runs.
fn told(fault: ShellFault) -> Fault {
    match fault {
        ShellFault::NotReached(why) => super::fault::fault(NOT_REACHED)(why),
        ShellFault::NotStarted(why) => super::fault::fault(NOT_STARTED)(why),
        ShellFault::NoShell(_) => super::fault::fault(NOT_STARTED)(
            "there is no shell in the container; at a terminal, skep exec --debug makes a container beside it".into(),
        ),
    }
}
