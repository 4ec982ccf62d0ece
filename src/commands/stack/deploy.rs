//! `skep stack deploy` and `rm`: a plan, an answer, and what becomes of it.

use std::{
    io::{BufRead, IsTerminal, Write},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{plan, plan_back, plan_removal, progress::Progress, stack_plan_text};
use crate::{
    action::plan::{ApprovedStack, Confirm, Confirmation, StackPlan, Step},
    cli::StackFiles,
    commands::{
        fault::{FAILED, Fault, READ_ONLY, fault},
        output::{complain, print},
        permit,
        tui::whoami,
    },
    connect::{Connector, Wanted},
    grant::{ClusterNo, WriteGrant},
    keep::History,
    session::{Budget, Command, SessionConfig, SessionEvent, Sessions},
    text::clean,
    ui::Ends,
};

/// Time to hear what became of what was sent, when it is left.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The least time that an undone deploy has to converge, however short its own was.
const LEAST_TO_UNDO: Duration = Duration::from_secs(300);

/// Answers that were given with the command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Answers {
    /// The plan is carried out.
    pub yes: bool,
    /// If it fails, what it did is undone.
    pub go_back: bool,
}

/// Plans a deploy, asks, carries it out and follows it; the exit code.
pub(super) async fn run(
    cluster: Wanted,
    files: &StackFiles,
    answers: Answers,
    timeout: Duration,
    history: History,
) -> Result<u8, Fault> {
    let mut deployer = Deployer::new(&cluster, answers, history)?;
    let Some((code, done)) = deployer.carry_out(plan(&cluster, files), timeout).await? else {
        return Ok(0);
    };
    if code == FAILED && !done.is_empty() {
        deployer.go_back(&files.name, done, timeout).await?;
    }
    Ok(code)
}

/// Removes a stack; the exit code.
pub(super) async fn remove(
    cluster: Wanted,
    name: &str,
    yes: bool,
    history: History,
) -> Result<u8, Fault> {
    let answers = Answers { yes, go_back: false };
    let mut deployer = Deployer::new(&cluster, answers, history)?;
    // Its services have nothing to converge to.
    let ended = deployer.carry_out(plan_removal(&cluster, name), Duration::MAX).await?;
    Ok(ended.map_or(0, |(code, _)| code))
}

/// Carries plans out, once they are answered.
struct Deployer<'c> {
    cluster: &'c Wanted,
    answers: Answers,
    grant: WriteGrant,
    history: History,
    ends: Ends,
    /// Whether a deploy is being undone.
    is_undoing: bool,
}

impl<'c> Deployer<'c> {
    fn new(cluster: &'c Wanted, answers: Answers, history: History) -> Result<Self, Fault> {
        let grant = permit(ClusterNo(0), cluster.read_only, cluster.production);
        let grant = grant.ok_or_else(|| {
            let said = "read-only: nothing can be written from here; skep stack plan can look";
            fault(READ_ONLY)(said.into())
        })?;
        let ends = Ends::new().map_err(|error| fault(FAILED)(error.to_string()))?;
        Ok(Self { cluster, answers, grant, history, ends, is_undoing: false })
    }

    /// Asks about a plan once it is made, carries it out and follows it. The exit code, and the steps that
    /// were done; none if there was nothing to do.
    async fn carry_out(
        &mut self,
        planned: impl Future<Output = Result<StackPlan, Fault>>,
        timeout: Duration,
    ) -> Result<Option<(u8, Vec<Step>)>, Fault> {
        let (yes, typed) = (self.answers.yes, self.grant.wants_typing());
        let answered = async {
            let mut plan = planned.await?;
            if typed {
                plan.ask_typing();
            }
            print(&stack_plan_text(&plan))?;
            if !plan.impossible.is_empty() {
                let why = plan.impossible.join("; ");
                return Err(fault(FAILED)(format!("nothing was written: {why}")));
            }
            let answer = match (&plan.confirm, yes || !plan.has_changes()) {
                (Confirm::Yes, true) => Confirmation::Yes,
                (Confirm::Type(word), true) => Confirmation::Typed(word.clone()),
                (confirm, false) => ask(confirm.clone()).await.map_err(fault(FAILED))?,
            };
            Ok((plan, answer))
        };
        let answered: Result<_, Fault> = tokio::select! {
            biased;
            code = self.ends.next() => return Ok(Some((code, Vec::new()))),
            answered = answered => answered,
        };
        let (plan, answer) = answered?;
        let steps = plan.steps();
        // Nobody was asked whether secrets may be checked, which writes them.
        if steps.is_empty() || (!plan.has_changes() && !yes) {
            return Ok(None);
        }
        let approved = plan.approve(&self.grant, &answer).map_err(|_| {
            let said = match self.is_undoing {
                true => "nothing was undone: that is not the answer asked for",
                false => "nothing was written: that is not the answer asked for",
            };
            fault(FAILED)(said.into())
        })?;
        self.drive(approved, Progress::new(steps, timeout)).await.map(Some)
    }

    async fn drive(
        &mut self,
        approved: ApprovedStack,
        mut progress: Progress,
    ) -> Result<(u8, Vec<Step>), Fault> {
        let mut sessions = Sessions::start(vec![self.session()], Vec::new());
        let mut approved = Some(Box::new(approved));
        loop {
            tokio::select! {
                biased;
                code = self.ends.next() => {
                    // Without its link nothing more is sent; what was is told.
                    let told = std::mem::replace(&mut sessions.told, mpsc::channel(1).1);
                    drop(sessions);
                    if approved.is_none() {
                        hear_out(told, &mut progress).await?;
                        progress.left();
                    }
                    return Ok((code, Vec::new()));
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
                progress.sent();
                sessions.send(ClusterNo(0), Command::Deploy(approved));
            }
            if let Some(watched) = progress.watched() {
                sessions.send(ClusterNo(0), Command::Watch(watched));
            }
            if let Some(code) = progress.ended()? {
                return Ok((code, progress.into_done()));
            }
        }
    }

    fn session(&self) -> SessionConfig {
        SessionConfig {
            managers: self.cluster.endpoints.iter().cloned().map(Connector::new).collect(),
            mixed: false,
            grant: Some(self.grant.clone()),
            shell: None,
            history: History { timeline: None, ..self.history.clone() },
            who: whoami(),
            budget: Budget::default(),
            nodes: self.cluster.nodes.clone(),
        }
    }

    /// Undoes what was done, by a plan of its own: it is offered at a terminal, and carried out elsewhere if
    /// that was asked for.
    async fn go_back(
        &mut self,
        stack: &str,
        done: Vec<Step>,
        timeout: Duration,
    ) -> Result<(), Fault> {
        if !self.answers.go_back && (self.answers.yes || !std::io::stdin().is_terminal()) {
            return Ok(());
        }
        complain(&["this undoes what was done:".into()]);
        (self.is_undoing, self.answers.yes) = (true, self.answers.go_back);
        let planned = plan_back(self.cluster, stack, done);
        let ended = self.carry_out(planned, timeout.max(LEAST_TO_UNDO)).await?;
        let said = match ended {
            None => "there is nothing to undo",
            Some((0, _)) => "what was before is back",
            Some(_) => "not all that was before is back: look at the lines above",
        };
        complain(&[said.into()]);
        Ok(())
    }
}

/// Hears what became of the steps that were sent.
async fn hear_out(
    mut told: mpsc::Receiver<SessionEvent>,
    progress: &mut Progress,
) -> Result<(), Fault> {
    let end = tokio::time::Instant::now() + LAST_WORDS;
    while !progress.has_ended()
        && let Ok(Some(said)) = tokio::time::timeout_at(end, told.recv()).await
    {
        progress.hear(said)?;
    }
    Ok(())
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
