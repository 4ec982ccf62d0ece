//! From a command line to what it asks for.

use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::CommandFactory;

use crate::{
    action::plan::WriteGrant,
    cli::{Cli, Sub},
    config::{ConfigFile, Depth, EXAMPLE, Theme, default_path, state_dir},
    connect::{DockerDir, Endpoint, choose, hold},
    demo,
    report::{Taken, check, snapshot_json, snapshot_text},
    session::{Session, SessionConfig, load_once},
    ui::{self, App, Settings, View},
};

/// A bad command line or config file (sysexits.h EX_USAGE).
const USAGE: u8 = 64;
/// What was asked for failed.
const FAILED: u8 = 1;
/// A one-off look must end, also on an engine that says nothing.
const LOOK: Duration = Duration::from_secs(60);

/// An engine that takes longer is waited for on the screen.
const FIRST_WORD: Duration = Duration::from_secs(3);

/// An error for the user: one line, and the exit code.
struct Fault {
    line: String,
    code: u8,
}

fn fault(code: u8) -> impl Fn(String) -> Fault {
    move |line| Fault { line, code }
}

/// Does what the command line asks for; returns the exit code.
pub fn start(cli: Cli) -> u8 {
    match run(cli) {
        Ok(code) => code,
        Err(Fault { line, code }) => {
            let clean: String =
                line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(std::io::stderr(), "skep: {clean}");
            code
        }
    }
}

fn run(cli: Cli) -> Result<u8, Fault> {
    match &cli.command {
        Some(Sub::Completions { shell }) => {
            clap_complete::generate(*shell, &mut Cli::command(), "skep", &mut std::io::stdout());
            return Ok(0);
        }
        Some(Sub::Man) => {
            let man = clap_mangen::Man::new(Cli::command());
            return man
                .render(&mut std::io::stdout())
                .map(|()| 0)
                .map_err(|e| fault(FAILED)(e.to_string()));
        }
        Some(Sub::Config { path, .. }) => {
            if *path {
                let path =
                    default_path().ok_or_else(|| fault(FAILED)("no home directory".into()))?;
                print(&format!("{}\n", path.display()));
            } else {
                print(EXAMPLE);
            }
            return Ok(0);
        }
        Some(Sub::HoldSsh { dir, terminal, args }) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| fault(FAILED)(e.to_string()))?;
            let code = runtime.block_on(hold(dir, *terminal, args));
            // Reading the pipe may be under way for ever.
            runtime.shutdown_background();
            return Ok(code);
        }
        _ => {}
    }
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
    if let Some(Sub::DemoServe {
        socket,
        scenario,
        nodes,
        services,
        tasks,
        churn,
        seed,
        fault: faults,
    }) = &cli.command
    {
        let size = (nodes.is_some() || services.is_some() || tasks.is_some() || churn.is_some())
            .then(|| demo::Size {
                nodes: nodes.unwrap_or(5),
                services: services.unwrap_or(20),
                tasks: tasks.unwrap_or(60),
                churn: churn.unwrap_or(0.0),
            });
        let faults = demo::Faults::parse(faults).map_err(fault(USAGE))?;
        let options = demo::Options { scenario: scenario.clone(), size, seed: *seed, faults };
        return demo::serve(socket, options).await.map(|()| 0).map_err(fault(FAILED));
    }
    let endpoints = endpoints(&cli, &file)?;
    match &cli.command {
        Some(Sub::Check { json }) => {
            let (verdict, text) = check(&look(&endpoints[0]).await, *json);
            print(&text);
            Ok(verdict.code())
        }
        Some(Sub::Snapshot { json }) => {
            let begun = Instant::now();
            let taken = look(&endpoints[0]).await.map_err(fault(3))?;
            let age = u64::try_from(begun.elapsed().as_millis()).unwrap_or(0);
            if *json {
                print(&format!("{:#}\n", snapshot_json(&taken, age)));
            } else {
                print(&snapshot_text(&taken));
            }
            Ok(0)
        }
        _ => screen(&cli, &file, endpoints).await,
    }
}

fn endpoints(cli: &Cli, file: &ConfigFile) -> Result<Vec<Endpoint>, Fault> {
    let env = |name: &str| std::env::var(name).ok();
    let docker = DockerDir::find(env);
    let choice = choose(&cli.hosts, &cli.contexts, file, &docker, env)
        .map_err(|e| fault(USAGE)(e.to_string()))?;
    Ok(choice.clusters.into_iter().flat_map(|c| c.endpoints).collect())
}

/// One look at a Swarm.
async fn look(endpoint: &Endpoint) -> Result<Taken, String> {
    match tokio::time::timeout(LOOK, load_once(endpoint.clone())).await {
        Err(_) => Err(format!("{endpoint}: no complete answer within {} s", LOOK.as_secs())),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok((store, _, at))) => Ok(Taken::new(store, at, endpoint.to_string())),
    }
}

/// The UI.
async fn screen(cli: &Cli, file: &ConfigFile, endpoints: Vec<Endpoint>) -> Result<u8, Fault> {
    let depth = Depth::detect();
    let theme_name = cli.theme.as_deref().or(file.theme.as_deref()).unwrap_or("dark");
    let theme = Theme::load(theme_name, depth).map_err(fault(USAGE))?;
    let view = match cli.view.as_deref().or(file.view.as_deref()) {
        None => View::Overview,
        Some(name) => View::named(name).ok_or_else(|| {
            let names = View::ALL.map(|v| v.name().to_lowercase()).join(", ");
            fault(USAGE)(format!("no view '{name}'; there are: {names}"))
        })?,
    };
    if !ui::is_terminal() {
        let line =
            "stdout is no terminal; for scripts there is 'skep snapshot [--json]' and 'skep check'";
        return Err(fault(FAILED)(line.into()));
    }
    // The demo lives as long as this guard.
    let (endpoints, _demo) = match &cli.demo {
        None => (endpoints, None),
        Some(scenario) => {
            let demo = demo::start(scenario).await.map_err(fault(USAGE))?;
            (vec![Endpoint::Unix(demo.socket().to_owned())], Some(demo))
        }
    };
    let read_only = cli.read_only || file.read_only;
    let grant = WriteGrant::mint("default", read_only);
    let mut session = Session::start(SessionConfig {
        endpoints: endpoints.clone(),
        grant: grant.clone(),
        audit: audit_path(),
        who: whoami(),
    });
    session.first_word(FIRST_WORD).await.map_err(fault(FAILED))?;
    let settings = Settings { grant, theme, depth, view };
    let endpoint = endpoints[0].to_string();
    let ended = ui::run(|now| App::new(settings, endpoint, now), session).await;
    ended.map(|_| 0).map_err(|e| fault(FAILED)(format!("the terminal failed: {e}")))
}

fn audit_path() -> PathBuf {
    state_dir().join("audit.jsonl")
}

fn whoami() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|v| std::env::var(v).ok());
    name.filter(|n| !n.is_empty()).unwrap_or_else(|| "unknown".into())
}

/// A closed pipe is no error worth a word.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Diagnostics go to a file, never to the screen. bollard at debug level logs whole bodies, secrets
/// included (read in its source), so it never gets there.
fn log_to_file(level: &str) -> Option<tracing_appender::non_blocking::WorkerGuard> {
    let dir = state_dir();
    std::fs::create_dir_all(&dir).ok()?;
    let file = tracing_appender::rolling::Builder::new()
        .rotation(tracing_appender::rolling::Rotation::DAILY)
        .filename_prefix("skep")
        .filename_suffix("log")
        .max_log_files(7)
        .build(dir)
        .ok()?;
    let (writer, guard) = tracing_appender::non_blocking(file);
    let filter = format!("{level},bollard=off,hyper=off,hyper_util=off");
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(writer)
        .with_ansi(false)
        .try_init()
        .ok()?;
    Some(guard)
}
