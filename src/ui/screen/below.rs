//! The cluster below the popups, and the screen that has the keyboard.

use crate::{
    cluster::{ServiceId, Subject},
    ui::{
        app::cluster::Cluster,
        input::actions::KeyContext,
        screen::{
            Screen,
            registry::{Screens, Together},
        },
    },
};

/// A cluster with its screens, and those of all clusters that may lie over them, to be read.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Below<'a> {
    pub cluster: &'a Cluster,
    pub screens: &'a Screens,
    pub together: &'a Together,
}

impl<'a> Below<'a> {
    /// The screen that has the keyboard.
    pub fn screen(&self) -> &'a dyn Screen {
        self.together.screen().unwrap_or_else(|| self.screens.focused())
    }

    /// Its name; of a pane that of the Overview.
    pub fn name(&self) -> &'static str {
        self.together.over.map_or_else(|| self.screens.view.name(), |over| over.name())
    }

    /// Where the keyboard is.
    pub fn context(&self) -> KeyContext {
        self.screen().context()
    }

    /// The object under the cursor.
    pub fn subject(&self) -> Option<Subject> {
        self.screen().subject(self.cluster).filter(|s| *s != Subject::Other)
    }

    /// The objects an action is for: those marked in the list that has the keyboard, or the one under the
    /// cursor.
    pub fn chosen(&self) -> Vec<Subject> {
        let chosen = self.screen().chosen(self.cluster);
        chosen.into_iter().filter(|s| *s != Subject::Other).collect()
    }

    /// The services among them, also those of tasks and stacks.
    pub fn targets(&self) -> Vec<ServiceId> {
        let services = |subject| match subject {
            Subject::Service(id) | Subject::Task(_, id) => vec![id],
            stack @ Subject::Stack(_) => self.cluster.model.store.users_of(&stack).to_vec(),
            _ => Vec::new(),
        };
        self.chosen().into_iter().flat_map(services).collect()
    }

    /// The object to show: the one an action would be for; of several, the one under the cursor if
    /// it is among them.
    ///
    /// # Errors
    /// Why there is none, for the user.
    pub fn single(&self) -> Result<Subject, String> {
        match (self.chosen().as_slice(), self.subject()) {
            ([one], _) => Ok(one.clone()),
            (many, Some(here)) if many.contains(&here) => Ok(here),
            ([], _) => Err("nothing is selected".into()),
            (many, _) => Err(format!(
                "{} are marked and the cursor is on none of them: go to one, or Esc clears the marks",
                many.len()
            )),
        }
    }
}
