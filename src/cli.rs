//! The command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    CommandFactory, Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser},
};

use crate::commands::help::TOPICS;

/// A terminal UI for live Docker Swarm operation.
#[derive(Debug, Parser)]
#[command(name = "skep", version = env!("SKEP_VERSION"), about, disable_help_subcommand = true)]
pub struct Cli {
    /// Engine to connect to: unix:///path, tcp://host:port, ssh://user@host, or any other of Docker's
    /// ways (host:2375, :2375, unix://, /path). May be repeated, for several managers of one Swarm and
    /// for several Swarms. Default: the config file, DOCKER_HOST,
    /// DOCKER_CONTEXT, Docker's current context, the local socket.
    #[arg(short = 'H', long = "host", value_name = "ENDPOINT", global = true)]
    pub hosts: Vec<String>,
    /// Docker context, or cluster of the config file, to connect to. May be repeated.
    #[arg(short = 'c', long = "context", value_name = "NAME", global = true)]
    pub contexts: Vec<String>,
    /// Never write: no value that can write exists in the process.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Colours: dark, light, high-contrast, colour-blind, nord, gruvbox, solarized, dracula, sixteen,
    /// mono, or one of your own. Default: dark or light, as the terminal's background is.
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// The wall: pages that turn by themselves, read-only, no keys needed.
    #[arg(long)]
    pub wall: bool,
    /// View to begin with: overview, services, nodes, tasks, events, logs, problems, stacks, networks, secrets, configs, volumes, all, clusters.
    #[arg(long, value_name = "VIEW")]
    pub view: Option<String>,
    /// Config file, instead of the one in the config directory.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The share of a manager's time that watching may use, in percent. Default: 5.
    #[arg(long, value_name = "PERCENT")]
    pub budget: Option<f64>,
    /// Ask for less and draw less often, for the slowest links.
    #[arg(long)]
    pub low_bandwidth: bool,
    /// Draw nothing but ASCII. Default: only where the locale is not UTF-8.
    #[arg(long)]
    pub ascii: bool,
    /// Leave the mouse to the terminal.
    #[arg(long)]
    pub no_mouse: bool,
    /// Level of the log file in the state directory.
    #[arg(long, value_name = "LEVEL", default_value = "warn", global = true)]
    #[arg(value_parser = ["off", "error", "warn", "info", "debug", "trace"])]
    pub log_level: String,
    /// An embedded Swarm, no Docker needed: story or calm.
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "story")]
    pub demo: Option<String>,
    /// Command to run instead of the UI.
    #[command(subcommand)]
    pub command: Option<Sub>,
}

/// Commands without a screen.
#[derive(Debug, Subcommand)]
pub enum Sub {
    /// One look; exit 0 ok, 1 warning, 2 critical, 3 unknown.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Only this rule. May be repeated.
        #[arg(long, value_name = "RULE")]
        only: Vec<String>,
        /// Leave this rule out. May be repeated.
        #[arg(long, value_name = "RULE")]
        ignore: Vec<String>,
    },
    /// An incident report as Markdown: findings with evidence, what changed, the timeline.
    Report {
        /// Start of the report: a time (RFC 3339) or an age (90s, 15m, 2h).
        #[arg(long, value_name = "TIME", default_value = "1h", allow_hyphen_values = true)]
        since: String,
        /// Write to this file instead of stdout; it must not exist yet.
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// The whole state once.
    Snapshot {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Every node: how its engine is reached, what it runs, load, memory and disk; versions compared.
    Nodes {
        /// Log in to those that need an answer, at the terminal: host keys, passphrases, passwords.
        #[arg(long)]
        login: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// The embedded Swarm for any Docker client.
    DemoServe {
        /// Where to listen.
        #[arg(long, value_name = "PATH")]
        socket: PathBuf,
        /// Scenario, when no numbers are given.
        #[arg(long, default_value = "story")]
        scenario: String,
        /// Nodes.
        #[arg(long)]
        nodes: Option<usize>,
        /// Services.
        #[arg(long)]
        services: Option<usize>,
        /// Tasks.
        #[arg(long)]
        tasks: Option<usize>,
        /// Stacks that the services are of.
        #[arg(long)]
        stacks: Option<usize>,
        /// Networks that they join.
        #[arg(long)]
        networks: Option<usize>,
        /// Task changes a second.
        #[arg(long, value_name = "N")]
        churn: Option<f64>,
        /// Seed of all that is random.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Misbehave, as NAME or NAME=VALUE: delay=MS, cut, garbage, error, endless, no-leader, worker, locked, expired, old, new,
        /// skip-events, stall-logs, silent-logs=NODE, broken-logs=NODE, conflict, wrong-cluster, silent, silent=PART@FROM-UNTIL, hostile, deny=PART, cut-events=MS. May be repeated.
        #[arg(long, value_name = "FAULT")]
        fault: Vec<String>,
    },
    /// Logs of services, their tasks merged by time; of tasks that ended as well.
    Logs {
        /// Names of services.
        #[arg(required = true, value_name = "SERVICE")]
        services: Vec<String>,
        /// Only lines since a time (RFC 3339) or an age (90s, 15m, 2h).
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        since: Option<String>,
        /// The last lines of each task, or "all".
        #[arg(long, value_name = "N", default_value = "1000")]
        tail: String,
        /// Only lines that match this regular expression; all small letters ignore case.
        #[arg(long, value_name = "REGEX")]
        grep: Option<String>,
        /// Go on with new lines.
        #[arg(long, short)]
        follow: bool,
        /// Print a JSON object per line.
        #[arg(long)]
        json: bool,
        /// Begin each line with its time.
        #[arg(long, short)]
        timestamps: bool,
    },
    /// A shell, or a command, in a task's container; exits with its code, 126 not started, 125 not reached.
    Exec {
        /// The task: its name as docker prints it (web.2), its id, its container's id, or the beginning of
        /// one of them; the service's name where it has one task.
        #[arg(value_name = "TASK")]
        task: String,
        /// The program and its arguments. Default: bash if there is one, else sh.
        #[arg(last = true, value_name = "COMMAND")]
        command: Vec<String>,
        /// Don't ask, also in production.
        #[arg(long, short)]
        yes: bool,
        /// In a container beside it, with its processes and its network: for images without a shell.
        #[arg(long)]
        debug: bool,
    },
    /// Stacks: the changes that a deploy of compose files would make, read by your own docker CLI.
    Stack {
        /// The command.
        #[command(subcommand)]
        command: StackSub,
    },
    /// Docker contexts and the config file's clusters: where each leads, and whether it answers.
    Contexts,
    /// The config file: where it belongs, or one to begin with.
    #[command(group = clap::ArgGroup::new("what").required(true))]
    Config {
        /// Print its path.
        #[arg(long, group = "what")]
        path: bool,
        /// Print an example with every setting explained.
        #[arg(long, group = "what")]
        example: bool,
    },
    /// Holds an ssh master for a running skep, and clears up after it.
    #[command(hide = true)]
    HoldSsh {
        /// Folder of its socket.
        dir: PathBuf,
        /// Questions of ssh go to the terminal.
        #[arg(long)]
        terminal: bool,
        /// Arguments of ssh.
        #[arg(last = true)]
        args: Vec<std::ffi::OsString>,
    },
    /// Reference text: keys, rules, costs, security and more; without a topic the list of them.
    Help {
        /// Topic to read.
        #[arg(value_parser = topics())]
        topic: Option<String>,
    },
    /// Shell completions, to stdout.
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
    /// The manual page, to stdout.
    Man,
}

/// Commands for stacks.
#[derive(Debug, Subcommand)]
pub enum StackSub {
    /// Changes that a deploy would make; nothing is written. Exit 0 none, 2 some, 1 error.
    Plan {
        /// The files and how they are read.
        #[command(flatten)]
        files: StackFiles,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// The same plan, carried out and followed; only differences are written. Exit 0 converged, 1 not.
    Deploy {
        /// The files and how they are read.
        #[command(flatten)]
        files: StackFiles,
        /// Don't ask.
        #[arg(long, short)]
        yes: bool,
        /// If it fails or does not converge, undo what it did: as a whole, without asking.
        #[arg(long)]
        go_back: bool,
        /// Time to converge, once all is written: 90s, 15m, 2h.
        #[arg(long, value_name = "TIME", default_value = "15m")]
        timeout: String,
    },
    /// All stacks: services, how many of them converged, tasks.
    Ls {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tasks of a stack, the newest of each slot first.
    Ps {
        /// Name of the stack.
        #[arg(value_name = "NAME")]
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Removes a stack: services, secrets, configs, networks; volumes stay. Exit 0 once no manager lists any of it.
    Rm {
        /// Name of the stack.
        #[arg(value_name = "NAME")]
        name: String,
        /// Don't ask.
        #[arg(long, short)]
        yes: bool,
    },
}

/// Compose files of a stack, with the flags of `docker stack deploy`.
#[derive(Debug, clap::Args)]
pub struct StackFiles {
    /// Name of the stack.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Compose file, or - for standard input; -c here. May be repeated.
    #[arg(long = "compose-file", value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Remove services that are not in the files.
    #[arg(long)]
    pub prune: bool,
    /// Ask the registry for the digests of images: always, changed, never. Default: always.
    #[arg(long, value_name = "WHEN", value_parser = ["always", "changed", "never"])]
    pub resolve_image: Option<String>,
    /// Make a config whose content changed anew, as NAME-HASH, and have services use that.
    #[arg(long)]
    pub rotate: bool,
    /// Send credentials for registries to the nodes.
    #[arg(long)]
    pub with_registry_auth: bool,
}

/// The command line with `-c FILE` after `stack plan` and `stack deploy` as docker has it: elsewhere `-c` is a context.
pub fn with_compose_files(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut out: Vec<OsString> = Vec::new();
    let mut before = (OsString::new(), false);
    for arg in args {
        let is_deploy = before.1 || (before.0 == "stack" && (arg == "plan" || arg == "deploy"));
        let file = arg.to_str().and_then(|text| text.strip_prefix("-c")).filter(|_| before.1);
        out.push(match file {
            Some("") => "--compose-file".into(),
            Some(file) => format!("--compose-file={}", file.trim_start_matches('=')).into(),
            None => arg.clone(),
        });
        before = (arg, is_deploy);
    }
    out
}

/// The command line as completions see it. Not every shell's complete values that have no flag before
/// them: for these, topics of the help are subcommands.
pub fn for_completion() -> clap::Command {
    let topics = TOPICS.iter().map(|topic| clap::Command::new(topic.name).about(topic.about));
    let help = clap::Command::new("help").about("Reference text").subcommands(topics);
    Cli::command().mut_subcommand("help", |_| help.disable_help_subcommand(true))
}

/// The topics of the help.
fn topics() -> PossibleValuesParser {
    PossibleValuesParser::new(TOPICS.iter().map(|t| PossibleValue::new(t.name).help(t.about)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_is_a_context_before_the_subcommand_and_a_file_after_it() {
        let line = "skep -c prod stack plan shop -c a.yml -cb.yml --json";
        let args = with_compose_files(line.split(' ').map(OsString::from));
        let cli = Cli::try_parse_from(args).unwrap();
        assert_eq!(cli.contexts, ["prod"]);
        let Some(Sub::Stack { command: StackSub::Plan { files, json } }) = cli.command else {
            panic!("{:?}", cli.command)
        };
        assert_eq!(files.files, [PathBuf::from("a.yml"), "b.yml".into()]);
        assert!(json && files.name == "shop");
        let line = "skep check -c prod";
        let args = with_compose_files(line.split(' ').map(OsString::from));
        assert_eq!(Cli::try_parse_from(args).unwrap().contexts, ["prod"]);
    }
}
