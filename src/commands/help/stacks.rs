//! `skep help stacks`.

use super::layout::HelpText;

pub(super) fn text(text: &mut HelpText) {
    text.heading("Stacks as plans");
    text.paragraph(
        "'docker stack deploy' undoes what was changed by hand, restarts tasks without a word, and \
         writes every service again, equal or not: after a deploy that changes nothing 'docker service \
         rollback' leads nowhere. skep shows first what a deploy would change, and writes only that.",
    );
    for (command, words) in [
        ("skep stack plan NAME -c FILE", "what would change; nothing is written"),
        ("skep stack plan … --json", "the same for scripts"),
        ("skep stack deploy NAME -c FILE", "the plan, an answer, and what becomes of it"),
        ("skep stack rm NAME", "removes it, and waits until all of it is gone"),
        ("skep stack ls, ps NAME", "all stacks; the tasks of one"),
    ] {
        text.entry(command, 31, words);
    }
    text.paragraph(
        "-c may be repeated, and - is standard input. --prune removes services that are not in the files, \
         --resolve-image always|changed|never and --with-registry-auth are docker's own. Of deploy: --yes \
         answers, --timeout 15m is the time to converge. --rotate: a config whose content changed is made \
         anew as NAME-HASH, and services use that; later deploys know it by its content.",
    );
    text.heading("How a plan is made");
    text.paragraph(
        "skep has no parser of compose files: your own docker CLI (20.10 or newer) runs against a private \
         socket of skep's. Its reads are answered by the manager, its writes are noted and go nowhere. \
         What it would have sent is compared with what is there, in the engine's own notation, so that \
         defaults and order make no difference.",
    );
    text.paragraph(
        "Told are: each object made, changed, replaced or removed, and those that are not written; the \
         differences in words, secrets masked; how many running tasks restart, how, and because of what; \
         services that are not in the files; networks and contents that differ and can't be changed; ports \
         that are open wider than written; keys that docker ignores; images without a digest. An image \
         whose digest no registry tells stays at the one it has, where docker would restart its tasks.",
    );
    text.heading("How it is carried out");
    text.paragraph(
        "Secrets that exist come first: nobody can read them, so the file's content is written once more, \
         which changes nothing and the engine refuses if it is another one. Then networks, secrets, configs and services are \
         made or updated at the version that was read, and what goes is removed last. At the first \
         failure it stops and says what was written and what was not. With --go-back what was done is then \
         undone as a whole, by a plan of its own; at a terminal it is offered. What somebody else has \
         changed since stays. After the last write every service that was written is \
         followed until it converges. Everything is in the audit file; in production the stack's name is \
         typed, as for a plan that removes or replaces something; read-only can plan, and not deploy.",
    );
}
