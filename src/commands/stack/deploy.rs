//! `skep stack deploy` and `rm`: a plan, an answer, and what becomes of it.

use std::{
    io::{BufRead, IsTerminal, Write},
    time::Duration,
};

use super::{plan, plan_removal, progress::Progress, stack_plan_text};
use crate::{
    action::plan::{Confirm, Confirmation, StackPlan},
    cli::StackFiles,
    commands::{
        fault::{FAILED, Fault, READ_ONLY, fault},
        output::print,
        permit,
        tui::whoami,
    },
    connect::{Connector, Wanted},
    grant::ClusterNo,
    keep::History,
    session::{Budget, Command, SessionConfig, Sessions},
    text::clean,
    ui::Ends,
};

/// Plans a deploy, asks, carries it out and follows it; the exit code.
pub(super) async fn run(
    cluster: Wanted,
    files: &StackFiles,
    yes: bool,
    timeout: Duration,
    history: History,
) -> Result<u8, Fault> {
    let planned = plan(&cluster, files);
    carry_out(&cluster, planned, yes, timeout, history).await
}

/// Removes a stack; the exit code.
pub(super) async fn remove(
    cluster: Wanted,
    name: &str,
    yes: bool,
    history: History,
) -> Result<u8, Fault> {
    let planned = plan_removal(&cluster, name);
    // Its services have nothing to converge to.
    carry_out(&cluster, planned, yes, Duration::MAX, history).await
}

/// Asks about a plan once it is made, carries it out and follows it.
async fn carry_out(
    cluster: &Wanted,
    planned: impl Future<Output = Result<StackPlan, Fault>>,
    yes: bool,
    timeout: Duration,
    history: History,
) -> Result<u8, Fault> {
    let grant = permit(ClusterNo(0), cluster.read_only, cluster.production);
    let grant = grant.ok_or_else(|| {
        fault(READ_ONLY)(
            "read-only: nothing can be written from here; skep stack plan can look".into(),
        )
    })?;
    let mut ends = Ends::new().map_err(|error| fault(FAILED)(error.to_string()))?;
    let answered = async {
        let mut plan = planned.await?;
        if grant.wants_typing() {
            plan.ask_typing();
        }
        print(&stack_plan_text(&plan))?;
        let answer = match (&plan.confirm, yes || plan.steps().is_empty()) {
            (Confirm::Yes, true) => Confirmation::Yes,
            (Confirm::Type(word), true) => Confirmation::Typed(word.clone()),
            (confirm, false) => ask(confirm.clone()).await.map_err(fault(FAILED))?,
        };
        Ok((plan, answer))
    };
    let answered: Result<_, Fault> = tokio::select! {
        biased;
        code = ends.next() => return Ok(code),
        answered = answered => answered,
    };
    let (plan, answer) = answered?;
    let steps = plan.steps();
    if steps.is_empty() {
        return Ok(0);
    }
    let approved = plan.approve(&grant, &answer).map_err(|_| {
        fault(FAILED)("nothing was written: that is not the answer asked for".into())
    })?;
    let config = SessionConfig {
        managers: cluster.endpoints.iter().cloned().map(Connector::new).collect(),
        mixed: false,
        grant: Some(grant),
        shell: None,
        history: History { timeline: None, ..history },
        who: whoami(),
        budget: Budget::default(),
        nodes: cluster.nodes.clone(),
    };
    let mut sessions = Sessions::start(vec![config], Vec::new());
    let mut progress = Progress::new(steps, timeout);
    let mut approved = Some(Box::new(approved));
    loop {
        tokio::select! {
            biased;
            code = ends.next() => {
                progress.left();
                return Ok(code);
            }
            told = sessions.told.recv() => match told {
                Some(told) => progress.hear(told)?,
                None => return Err(fault(FAILED)("the session ended".into())),
            },
            () = tokio::time::sleep(progress.pause()) => progress.look()?,
        }
        if progress.is_live()
            && let Some(approved) = approved.take()
        {
            sessions.send(ClusterNo(0), Command::Deploy(approved));
        }
        if let Some(watched) = progress.watched() {
            sessions.send(ClusterNo(0), Command::Watch(watched));
        }
        if let Some(code) = progress.ended()? {
            return Ok(code);
        }
    }
}

/// Asks at the terminal.
async fn ask(confirm: Confirm) -> Result<Confirmation, String> {
    if !std::io::stdin().is_terminal() {
        return Err(
            "nothing was written: stdin is no terminal to ask at; --yes carries it out".into()
        );
    }
    let question = match &confirm {
        Confirm::Yes => "y carries it out: ".to_owned(),
        Confirm::Type(word) => format!("type \"{}\" to confirm: ", clean(word)),
    };
    let read = tokio::task::spawn_blocking(move || {
        let mut out = std::io::stderr();
        write!(out, "\n{question}").and_then(|()| out.flush())?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = read.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    Ok(match confirm {
        Confirm::Yes if line.trim() == "y" => Confirmation::Yes,
        _ => Confirmation::Typed(line.trim().to_owned()),
    })
}
