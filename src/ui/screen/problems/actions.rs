//! Actions on problems: acknowledge one, mute it; and what would die with a node.

use std::cell::Cell;

use crate::{
    cluster::{NodeId, Subject, TaskId},
    session::Command,
    triage::{Problem, Quiet},
    ui::{
        Board,
        app::board::View,
        popup::{Page, PageKind, Popup, Scroll},
        table::rows::Moving,
    },
};

const HOUR: i64 = 3_600 * 1_000_000_000;

/// State of the detail below the list: Tab gives it the keyboard, z the whole screen.
#[derive(Debug, Default)]
pub(in crate::ui) struct Detail {
    pub focused: bool,
    pub zoomed: bool,
    pub scroll: Scroll,
    /// Lines it had room for when it was last drawn.
    pub page: Cell<usize>,
    /// Key of the problem it shows.
    of: Option<String>,
}

impl Detail {
    /// Whether j and k scroll it.
    pub(in crate::ui) fn is_read(&self) -> bool {
        self.focused || self.zoomed
    }

    /// The keyboard goes to the detail, or back to the list.
    pub(in crate::ui) fn turn(&mut self) {
        self.focused = !self.is_read();
        self.zoomed = false;
    }

    /// The detail takes all of the screen, or gives it back.
    pub(in crate::ui) fn zoom(&mut self) {
        self.zoomed = !self.zoomed;
        self.focused = self.zoomed;
    }

    /// The list again; false if it was that already.
    pub(in crate::ui) fn leave(&mut self) -> bool {
        let was = self.is_read();
        (self.focused, self.zoomed) = (false, false);
        was
    }

    /// Shows the detail of a problem, from its first line if it is another one.
    pub(in crate::ui) fn show(&mut self, key: Option<&str>) {
        if self.of.as_deref() != key {
            self.of = key.map(str::to_owned);
            self.scroll = Scroll::default();
            if key.is_none() {
                self.leave();
            }
        }
    }
}

impl Moving for Detail {
    fn step(&mut self, by: isize) {
        self.scroll.by(by);
    }

    fn jump(&mut self, to_top: bool) {
        self.scroll.by(if to_top { isize::MIN } else { isize::MAX });
    }

    fn page_size(&self) -> usize {
        self.page.get()
    }
}

impl Board {
    /// Opens the view with the worst problem under the cursor.
    pub(in crate::ui) fn open_problems(&mut self) {
        self.problem_rows.reset();
        self.detail = Detail::default();
    }

    /// Comes back from where a problem led to: to the same one, unless it is over by now.
    pub(in crate::ui) fn return_to_problems(&mut self) {
        self.refresh_problems();
        if self.problem().is_none_or(|problem| problem.resolved.is_set()) {
            self.open_problems();
        }
    }

    /// The problem under the cursor.
    pub(in crate::ui) fn problem(&self) -> Option<&Problem> {
        if self.view != View::Problems {
            return None;
        }
        self.problems().get(self.problem_rows.current()?.0).map(|p| &**p)
    }

    pub(in crate::ui) fn acknowledge(&mut self) {
        self.quiet(|problem, _| match problem.quiet {
            None => (Some(Quiet::Acknowledged), "acknowledged, until it changes".into()),
            Some(_) => (None, "no longer acknowledged or muted".into()),
        });
    }

    /// For an hour, for eight, not at all.
    pub(in crate::ui) fn mute(&mut self) {
        self.quiet(|problem, now| match problem.quiet {
            Some(Quiet::Muted(until)) if until.0 > now + HOUR => (None, "no longer muted".into()),
            Some(Quiet::Muted(_)) => {
                (Some(Quiet::Muted((now + 8 * HOUR).into())), "muted for 8 hours".into())
            }
            _ => (
                Some(Quiet::Muted((now + HOUR).into())),
                "muted for an hour; m again: for 8".into(),
            ),
        });
    }

    fn quiet(&mut self, how: impl Fn(&Problem, i64) -> (Option<Quiet>, String)) {
        let Some(problem) = self.problem().cloned() else {
            return self.say("no problem is selected: 7 lists them");
        };
        if problem.resolved.is_set() {
            return self.say("this is over already");
        }
        // The cursor goes with it: a second press must mean the same problem.
        self.problem_rows.to(self.problem_rows.index());
        let now = self.scene.now;
        let (quiet, said) = how(&problem, now.0);
        self.triage.quiet(&problem, quiet, now);
        self.command(Command::Quieted(self.triage.quieted()));
        self.say(format!("{}: {said}", problem.object));
    }

    /// Opens the page of what dies with the node under the cursor.
    pub(in crate::ui) fn blast(&mut self) {
        let node = match self.single() {
            Ok(Subject::Node(id)) => Some(id),
            Ok(Subject::Task(id, _)) => self.scene.store.task(&id).and_then(|t| t.node.clone()),
            Err(why) => return self.say(why),
            Ok(_) => None,
        };
        match node {
            Some(id) => self.open_blast(id),
            None => self.say("no node is selected: 3 lists them"),
        }
    }

    pub(in crate::ui) fn open_blast(&mut self, id: NodeId) {
        let title = format!("What dies with {}?", self.scene.store.node_label(&id));
        self.popups.push(Popup::Page(Page::new(title, PageKind::Blast(id))));
    }

    /// The task whose last lines are the evidence of the problem under the cursor.
    pub(in crate::ui) fn witness(&self) -> Option<TaskId> {
        let evidence = &self.problem()?.evidence;
        // The engine forgets a task and its log: no lines to ask for then.
        let known = |id: &&TaskId| self.scene.store.task(id).is_some();
        evidence.iter().filter_map(|e| e.task.as_ref()).find(known).cloned()
    }

    /// Asks for the last lines of the task that is evidence, once for each.
    pub(in crate::ui) fn refresh_witness(&mut self) {
        let witness = if self.shown { self.witness() } else { None };
        if witness != self.last_lines_of {
            self.last_lines = None;
            self.last_lines_of.clone_from(&witness);
            if let Some(task) = witness {
                self.command(Command::LastLines(task));
            }
        }
    }
}
