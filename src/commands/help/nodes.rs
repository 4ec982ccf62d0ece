//! `skep help nodes`.

use super::layout::HelpText;

pub(super) fn text(text: &mut HelpText) {
    text.heading("Nodes within reach");
    text.paragraph(
        "A manager tells of tasks, but only a node's own engine tells of its machine and containers. \
         skep reaches it over ssh or TCP, with nothing installed there, when it is first needed, and \
         leaves it after 5 minutes without use. With no node looked at there is no connection but the \
         manager's. The manager that skep reads from is always within reach.",
    );
    for (command, words) in [
        ("skep nodes", "every node: how it is reached, load, memory, disk, versions"),
        ("skep nodes --json", "the same for scripts; what is unknown is null"),
        ("skep nodes --login", "log in to all, asking at the terminal where needed"),
    ] {
        text.entry(command, 20, words);
    }
    text.paragraph(
        "On the screen d on a node has the same and more. The list of nodes (3) reaches those in its \
         window if [nodes] in the config file says how, and else only the manager's own. i on a node or \
         a task lists all containers of the node, running or not, for as long as the list is looked at: \
         those outside of the Swarm are marked. :containers NAME does the same. There l reads the log \
         of the node's own engine, d and y what it tells of one.",
    );
    text.heading("How it gets there");
    text.paragraph(
        "Without settings: where the manager is reached by ssh, through that same connection, as the \
         same user; otherwise by ssh to the node's address as managers see it. In the config file \
         [nodes] says it for all clusters, [cluster.nodes] for one, [cluster.nodes.NAME] for one node \
         by its host name or ID:",
    );
    for (setting, words) in [
        ("ssh", "\"ops@{hostname}.example:22\", \"{addr}\" or \"{id}\": user, host, port"),
        ("jump", "true: through the manager's ssh connection, without a second login there"),
        ("socket", "the engine's socket over there, where it is not /var/run/docker.sock"),
        ("endpoint", "of one node: tcp://host:2376 with the cluster's tls_dir, or any other"),
    ] {
        text.entry(&format!("  {setting}"), 12, words);
    }
    text.paragraph(
        "Everything else is ssh's own: ~/.ssh/config, agent, ProxyJump, known hosts. Where sshd forwards \
         no sockets 'docker system dial-stdio' is used, if the docker CLI is there. Inside the screen \
         ssh never asks: what needs an answer is refused, and 'skep nodes --login' asks once. At most 8 \
         logins are under way at a time.",
    );
    text.heading("What is checked and read");
    text.paragraph(
        "The engine must say that it is the node's (its ID in the Swarm), or it is not used: addresses \
         are given to other machines. Load, memory, pressure, uptime and the file system of the engine's \
         root come from one command that reads /proc and runs df; over TCP, and of Windows nodes, only \
         what the engine itself tells is known. A node that is lost is told within 15 seconds and \
         reached again by itself while it is looked at.",
    );
    text.paragraph(
        "Of a failed task whose node is within reach already, its engine says more than the Swarm: that \
         the kernel killed it for memory, its error, and what its health check wrote. Findings say it as \
         soon as it is known, and never wait for it.",
    );
    text.paragraph(
        "V on the screen compares the versions of all nodes, as 'skep nodes' does. In both ! marks what \
         more than half of the nodes do not have. What is unknown is ?, never 0.",
    );
}
