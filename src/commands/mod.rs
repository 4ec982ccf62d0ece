//! The subcommands, a file each, and what they share: errors, exit codes, reading a Swarm once.

mod check;
mod contexts;
mod demo_serve;
mod ends;
mod exec;
mod fault;
pub mod help;
mod log_in;
mod logs;
mod nodes;
mod output;
mod permit;
mod read_swarms;
mod report;
mod snapshot;
mod stack;
mod table;
mod taken;
mod tui;

use std::{io::IsTerminal, time::Duration};

use clap::CommandFactory;

use self::fault::{FAILED, Fault, USAGE, fault};
use self::output::{clean_panics, complain, log_to_file, print};
pub use self::{
    check::{Verdict, check},
    contexts::{ContextLine, contexts_text},
    exec::find_task,
    logs::LogPrinter,
    nodes::{NodeLine, nodes_json, nodes_text},
    output::print_usage,
    permit::{permit, permit_shell},
    snapshot::{snapshot_json, snapshot_text},
    stack::{stack_plan_json, stack_plan_text},
    taken::Taken,
    tui::keymap,
};
use crate::{
    cli::{self, Cli, Sub},
    cluster::{Since, Timestamp},
    config::{ConfigFile, EXAMPLE, default_path, state_dir},
    connect::{Choice, DockerDir, Endpoint, Wanted, choose, hold, unopened},
    demo,
    keep::History,
    session::LogQuery,
    text::parse_ago,
};

/// Does what the command line asks for; returns the exit code.
pub fn run(cli: Cli) -> u8 {
    clean_panics();
    match without_a_swarm(&cli).and_then(|done| done.map_or_else(|| with_a_swarm(cli), Ok)) {
        Ok(code) => code,
        Err(Fault { lines, code }) => {
            complain(&lines);
            code
        }
    }
}

/// Runs commands that need neither the config file nor an engine; none if it is another one.
fn without_a_swarm(cli: &Cli) -> Result<Option<u8>, Fault> {
    let text = match &cli.command {
        Some(Sub::Completions { shell }) => {
            // It panics when it can't write.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut cli::for_completion(), "skep", &mut script);
            String::from_utf8_lossy(&script).into_owned()
        }
        Some(Sub::Man) => {
            let mut page = Vec::new();
            let man = clap_mangen::Man::new(Cli::command());
            man.render(&mut page).map_err(|e| fault(FAILED)(e.to_string()))?;
            String::from_utf8_lossy(&page).into_owned()
        }
        Some(Sub::Config { path: true, .. }) => {
            let path = default_path().ok_or_else(|| fault(FAILED)("no home directory".into()))?;
            format!("{}\n", path.display())
        }
        Some(Sub::Config { .. }) => EXAMPLE.to_owned(),
        Some(Sub::Help { topic }) => help::help(topic.as_deref()).unwrap_or_default(),
        Some(Sub::HoldSsh { dir, terminal, args }) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| fault(FAILED)(e.to_string()))?;
            let code = runtime.block_on(hold(dir, *terminal, args));
            // Reading the pipe may be under way for ever.
            runtime.shutdown_background();
            return Ok(Some(code));
        }
        _ => return Ok(None),
    };
    print(&text).map(|()| Some(0))
}

fn with_a_swarm(cli: Cli) -> Result<u8, Fault> {
    let file = ConfigFile::load(cli.config.as_deref()).map_err(|e| fault(USAGE)(e.to_string()))?;
    let _log = log_to_file(&cli.log_level);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| fault(FAILED)(e.to_string()))?;
    let code = runtime.block_on(dispatch(cli, file));
    // Streams may be waiting for an engine that says nothing more.
    runtime.shutdown_timeout(Duration::from_millis(200));
    code
}

async fn dispatch(cli: Cli, file: ConfigFile) -> Result<u8, Fault> {
    let env = |name: &str| std::env::var(name).ok();
    let docker = DockerDir::find(env);
    match &cli.command {
        Some(serve @ Sub::DemoServe { .. }) => return demo_serve::run(serve).await,
        Some(Sub::Contexts) => return contexts::run(&file, &docker).await,
        _ => {}
    }
    // The demo lives as long as this guard.
    let (mut choice, demo) = match &cli.demo {
        None => {
            let choice = choose(&cli.hosts, &cli.contexts, &file, &docker, env);
            (choice.map_err(|e| fault(USAGE)(e.to_string()))?, None)
        }
        Some(scenario) => {
            let demo = demo::start(scenario).await.map_err(fault(USAGE))?;
            let endpoints = vec![Endpoint::Unix(demo.socket().to_owned())];
            let clusters = vec![Wanted { endpoints, ..Wanted::default() }];
            (Choice { clusters, ..Choice::default() }, Some(demo))
        }
    };
    if choice.clusters.is_empty() {
        return Err(fault(USAGE)(choice.notices.join("; ")));
    }
    // The demo's user has other Swarms in mind than this machine's.
    let mut unopened = if demo.is_none() { unopened(&choice, &file, &docker) } else { Vec::new() };
    let others = unopened.iter_mut().filter_map(|one| one.wanted.as_mut().ok());
    for cluster in choice.clusters.iter_mut().chain(others) {
        cluster.read_only |= cli.read_only || cli.wall || file.read_only;
    }
    let thresholds = file.triage.thresholds();
    match &cli.command {
        Some(Sub::Check { json, only, ignore }) => {
            check::run(choice, thresholds, *json, only, ignore).await
        }
        Some(Sub::Logs { services, since, tail, grep, follow, json, timestamps }) => {
            let query = LogQuery {
                services: services.clone(),
                since: since.as_deref().map(moment).transpose().map_err(fault(USAGE))?,
                tail: match tail.as_str() {
                    "all" => None,
                    n => Some(n.parse().map_err(|_| {
                        fault(USAGE)(format!("--tail {n}: write a number, or all"))
                    })?),
                },
                follow: *follow,
            };
            let on_terminal = std::io::stdout().is_terminal();
            let printer = LogPrinter::new(grep.as_deref(), *json, *timestamps, on_terminal);
            logs::run(choice, query, printer.map_err(fault(USAGE))?).await
        }
        Some(Sub::Report { since, out }) => {
            let since = moment(since).map_err(fault(USAGE))?;
            report::run(choice, &thresholds, history(demo.as_ref()), since, out.as_deref()).await
        }
        Some(Sub::Nodes { login, json }) => nodes::run(choice, *login, *json).await,
        Some(Sub::Exec { task, command, yes, debug }) => {
            let wish = exec::Wish { task, command, yes: *yes, debug: *debug };
            exec::run(choice, &history(demo.as_ref()), &wish).await
        }
        Some(Sub::Stack { command }) => stack::run(choice, command, history(demo.as_ref())).await,
        Some(Sub::Snapshot { json }) => snapshot::run(choice, &thresholds, *json).await,
        _ => tui::run(&cli, &file, (choice, unopened), demo.as_ref()).await,
    }
}

/// `2026-11-21T14:03:12Z`, or so long ago.
fn moment(text: &str) -> Result<Since, String> {
    let at = Timestamp::parse(text).map(Since::At);
    at.or_else(|| parse_ago(text).map(Since::Ago))
        .ok_or_else(|| format!("--since {text}: write 2026-11-21T14:03:12Z, 90s, 15m or 2h"))
}

/// History that outlives skep; a demo has none, since its Swarm is new each time.
fn history(demo: Option<&demo::Demo>) -> History {
    let dir = state_dir();
    match demo {
        Some(demo) => {
            History { timeline: None, audit: demo.socket().with_file_name("audit.jsonl") }
        }
        None => History { timeline: Some(dir.join("timeline")), audit: dir.join("audit.jsonl") },
    }
}
