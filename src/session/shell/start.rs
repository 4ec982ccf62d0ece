//! Starting a command in a task's container, or a container beside it.

use std::time::Duration;

use super::{
    OpenShells, ShellFact, ShellFault, ShellLink, ShellMeans,
    open_shells::{OpenShell, Tracked},
    refused::{by_engine, in_stream, is_missing},
    run::{Running, Started},
    saying::Saying,
    sweep::{MARK, Sweeper, new_mark},
};
use crate::{
    action::{
        audit::{Audit, ShellRecord},
        plan::{ApprovedShell, NotApproved, ShellPlan},
    },
    connect::SshPrompts,
    engine::{Engine, EngineError, Exec, ExecSpec, Image, ShellStream, ShellWriter, TerminalSize},
    grant::ShellGrant,
    keep::{HeldNote, ShellNote, Shells},
    session::nodes::NodeEngines,
};

/// A shell says something at once, or takes its time.
const FIRST_WORD: Duration = Duration::from_secs(1);
/// Images that are tried for a shell.
const MOST_IMAGES: usize = 8;

/// Starts commands in the tasks of one cluster. Exists only where a [`ShellGrant`] was minted.
#[derive(Clone, Debug)]
pub struct ShellStarter {
    /// The grant of the cluster.
    pub grant: ShellGrant,
    /// Where they are recorded.
    pub audit: Audit,
    /// Where they are noted while they run.
    pub shells: Shells,
    /// Those that may run.
    pub open: OpenShells,
    /// The Swarm, in the audit and in notes.
    pub swarm: String,
    /// The engines of its nodes.
    pub nodes: NodeEngines,
    /// The image for a container beside one without a shell.
    pub debug_image: Option<String>,
    /// Whether ssh may ask at the terminal: never while a screen has it.
    pub ask: SshPrompts,
}

impl ShellStarter {
    /// Starts an approved command. Once something may run on the node it goes on however long it is waited
    /// for, and ends at once if nobody does.
    ///
    /// # Errors
    /// Why nothing runs.
    pub async fn start(
        &self,
        approved: &ApprovedShell,
        means: ShellMeans,
    ) -> Result<ShellLink, ShellFault> {
        let shell = approved.plan();
        if shell.cluster() != self.grant.cluster() {
            return Err(ShellFault::NotStarted(NotApproved::OtherCluster.to_string()));
        }
        let engine = self.engine(shell).await?;
        let ends = || ShellFault::NotStarted("skep is about to end".into());
        let open = self.open.open(shell.cluster(), &shell.name).ok_or_else(ends)?;
        let (starter, shell) = (self.clone(), shell.clone());
        let begun = tokio::spawn(async move { starter.begin(engine, shell, means, open).await });
        begun.await.unwrap_or_else(|_| Err(ends()))
    }

    async fn begin(
        &self,
        engine: Engine,
        shell: ShellPlan,
        means: ShellMeans,
        open: OpenShell,
    ) -> Result<ShellLink, ShellFault> {
        let began = jiff::Timestamp::now().to_string();
        let record = |end| self.audit.record_shell(&self.swarm, &shell, &began, end);
        let tell = |why| open.tell(ShellFact::Unrecorded(why));
        record(None).unwrap_or_else(tell);
        let started = match (&shell.beside, means.size) {
            (Some(image), Some(size)) => self.beside(&engine, &shell, image, size, &open).await,
            (Some(_), None) => {
                let why = "a debug container needs a terminal";
                Err((ShellFault::NotStarted(why.into()), None))
            }
            (None, _) => self.exec(&engine, &shell, means, &open).await,
        };
        let (fault, left) = match started {
            Ok((saying, started, writer, held)) => {
                let (sweeper, audit) = (self.sweeper(), self.audit.clone());
                let tracked = Tracked { held, open };
                let running = Running {
                    engine,
                    started,
                    saying,
                    writer,
                    tracked,
                    sweeper,
                    audit,
                    shell,
                    began,
                };
                return Ok(running.link(means.size));
            }
            Err(refused) => refused,
        };
        let end = ShellRecord { result: "refused", exit: None, detail: fault.to_string() };
        if let Err(why) = record(Some(&end)) {
            open.tell(ShellFact::Unrecorded(why));
        }
        if let Some(held) = left {
            tokio::spawn(self.sweeper().end(Tracked { held, open }));
        }
        Err(fault)
    }

    /// Ends what an earlier skep left in this Swarm; says what it could not end.
    pub async fn clean_up(&self) -> Vec<String> {
        let (shells, swarm) = (self.shells.clone(), self.swarm.clone());
        let left = tokio::task::spawn_blocking(move || shells.left(&swarm)).await;
        let all = left.unwrap_or_default().into_iter().map(|held| self.end(held));
        futures_util::future::join_all(all).await.into_iter().flatten().collect()
    }

    fn sweeper(&self) -> Sweeper {
        Sweeper { nodes: self.nodes.clone(), grant: self.grant.clone() }
    }

    async fn end(&self, held: HeldNote) -> Option<String> {
        let teller = self.open.teller(self.grant.cluster(), &held.note().task);
        let (held, why) = self.sweeper().try_once(held, &teller).await.err()?;
        let task = &held.note().task;
        let told = format!("a shell that an earlier skep left in {task} may still run: {why}");
        tokio::spawn(self.sweeper().until_done(held, teller));
        Some(told)
    }

    /// Images for a container beside a task's, the first to be tried at first.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn images_beside(&self, shell: &ShellPlan) -> Result<Vec<String>, ShellFault> {
        let engine = self.engine(shell).await?;
        self.labels(&engine, shell, "").await
    }

    /// The engine of a task's node, open for a shell.
    async fn engine(&self, shell: &ShellPlan) -> Result<Engine, ShellFault> {
        let mut reached = self.nodes.engine(&shell.node).await;
        if self.ask == SshPrompts::Terminal && reached.as_ref().is_err_and(|no| no.answerable) {
            reached = self.nodes.engine_asking(&shell.node, SshPrompts::Terminal).await;
        }
        let engine = reached.map_err(|fault| {
            let (name, host) = (&shell.name, &shell.host);
            ShellFault::NotReached(format!(
                "{name} runs on {host}, which can't be reached: {}; {}",
                fault.why, fault.hint
            ))
        })?;
        Ok(engine.for_shell(&self.grant))
    }

    /// Notes a command of this mark before it is started; without an exec it is a container beside.
    fn hold(
        &self,
        shell: &ShellPlan,
        mark: String,
        exec: Option<&Exec>,
        open: &OpenShell,
    ) -> HeldNote {
        let note = ShellNote {
            mark,
            swarm: self.swarm.clone(),
            node: shell.node.as_str().into(),
            task: shell.name.clone(),
            container: exec.map(|_| shell.container.to_string()),
            exec: exec.map(|exec| exec.id().to_owned()),
        };
        let (held, why) = self.shells.hold(note);
        if let Some(why) = why {
            open.tell(ShellFact::Unnoted(why));
        }
        held
    }

    async fn exec(
        &self,
        engine: &Engine,
        shell: &ShellPlan,
        means: ShellMeans,
        open: &OpenShell,
    ) -> Result<Begun, NotBegun> {
        let mark = new_mark();
        let mut env = vec![format!("{MARK}={mark}")];
        env.extend(means.size.map(|_| "TERM=xterm-256color".into()));
        let spec = ExecSpec {
            container: shell.container.to_string(),
            command: shell.words(),
            env,
            size: means.size,
            stdin: means.stdin,
        };
        let exec = engine.create_exec(&spec).await;
        let exec = exec.map_err(|error| (by_engine(&error, shell), None))?;
        let held = self.hold(shell, mark, Some(&exec), open);
        let stream = match engine.start_exec(&exec).await {
            Ok(stream) => stream,
            // It may run all the same.
            Err(error) => return Err((by_engine(&error, shell), Some(held))),
        };
        let ShellStream { reader, writer } = stream;
        let mut saying = Saying::new(reader);
        // Without a terminal a shell has no prompt.
        if shell.is_shell()
            && means.size.is_some()
            && let Ok(Ok(false)) = tokio::time::timeout(FIRST_WORD, saying.begins()).await
            && let Some(said) = saying.words()
        {
            held.forget();
            return Err((self.no_shell(engine, shell, &said).await, None));
        }
        Ok((saying, Started::Exec(exec), writer, held))
    }

    /// Images for a container without a shell, or why there are none.
    async fn no_shell(&self, engine: &Engine, shell: &ShellPlan, said: &str) -> ShellFault {
        let why = in_stream(said);
        if !is_missing(said) {
            return ShellFault::NotStarted(why);
        }
        let why = format!("{why}, and ");
        self.labels(engine, shell, &why).await.map_or_else(|fault| fault, ShellFault::NoShell)
    }

    async fn labels(
        &self,
        engine: &Engine,
        shell: &ShellPlan,
        before: &str,
    ) -> Result<Vec<String>, ShellFault> {
        let refused = |why: String| Err(ShellFault::NotStarted(format!("{before}{why}")));
        match (self.images(engine, shell).await, &self.debug_image) {
            (Err(error), _) => refused(error.to_string()),
            (Ok(images), Some(wanted)) if images.is_empty() => {
                refused(format!("debug_image {wanted} is not on its node; skep pulls nothing"))
            }
            (Ok(images), None) if images.is_empty() => {
                refused("its node has no image for a debug container; skep pulls nothing".into())
            }
            (Ok(images), _) => Ok(images.iter().map(Image::label).collect()),
        }
    }

    /// Images for a container beside one: the configured one, or the newest.
    async fn images(&self, engine: &Engine, shell: &ShellPlan) -> Result<Vec<Image>, EngineError> {
        let mut images = match &self.debug_image {
            Some(_) => engine.images().await?,
            // Its own has none.
            None => engine.images_but_of(&shell.container).await?,
        };
        if let Some(wanted) = &self.debug_image {
            images.retain(|image| image.is_called(wanted));
        }
        images.truncate(MOST_IMAGES);
        Ok(images)
    }

    /// Makes a container beside the task's, of this image or of the next one that has a shell.
    async fn beside(
        &self,
        engine: &Engine,
        shell: &ShellPlan,
        image: &str,
        size: TerminalSize,
        open: &OpenShell,
    ) -> Result<Begun, NotBegun> {
        let refused = |error: &EngineError| by_engine(error, shell);
        let images = self.images(engine, shell).await.map_err(|error| (refused(&error), None))?;
        let first = images.iter().position(|one| one.is_called(image)).unwrap_or(0);
        let mark = new_mark();
        let held = self.hold(shell, mark.clone(), None, open);
        let mut fault =
            ShellFault::NotStarted(format!("{image} is not on {} any more", shell.host));
        for image in &images[first..] {
            let made = async {
                let (beside, words) = (&shell.container, shell.words());
                let container = engine.create_debug(image, beside, &words, &mark).await?;
                let stream = engine.start_debug(&container, size).await?;
                Ok((container, stream))
            };
            match made.await {
                Ok((container, ShellStream { reader, writer })) => {
                    return Ok((Saying::new(reader), Started::Debug(container), writer, held));
                }
                Err(error) => {
                    let error: EngineError = error;
                    fault = refused(&error);
                    if engine.remove_debug(&mark).await.is_err() {
                        break;
                    }
                    if !is_missing(&error.to_string()) {
                        break;
                    }
                    fault = ShellFault::NotStarted(format!(
                        "none of the newest images on {} has a shell, the last of them {}; name one with debug_image in the config",
                        shell.host,
                        image.label()
                    ));
                }
            }
        }
        Err((fault, Some(held)))
    }
}

/// A command that was started.
type Begun = (Saying, Started, ShellWriter, HeldNote);
/// Why one was not started, and its note if it may run all the same.
type NotBegun = (ShellFault, Option<HeldNote>);
