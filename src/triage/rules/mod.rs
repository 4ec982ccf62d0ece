//! The rules: small pure functions, one file a theme, and the table of them.

pub mod advice;
pub mod capacity;
pub mod exits;
pub mod image;
pub mod jobs;
pub mod managers;
pub mod nodes;
pub mod objects;
pub mod parts;
pub mod placement;
pub mod quorum;
pub mod refusal;
pub mod service;
pub mod spread;
pub mod stuck;
pub mod update;

use super::{
    Severity,
    rule::{Check, Family, Role, Rule},
};

macro_rules! rules {
    ($($id:literal, $family:ident, $severity:ident, $role:ident, $harm:literal, $check:ident($path:path), $catches:literal;)*) => {
        /// Every rule. Causes stand in the order in which they are believed: the most specific first.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id,
            family: Family::$family,
            severity: Severity::$severity,
            role: Role::$role,
            harm: $harm,
            catches: $catches,
            check: Check::$check($path),
        }),*];
    };
}

rules! {
    "quorum-lost", Quorum, Critical, Standing, 100, Swarm(quorum::lost), "fewer managers reachable than quorum needs: nothing can be changed or healed";
    "service-down", Shortage, Critical, Symptom, 95, Service(service::down), "a service that should run has no running task";
    "rollback-paused", Update, Critical, Symptom, 85, Service(update::rollback_paused), "an update failed, and so did its rollback";
    "update-paused", Update, Critical, Symptom, 80, Service(update::paused), "an update stopped half way because its tasks failed";
    "quorum-risk", Quorum, Critical, Standing, 75, Swarm(quorum::risk), "one more lost manager ends quorum";
    "node-down", NodeLoss, Critical, Standing, 70, Node(nodes::down), "a node is down; what it took with it is folded into this";
    "node-disconnected", NodeLoss, Critical, Standing, 70, Node(nodes::disconnected), "a node whose agent lost its manager";
    "update-endless", Update, Critical, Symptom, 68, Service(update::endless), "an update that goes on, or ended (failure action continue), while all its new tasks fail";
    "update-stuck", Update, Warning, Symptom, 62, Service(update::stuck), "an update that starts tasks first and has no place for one beside the old one";
    "service-below", Shortage, Warning, Symptom, 60, Service(service::below), "a service runs fewer tasks than it should, and for how long";
    "global-missing", Tasks, Warning, Symptom, 55, Service(service::global_missing), "a global service lacks a task on an eligible node";
    "job-failed", Job, Warning, Symptom, 50, Service(jobs::failed), "a job whose tasks fail, or that has no attempts left";
    "crash-loop", Exit, Warning, Symptom, 50, Service(exits::crash_loop), "tasks that fail again and again, also if one runs whenever one looks: rate, exit codes, same error or different";
    "update-rolled-back", Update, Warning, Symptom, 48, Service(update::rolled_back), "an update failed, and is or was undone";
    "update-slow", Update, Warning, Symptom, 45, Service(update::slow), "an update runs much longer than its own settings explain";
    "leader-changes", Manager, Warning, Standing, 44, Swarm(managers::leader_changes), "the leader changes again and again";
    "node-flapping", Node, Warning, Standing, 43, Node(nodes::flapping), "a node that was lost several times in a short while";
    "manager-unreachable", Manager, Warning, Standing, 42, Node(quorum::unreachable), "a manager the others do not reach, or whose vote is lost otherwise";
    "role-pending", Manager, Warning, Standing, 41, Node(managers::role_pending), "a node promoted or demoted that has not taken on its role";
    "cert-expiry", Node, Warning, Standing, 40, Node(nodes::cert_expiry), "a node away for so long that its certificate may have run out";
    "clock-skew", Node, Warning, Standing, 38, Node(nodes::clock_skew), "a node's clock differs from the leader's";
    "ca-rotation", Manager, Warning, Standing, 36, Swarm(managers::ca_rotation), "nodes trust different root certificates: a rotation that does not end";
    "task-on-drained", Node, Warning, Standing, 34, Node(nodes::task_on_drained), "tasks still wanted on a drained node";
    "orphaned-tasks", Tasks, Warning, Standing, 32, Service(service::orphaned), "tasks given up with their node, which may still run there";
    "secret-gone", Part, Warning, Standing, 31, Service(objects::secret_gone), "a service names a secret that does not exist";
    "config-gone", Part, Warning, Standing, 31, Service(objects::config_gone), "a service names a config that does not exist";
    "network-gone", Part, Warning, Standing, 31, Service(objects::network_gone), "a service joins a network that does not exist";
    "network-full", Part, Warning, Standing, 31, Shared(objects::network_full), "a network has hardly an address left to give";
    "port-twice", Part, Warning, Standing, 30, Swarm(objects::port_twice), "several services publish one port of the routing mesh";
    "digest-drift", Image, Warning, Standing, 30, Service(image::digest_drift), "one tag, different digests among a service's tasks";
    "capacity-full", Capacity, Warning, Standing, 28, Swarm(capacity::full), "reservations take nearly all CPU or memory there is";

    "bind-missing", Part, Warning, Cause, 0, Service(parts::bind_missing), "a bind mount's source is not on the node";
    "secret-missing", Part, Warning, Cause, 0, Service(parts::secret_missing), "a secret the node was not given";
    "config-missing", Part, Warning, Cause, 0, Service(parts::config_missing), "a config the node was not given";
    "network-missing", Part, Warning, Cause, 0, Service(parts::network_missing), "a network that is not there";
    "volume-failed", Part, Warning, Cause, 0, Service(parts::volume_failed), "a volume that can't be mounted";
    "address-exhaustion", Address, Warning, Cause, 0, Service(parts::address_exhaustion), "a network has no address left to give";
    "address-conflict", Address, Warning, Cause, 0, Service(parts::address_conflict), "the engine's address management refuses an address or subnet of a network";
    "registry-auth", Image, Warning, Cause, 0, Service(image::registry_auth), "the registry refuses the node's credentials";
    "registry-limit", Image, Warning, Cause, 0, Service(image::registry_limit), "the registry's rate limit";
    "registry-unreachable", Image, Warning, Cause, 0, Service(image::registry_unreachable), "the registry does not answer the node";
    "image-platform", Image, Warning, Cause, 0, Service(image::platform), "the image is not made for the node's platform";
    "image-missing", Image, Warning, Cause, 0, Service(image::missing), "the image is not found, on all nodes or just some";
    "oom-killed", Exit, Warning, Cause, 0, Service(exits::oom_killed), "exit 137 under a memory limit";
    "killed", Exit, Warning, Cause, 0, Service(exits::killed), "exit 137 without a memory limit";
    "unhealthy", Exit, Warning, Cause, 0, Service(exits::unhealthy), "killed because its health check failed";
    "terminated", Exit, Warning, Cause, 0, Service(exits::terminated), "exit 143: something asked it to stop";
    "command-failed", Exit, Warning, Cause, 0, Service(exits::command_failed), "exit 126 or 127: the command can't be run";
    "start-failed", Exit, Warning, Cause, 0, Service(exits::start_failed), "the container can't be started";
    "port-taken", Part, Warning, Cause, 0, Service(parts::port_taken), "a port that something else on the node has taken";
    "no-node-constraint", Placement, Warning, Cause, 0, Service(placement::constraint), "no node meets the constraints: which one fails, and what nodes have instead";
    "no-node-resources", Placement, Warning, Cause, 0, Service(placement::resources), "no node has what is reserved: by how much each misses";
    "no-node-port", Placement, Warning, Cause, 0, Service(placement::port), "a host port is taken on every node that would do";
    "no-node-max", Placement, Warning, Cause, 0, Service(placement::max_per_node), "more replicas than max-replicas-per-node allows";
    "no-node-platform", Placement, Warning, Cause, 0, Service(placement::platform), "no node of the image's platform";
    "no-node-plugin", Placement, Warning, Cause, 0, Service(placement::plugin), "no node has the volume, network or log plugin";
    "no-node-volume", Placement, Warning, Cause, 0, Service(placement::volume), "no node can reach the CSI volume";
    "no-node-available", Placement, Warning, Cause, 0, Service(placement::unavailable), "the nodes that would do are down, paused or drained";
    "attempts-used-up", Job, Warning, Cause, 0, Service(jobs::attempts_used_up), "the restart policy gives up: no attempts left, or none allowed";
    "exit-code", Exit, Warning, Cause, 0, Service(exits::exit_code), "any other exit of its own";
    "exit-zero", Exit, Warning, Cause, 0, Service(exits::ends), "a program that ends by itself with exit 0 again and again, where the restart policy means one that serves";
    "task-error", Exit, Warning, Cause, 0, Service(exits::other), "an error no other rule knows, in the engine's own words";
    "stuck-new", Waiting, Warning, Cause, 0, Service(stuck::new), "tasks wait for addresses of their networks";
    "stuck-pending", Waiting, Warning, Cause, 0, Service(stuck::pending), "tasks wait to be placed";
    "stuck-allocated", Waiting, Warning, Cause, 0, Service(stuck::allocated), "tasks have addresses and are not scheduled";
    "stuck-assigned", Waiting, Warning, Cause, 0, Service(stuck::assigned), "tasks wait for their node to take them";
    "stuck-preparing", Waiting, Warning, Cause, 0, Service(stuck::preparing), "tasks are being prepared for long: the image is pulled";
    "stuck-starting", Waiting, Warning, Cause, 0, Service(stuck::starting), "tasks stay in `starting`: a health check does not pass, or the engine does not start the container";

    "managers-even", Manager, Advice, Advice, 20, Swarm(managers::even), "an even number of managers stands no more losses than one fewer";
    "node-never-joined", Node, Advice, Advice, 20, Node(nodes::never_joined), "a node entry whose engine never reported: a join that broke off";
    "manager-single", Manager, Advice, Advice, 19, Swarm(managers::single), "several nodes and one manager";
    "node-left-behind", Node, Advice, Advice, 19, Node(quorum::left_behind), "the old entry of a host that joined the Swarm again";
    "capacity-spare", Capacity, Advice, Advice, 18, Swarm(capacity::spare), "what the largest node reserves would not fit on the others";
    "manager-load", Manager, Advice, Advice, 17, Node(managers::load), "a manager that also runs heavy tasks";
    "engine-skew", Manager, Advice, Advice, 16, Swarm(managers::engine_skew), "nodes run different engine versions";
    "node-paused", Node, Advice, Advice, 15, Node(nodes::paused), "a paused node keeps its tasks and gets no new ones";
    "all-on-one", Spread, Advice, Advice, 14, Service(spread::all_on_one), "all replicas of a service on one node";
    "unbalanced", Spread, Advice, Advice, 13, Node(spread::unbalanced), "a node that came back and stands nearly empty";
    "pinned", Spread, Advice, Advice, 12, Service(spread::pinned), "a local volume or a constraint ties a service to one node";
    "half-on-one", Spread, Advice, Advice, 12, Service(spread::half_on_one), "a service that falls below half of its replicas with one node";
    "stack-versions", Image, Advice, Advice, 12, Shared(objects::stack_versions), "services of a stack run different versions of one image";
    "single-replica", Spread, Advice, Advice, 11, Service(spread::single_replica), "a service with one replica, published or not";
    "secret-unused", Part, Advice, Advice, 7, Swarm(objects::secret_unused), "secrets that no service uses, from a day after they were made on";
    "config-unused", Part, Advice, Advice, 7, Swarm(objects::config_unused), "configs that no service uses, from a day after they were made on";
    "network-unused", Part, Advice, Advice, 7, Swarm(objects::network_unused), "networks that no service joins, from a day after they were made on";
    "no-health-check", Spec, Advice, Advice, 10, Service(advice::no_health_check), "a published service whose spec has no health check";
    "no-limits", Spec, Advice, Advice, 9, Service(advice::no_limits), "a service without a memory limit";
    "update-paused-done", Update, Advice, Advice, 9, Service(update::paused_when_done), "an update that docker shows as paused because its task did its work and ended";
    "image-latest", Image, Advice, Advice, 8, Service(advice::image_latest), "tag latest, unchanged for long";
}

/// The rule of that name.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids that begin alike are of one family, so that a new rule is treated as its like.
    #[test]
    fn rules_that_are_named_alike_are_of_one_family() {
        for (prefix, family) in [
            ("quorum-", Family::Quorum),
            ("no-node-", Family::Placement),
            ("stuck-", Family::Waiting),
            ("update-", Family::Update),
            ("rollback-", Family::Update),
            ("service-", Family::Shortage),
            ("address-", Family::Address),
        ] {
            let alike: Vec<&Rule> = RULES.iter().filter(|r| r.id.starts_with(prefix)).collect();
            assert!(!alike.is_empty() && alike.iter().all(|r| r.family == family), "{prefix}");
        }
    }
}
