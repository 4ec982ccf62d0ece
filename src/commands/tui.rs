//! The terminal UI.

use std::{sync::Arc, time::Duration};

use super::{
    exec::end_shells,
    fault::{FAILED, Fault, USAGE, fault},
    history,
    log_in::log_in,
    output::complain,
    permit, permit_shell,
};
use crate::{
    cli::Cli,
    config::{
        ConfigFile, Depth, KeyConfig, TerminalColours, Themes, badge, default_path, state_dir,
        themes_dir,
    },
    connect::{Choice, Connector, Unopened, Wanted},
    demo,
    grant::ClusterNo,
    session::{Budget, SessionConfig, Sessions},
    ui::{self, App, Appearance, KeyChange, Keymap, Means, OpenCluster, Openable, Opening, View},
};

/// An engine that takes longer is waited for on the screen.
const FIRST_WORD: Duration = Duration::from_millis(400);
/// Time at the end to end what shells still run.
const SWEEPS: Duration = Duration::from_secs(6);
/// A page of the wall can't be read in less.
const SHORTEST_TURN: Duration = Duration::from_secs(2);

/// The keys as the config file has them.
///
/// # Errors
/// The setting that is wrong, and its line.
pub fn keymap(config: &KeyConfig) -> Result<Keymap, (usize, String)> {
    let changes: Vec<KeyChange<'_>> = config
        .changes
        .iter()
        .map(|k| KeyChange { context: k.context.as_deref(), action: &k.action, keys: &k.keys })
        .collect();
    let preset = config.preset.as_ref();
    Keymap::new(preset.map(|(name, _)| &**name), &changes).map_err(|fault| {
        let line = match fault.change {
            Some(at) => config.changes.get(at).map(|keys| keys.line),
            None => preset.map(|(_, line)| *line),
        };
        (line.unwrap_or(0), fault.why)
    })
}

/// Opens it on the chosen clusters until the user quits.
pub(super) async fn run(
    cli: &Cli,
    file: &ConfigFile,
    (choice, unopened): (Choice, Vec<Unopened>),
    demo: Option<&demo::Demo>,
) -> Result<u8, Fault> {
    let keymap = keymap(&file.keys).map_err(|(line, why)| {
        fault(USAGE)(format!("config {}, line {line}: keys: {why}", config_name(cli)))
    })?;
    let wanted = cli.view.as_deref().or(file.view.as_deref()).unwrap_or("overview");
    let clusters = wanted.eq_ignore_ascii_case("clusters");
    let view = View::named(wanted).or(clusters.then_some(View::Overview)).ok_or_else(|| {
        let names = View::ALL.iter().map(|v| v.kind().id).collect::<Vec<_>>().join(", ");
        fault(USAGE)(format!("no view '{wanted}'; there are: {names}, clusters"))
    })?;
    let wanted = cli.theme.as_deref().or(file.theme.as_deref());
    let depth = Depth::detect();
    let on_terminal = ui::is_terminal();
    let themes_on = |dark| Themes::load(themes_dir().as_deref(), TerminalColours { depth, dark });
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
    let mut prepare = |no: usize, cluster: Wanted| {
        let colour = cluster.colour.as_deref().map(|c| badge(c, depth)).transpose();
        let colour = colour.unwrap_or_else(|why| {
            notices.push(format!("config: {why}"));
            None
        });
        let grant = permit(ClusterNo(no), cluster.read_only, cluster.production);
        let shell = permit_shell(ClusterNo(no), cluster.read_only, cluster.production);
        let config = SessionConfig {
            managers: cluster.endpoints.iter().cloned().map(Connector::new).collect(),
            mixed: cluster.mixed,
            grant: grant.clone(),
            shell: shell.clone(),
            history: history(demo),
            who: whoami(),
            budget,
            nodes: cluster.nodes.clone(),
        };
        let open = OpenCluster {
            endpoint: cluster.endpoints[0].to_string(),
            name: cluster.name,
            logs_in_to_nodes: cluster.nodes.config.is_set(),
            grant,
            shell,
            production: cluster.production,
            colour,
            spare: false,
        };
        (config, open)
    };
    for (no, cluster) in choice.clusters.into_iter().enumerate() {
        let (others, read_only) = (cluster.endpoints.len() - 1, cluster.read_only);
        let others = if cluster.mixed { others } else { 0 };
        let (config, open) = prepare(no, cluster);
        // For those that turn out to belong to another Swarm.
        for _ in 0..others {
            spares.push((
                read_only,
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
        let shell = permit_shell(ClusterNo(sessions.len()), read_only, open.production);
        sessions.push(SessionConfig { grant: grant.clone(), shell: shell.clone(), ..config });
        open_clusters.push(OpenCluster { grant, shell, ..open });
    }
    // Grants are minted here and nowhere later: also those of clusters that are opened later, if ever.
    let (mut later, mut openable) = (Vec::new(), Vec::new());
    for one in unopened {
        let mut line = Openable { name: one.name, source: one.source, ..Openable::default() };
        match one.wanted {
            Ok(wanted) => {
                let no = sessions.len() + later.len();
                let (config, open) = prepare(no, wanted);
                line.no = Some(ClusterNo(no));
                line.endpoint.clone_from(&open.endpoint);
                later.push(config);
                open_clusters.push(OpenCluster { spare: true, ..open });
            }
            Err(why) => line.answer = Some(Err(why)),
        }
        openable.push(line);
    }
    complain(&notices);
    log_in(sessions.iter().flat_map(|s| &s.managers)).await;
    let mut sessions = Sessions::start(sessions, later);
    // The terminal is asked for its background while the engines are for their first word.
    let dark =
        tokio::task::spawn_blocking(move || (depth > Depth::Mono).then(ui::is_dark).flatten());
    let first = sessions.first_words(FIRST_WORD).await;
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
        folder: std::env::current_dir().unwrap_or_default(),
        home: std::env::home_dir(),
        notices,
        openable,
    };
    let mouse = !(cli.no_mouse || file.no_mouse || cli.wall);
    let ssh = std::env::var("SSH_CONNECTION").ok();
    let means = Means { ssh, low_bandwidth: slow, mouse };
    let app = |now| App::new(opening, open_clusters, now);
    let ended = ui::run(app, &mut sessions, means).await;
    let (shells, news) = sessions.end();
    end_shells(shells, news, SWEEPS).await;
    ended.map(|_| 0).map_err(|e| fault(FAILED)(format!("the terminal failed: {e}")))
}

/// No engine can be used: why, and what can be done without one.
fn unreachable(mut lines: Vec<String>) -> Fault {
    lines.push("to see skep without a Swarm, try skep --demo".into());
    Fault { lines, code: FAILED }
}

/// The config file, as the user knows it.
fn config_name(cli: &Cli) -> String {
    let path = cli.config.clone().or_else(default_path);
    path.map_or_else(|| "file".into(), |path| path.display().to_string())
}

/// The user who runs skep.
pub(super) fn whoami() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].iter().filter_map(|v| std::env::var(v).ok());
    named.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        user_name(rustix::process::getuid().as_raw(), &passwd)
    })
}

/// Name of a user by number; the number, if it has none.
fn user_name(uid: u32, passwd: &str) -> String {
    let name_of = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let is_it = fields.get(2)?.parse() == Ok(uid);
        is_it.then(|| fields[0].to_owned())
    };
    passwd.lines().find_map(name_of).unwrap_or_else(|| format!("uid {uid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_an_environment_has_a_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(user_name(0, passwd), "root");
        assert_eq!(user_name(1000, passwd), "ann");
        assert_eq!(user_name(7, passwd), "uid 7");
    }
}
