//! The outcome of a write, and reading back where it is unknown.

use crate::{
    action::{
        follow::Phase,
        plan::{ReadObject, Target},
    },
    session::{Command, Outcome, Token},
    ui::{
        app::{cluster::Cluster, link::LinkState, workspace::Workspace},
        popup::Operate,
    },
};

/// A write's outcome is read back at most so often.
const BETWEEN_READS: std::time::Duration = std::time::Duration::from_secs(1);

impl Cluster {
    /// Asks what became of writes that were under way when the link was lost.
    pub(in crate::ui) fn read_back(&mut self) {
        let now = self.now.shifted(self.link.skew);
        let unknown: Vec<Target> = self
            .operations
            .follows
            .iter()
            .filter(|f| f.wants_reading(self.model.live(), now))
            .map(|f| f.target.clone())
            .collect();
        let again = self.operations.read_back_at.is_none_or(|at| at.age(self.now) >= BETWEEN_READS);
        if !unknown.is_empty() && self.operations.reading_back.is_none() && again {
            let token = self.token();
            self.operations.reading_back = Some(token);
            self.operations.read_back_at = Some(self.now);
            self.command(Command::ReadBack(token, unknown));
        }
    }

    /// Handles the objects that were read back.
    pub(in crate::ui) fn found(&mut self, token: Token, found: &[(Target, ReadObject)]) {
        if self.operations.reading_back.take_if(|asked| *asked == token).is_none() {
            return;
        }
        let now = self.now.shifted(self.link.skew);
        for (target, found) in found {
            for follow in self.operations.follows.iter_mut().filter(|f| f.target == *target) {
                follow.read_back(found, now);
            }
        }
    }

    fn sending(&self, target: &Target) -> Option<usize> {
        self.operations
            .follows
            .iter()
            .rposition(|f| f.target == *target && f.phase == Phase::Sending)
    }

    /// Shown at once, and beside the action for as long as that is shown.
    pub(in crate::ui) fn unrecorded(&mut self, target: &Target, why: &str) {
        let said = format!("not in the audit file: {why}");
        if let Some(at) = self.sending(target) {
            self.operations.follows[at].unrecorded = Some(said.clone());
        }
        self.say(said);
    }
}

impl Workspace<'_> {
    /// A step of a plan has ended.
    pub(in crate::ui) fn outcome(&mut self, target: &Target, outcome: Outcome) {
        let Some(at) = self.cluster.sending(target) else { return };
        match outcome {
            Outcome::Taken { version, warnings } => {
                self.cluster.operations.follows[at].sent(version);
                if !warnings.is_empty() {
                    self.cluster.say(warnings.join("; "));
                }
            }
            Outcome::Refused(why) => self.cluster.operations.follows[at].phase = Phase::Failed(why),
            Outcome::Unknown(why) => {
                self.cluster.operations.follows[at].phase = Phase::unknown(why);
                // The link may have come back before the write was given up.
                if matches!(self.cluster.link.state, LinkState::Live { .. }) {
                    self.cluster.read_back();
                }
            }
            Outcome::Conflict(document) => {
                let follow = self.cluster.operations.follows.remove(at);
                let plan = self.cluster.plan(&[*document], &follow.change);
                let notice = format!(
                    "{} was changed by someone else in the meantime; nothing was sent. The new plan:",
                    follow.name
                );
                if plan.is_empty() {
                    self.cluster.say(format!(
                        "{notice} nothing left to do ({})",
                        super::refusals(&plan.refused)
                    ));
                } else {
                    self.open_plan(plan, Some(notice));
                }
            }
        }
    }
}
