//! `skep help connect`.

use super::layout::HelpText;

pub(super) fn text(text: &mut HelpText) {
    text.heading("What it connects to");
    for (command, words) in [
        ("skep", "DOCKER_HOST, or else the local socket"),
        ("skep -H ssh://ops@mgr-1", "over ssh; -H again for another manager"),
        ("skep -c staging", "a Docker context, or a cluster of the config"),
        ("skep -H tcp://mgr-1:2375", "plain TCP: only on a network you trust"),
        ("skep contexts", "what could be opened, and whether it answers"),
    ] {
        text.entry(command, 26, words);
    }
    text.paragraph(
        "In this order: -H, -c, the config file, DOCKER_HOST, DOCKER_CONTEXT, Docker's current context, \
         the local socket. An endpoint is unix:///path, tcp://host:port, ssh://user@host, or any other \
         of Docker's ways (host:2375, :2375, unix://, /path).",
    );
    text.paragraph(
        "It speaks to Docker 20.10 and newer and must reach a manager: a worker can't see the Swarm; \
         skep then offers the managers it knows.",
    );
    text.heading("ssh");
    text.paragraph(
        "It is your own ssh: its config, agent, jump hosts and known hosts all hold. One login an \
         endpoint, shared by all that skep asks. Passphrases and unknown host keys are asked for before \
         the screen is taken, never inside it; a changed host key is refused. 'Compression yes' in \
         ~/.ssh/config about halves what goes over a slow link.",
    );
    text.paragraph(
        "Run on a manager, over ssh: skep sees how much of the screen your link has not taken yet, lets \
         data wait and keeps the line free for keys (measured on 48 kbit/s, a busy Swarm, 120x40: a key \
         is answered within a second). --low-bandwidth draws and asks still less.",
    );
    text.heading("TLS");
    text.paragraph(
        "As for the docker CLI: DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, or the files of a context or of a \
         cluster of the config file.",
    );
    text.heading("Several managers, several Swarms");
    text.paragraph(
        "Several managers of one Swarm are one cluster, whether they come from flags, contexts or the \
         config file: the fastest healthy one is read from, and when it dies another takes over within \
         seconds: cursor, filter, logs and a followed action stay. A write in flight is read back, never \
         sent twice.",
    );
    text.paragraph(
        "Several -H are taken for managers of one Swarm until one of them says otherwise, and then for \
         several Swarms. To be told of a Swarm none of whose managers answers, beside others that do, \
         name each with -c or in the config file. Several Swarms at once: 8 shows all, with their \
         managers, problems and events; [ and ] switch.",
    );
}
