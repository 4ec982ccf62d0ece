//! From a command line to what it asks for.

mod headless;
mod look;
mod output;
mod permit;

use std::{
    io::IsTerminal,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::CommandFactory;

use self::{
    headless::{contexts, logs, moment},
    look::look,
    output::{clean_panics, complain, is_written, log_to_file, print, write_new},
};
pub use self::{output::print_usage, permit::permit};
use crate::{
    cli::{Cli, Sub},
    config::{
        ConfigFile, Depth, EXAMPLE, Look, Themes, badge, default_path, state_dir, themes_dir,
    },
    connect::{Ask, Choice, Connector, DockerDir, Endpoint, Wanted, choose, hold},
    demo,
    grant::ClusterNo,
    keep::History,
    report::{LogPrinter, check, contexts_text, snapshot_json, snapshot_text},
    session::{Budget, LogQuery, SessionConfig, Sessions},
    triage::rule,
    ui::{self, App, Appearance, KeyFault, Keymap, Means, OpenCluster, Opening, View},
};

/// A bad command line or config file (sysexits.h EX_USAGE).
const USAGE: u8 = 64;
/// What was asked for failed.
const FAILED: u8 = 1;
/// The monitoring plugins' word for what could not be found out.
const UNKNOWN: u8 = 3;
/// An engine that takes longer is waited for on the screen.
const FIRST_WORD: Duration = Duration::from_millis(400);
/// A login, which may ask on the terminal, gets longer.
const LOGIN: Duration = Duration::from_secs(3);

/// A page of the wall can't be read in less.
const SHORTEST_TURN: Duration = Duration::from_secs(2);

/// What others get to log in once one has.
const GRACE: Duration = Duration::from_millis(300);

/// An error for the user: a line, or one a cluster, and the exit code.
struct Fault {
    lines: Vec<String>,
    code: u8,
}

fn fault(code: u8) -> impl Fn(String) -> Fault {
    move |line| Fault { lines: vec![line], code }
}

/// Does what the command line asks for; returns the exit code.
pub fn start(cli: Cli) -> u8 {
    clean_panics();
    match run(cli) {
        Ok(code) => code,
        Err(Fault { lines, code }) => {
            complain(&lines);
            code
        }
    }
}

fn run(cli: Cli) -> Result<u8, Fault> {
    match &cli.command {
        Some(Sub::Completions { shell }) => {
            // It panics when it can't write.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "skep", &mut script);
            return print(&String::from_utf8_lossy(&script)).map(|()| 0);
        }
        Some(Sub::Man) => {
            let mut page = Vec::new();
            let man = clap_mangen::Man::new(Cli::command());
            man.render(&mut page).map_err(|e| fault(FAILED)(e.to_string()))?;
            return print(&String::from_utf8_lossy(&page)).map(|()| 0);
        }
        Some(Sub::Config { path, .. }) => {
            if *path {
                let path =
                    default_path().ok_or_else(|| fault(FAILED)("no home directory".into()))?;
                print(&format!("{}\n", path.display()))?;
            } else {
                print(EXAMPLE)?;
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
    let env = |name: &str| std::env::var(name).ok();
    let docker = DockerDir::find(env);
    if matches!(cli.command, Some(Sub::Contexts)) {
        return print(&contexts_text(&contexts(&file, &docker).await)).map(|()| 0);
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
    let mut thresholds = file.triage.thresholds();
    for cluster in &mut choice.clusters {
        cluster.read_only |= cli.read_only || cli.wall || file.read_only;
    }
    match &cli.command {
        Some(Sub::Check { json, only, ignore }) => {
            for id in only.iter().chain(ignore) {
                rule(id).ok_or_else(|| fault(USAGE)(format!("there is no rule '{id}'")))?;
            }
            thresholds.ignore.extend(ignore.iter().cloned());
            let looks = look(choice.clusters, &thresholds, None).await;
            complain(&looks.notices);
            let mut looks = looks.all;
            for taken in looks.iter_mut().flatten().filter(|_| !only.is_empty()) {
                taken.keep_only(only);
            }
            looks.extend(choice.notices.into_iter().map(Err));
            let (verdict, text) = check(&looks, *json);
            // A verdict that nobody was told is none.
            print(&text).map_err(|fault| Fault { code: UNKNOWN, ..fault })?;
            Ok(verdict.code())
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
            let printer = LogPrinter::new(
                grep.as_deref(),
                *json,
                *timestamps,
                std::io::stdout().is_terminal(),
            )
            .map_err(fault(USAGE))?;
            logs(choice, query, printer).await
        }
        Some(Sub::Report { since, out }) => {
            let since = moment(since).map_err(fault(USAGE))?;
            let mut text = String::new();
            let mut missing = choice.notices;
            let looks = look(choice.clusters, &thresholds, Some(history(demo.as_ref()))).await;
            complain(&looks.notices);
            for look in looks.all {
                match look {
                    Ok(taken) => {
                        missing.extend(taken.unlisted());
                        text += &taken.incident(since).markdown();
                    }
                    Err(why) => missing.push(why),
                }
            }
            complain(&missing);
            match out {
                _ if text.is_empty() => {}
                None => print(&text)?,
                Some(path) => {
                    write_new(path, &text)
                        .map_err(|e| fault(FAILED)(format!("{}: {e}", path.display())))?;
                }
            }
            Ok(if missing.is_empty() { 0 } else { UNKNOWN })
        }
        Some(Sub::Snapshot { json }) => {
            let mut taken = Vec::new();
            let mut missing = choice.notices;
            let looks = look(choice.clusters, &thresholds, None).await;
            complain(&looks.notices);
            for look in looks.all {
                match look {
                    Ok(one) => {
                        missing.extend(one.unlisted());
                        taken.push(one);
                    }
                    Err(why) => missing.push(why),
                }
            }
            if taken.is_empty() {
                return Err(fault(UNKNOWN)(missing.join("; ")));
            }
            complain(&missing);
            print(&if *json { snapshot_json(&taken) } else { snapshot_text(&taken) })?;
            // Some of what was asked for is not in it.
            Ok(if missing.is_empty() { 0 } else { UNKNOWN })
        }
        _ => screen(&cli, &file, choice, demo.as_ref()).await,
    }
}

/// The UI.
async fn screen(
    cli: &Cli,
    file: &ConfigFile,
    choice: Choice,
    demo: Option<&demo::Demo>,
) -> Result<u8, Fault> {
    let keymap = Keymap::new(file.keys.iter().map(|(id, keys)| (&**id, &*keys.keys)));
    let keymap = keymap.map_err(|KeyFault { id, why }| {
        let line = file.keys.get(&id).map_or(0, |keys| keys.line);
        fault(USAGE)(format!("config {}, line {line}: keys: {why}", config_name(cli)))
    })?;
    let wanted = cli.view.as_deref().or(file.view.as_deref()).unwrap_or("overview");
    let clusters = wanted.eq_ignore_ascii_case("clusters");
    let view = View::named(wanted).or(clusters.then_some(View::Overview)).ok_or_else(|| {
        let names = View::ALL.map(|v| v.name().to_lowercase()).join(", ");
        fault(USAGE)(format!("no view '{wanted}'; there are: {names}, clusters"))
    })?;
    let wanted = cli.theme.as_deref().or(file.theme.as_deref());
    let depth = Depth::detect();
    let on_terminal = ui::is_terminal();
    let themes_on = |dark| Themes::load(themes_dir().as_deref(), Look { depth, dark });
    themes_on(None).get(wanted).map_err(fault(USAGE))?;
    let slow = cli.low_bandwidth || file.low_bandwidth;
    let percent = cli.budget.or(file.budget).unwrap_or(Budget::SHARE * 100.0);
    if !(0.1..=50.0).contains(&percent) {
        let line = format!("budget {percent}: write a number of percent from 0.1 to 50");
        return Err(fault(USAGE)(line));
    }
    let budget = Budget::new(percent / 100.0, slow);
    // What is wrong with the words is said first: it can be mended here.
    if !on_terminal {
        let line =
            "stdout is no terminal; for scripts there is 'skep snapshot [--json]' and 'skep check'";
        return Err(fault(FAILED)(line.into()));
    }
    let ascii = cli.ascii || file.ascii || !ui::is_utf8(|name| std::env::var(name).ok());
    let mut notices = choice.notices;
    let mut open_clusters = Vec::new();
    let mut sessions = Vec::new();
    let mut spares = Vec::new();
    for (no, cluster) in choice.clusters.into_iter().enumerate() {
        let colour = cluster.colour.as_deref().map(|c| badge(c, depth)).transpose();
        let colour = colour.unwrap_or_else(|why| {
            notices.push(format!("config: {why}"));
            None
        });
        let grant = permit(ClusterNo(no), cluster.read_only, cluster.production);
        let config = SessionConfig {
            managers: cluster.endpoints.iter().cloned().map(Connector::new).collect(),
            mixed: cluster.mixed,
            grant: grant.clone(),
            history: history(demo),
            who: whoami(),
            budget,
        };
        let open = OpenCluster {
            endpoint: cluster.endpoints[0].to_string(),
            name: cluster.name,
            grant,
            production: cluster.production,
            colour,
            spare: false,
        };
        // For those that turn out to belong to another Swarm.
        let others = if cluster.mixed { cluster.endpoints.len() - 1 } else { 0 };
        for _ in 0..others {
            spares.push((
                cluster.read_only,
                SessionConfig { managers: Vec::new(), ..config.clone() },
                OpenCluster { spare: true, ..open.clone() },
            ));
        }
        sessions.push(config);
        open_clusters.push(open);
    }
    for (read_only, config, open) in spares {
        // A cluster of its own.
        let grant = permit(ClusterNo(sessions.len()), read_only, open.production);
        sessions.push(SessionConfig { grant: grant.clone(), ..config });
        open_clusters.push(OpenCluster { grant, ..open });
    }
    complain(&notices);
    log_in(sessions.iter().flat_map(|s| &s.managers)).await;
    let mut fleet = Sessions::start(sessions);
    // The terminal is asked for its background while the engines are for their first word.
    let dark =
        tokio::task::spawn_blocking(move || (depth > Depth::Mono).then(ui::is_dark).flatten());
    let first = fleet.first_words(FIRST_WORD).await;
    let themes = themes_on(dark.await.ok().flatten());
    first.map_err(unreachable)?;
    let theme = themes.get(wanted).map_err(fault(USAGE))?;
    let log_keys = file.log_keys.clone();
    let thresholds = file.triage.thresholds();
    let opening = Opening {
        appearance: Appearance { theme, themes: Arc::new(themes), ascii, borders: file.borders },
        keymap: Arc::new(keymap),
        wall: ui::WallSettings {
            open: cli.wall,
            turn: file.wall.turn.max(SHORTEST_TURN),
            bell: file.wall.bell,
            on_critical: file.wall.on_critical.clone(),
        },
        hint: Some(state_dir().join("help-used")).filter(|path| !path.exists()),
        view,
        clusters,
        log_keys,
        thresholds,
        who: whoami(),
        notices,
    };
    let mouse = !(cli.no_mouse || file.no_mouse || cli.wall);
    let ssh = std::env::var("SSH_CONNECTION").ok();
    let means = Means { ssh, low_bandwidth: slow, mouse };
    let ended = ui::run(|now| App::new(opening, open_clusters, now), fleet, means).await;
    ended.map(|_| 0).map_err(|e| fault(FAILED)(format!("the terminal failed: {e}")))
}

/// No engine can be used: why, and what can be done without one.
fn unreachable(mut lines: Vec<String>) -> Fault {
    if !lines.iter().any(|line| line.contains("--demo")) {
        lines.push("to see skep without a Swarm, try skep --demo".into());
    }
    Fault { lines, code: FAILED }
}

/// The config file, as the user knows it.
fn config_name(cli: &Cli) -> String {
    let path = cli.config.clone().or_else(default_path);
    path.map_or_else(|| "file".into(), |path| path.display().to_string())
}

/// Logs in over ssh while the terminal may still be used for questions: all at once without any, and
/// then, one after the other, those that had to ask.
async fn log_in(connectors: impl Iterator<Item = &Connector>) {
    let mut tries = tokio::task::JoinSet::new();
    for connector in connectors.cloned() {
        tries.spawn(async move {
            let tried = connector.log_in(Ask::Never).await;
            (connector, tried)
        });
    }
    let begun = Instant::now();
    let mut patience = LOGIN;
    let mut ask = Vec::new();
    while let Ok(Some(Ok((connector, tried)))) =
        tokio::time::timeout_at((begun + patience).into(), tries.join_next()).await
    {
        match tried {
            // A manager that is down must not hold up those that are not.
            Ok(()) => patience = patience.min(begun.elapsed() * 2 + GRACE),
            Err(error) if error.answerable => ask.push(connector),
            Err(_) => {}
        }
    }
    // A session waits for the same login.
    tries.detach_all();
    for connector in ask {
        // Why it failed is told by the session, which tries again.
        let _ = connector.log_in(Ask::Terminal).await;
    }
}

/// What outlives skep; of a demo, whose Swarm is made anew each time, nothing does.
fn history(demo: Option<&demo::Demo>) -> History {
    let dir = state_dir();
    match demo {
        Some(demo) => {
            History { timeline: None, audit: demo.socket().with_file_name("audit.jsonl") }
        }
        None => History { timeline: Some(dir.join("timeline")), audit: dir.join("audit.jsonl") },
    }
}

fn whoami() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|v| std::env::var(v).ok());
    name.filter(|n| !n.is_empty()).unwrap_or_else(|| "unknown".into())
}
