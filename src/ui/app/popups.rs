//! Changes that popups make to the workspace below them.

use crate::{
    cluster::{ConfigId, ServiceId, Subject},
    ui::{
        app::{cluster::Cluster, workspace::Workspace},
        input::actions::Act,
        popup::{Host, KnownNames, Popup},
    },
};

/// Number of recent commands offered again.
const RECENT: usize = 8;

impl Host for Workspace<'_> {
    fn compare(&mut self, configs: &[ConfigId]) {
        self.compare_configs(configs);
    }

    fn cluster_mut(&mut self) -> &mut Cluster {
        self.cluster
    }

    fn act(&mut self, act: Act) {
        Self::act(self, act);
    }

    fn act_on(&mut self, act: Act, id: ServiceId) {
        Self::act_on(self, act, id);
    }

    /// Carries a command out. One that can't be leaves the palette open, with the reason.
    fn enter_command(&mut self, command: String, key: &str) {
        if let Err(why) = self.run(&command) {
            if let Some(Popup::Palette(palette)) = self.popups.last_mut() {
                palette.error = Some(why);
            }
        } else {
            self.cluster.remembered.commands.retain(|c| *c != command);
            self.cluster.remembered.commands.insert(0, command.clone());
            self.cluster.remembered.commands.truncate(RECENT);
            if !key.is_empty() && self.cluster.toast.is_none() {
                self.cluster.say(format!("{command}: next time, {key} does that"));
            }
        }
        self.preview();
    }

    /// The theme under the palette's cursor is shown at once.
    fn preview(&mut self) {
        let known = KnownNames::of(self.below());
        let Some(Popup::Palette(palette)) = self.popups.last() else { return };
        let found = palette.suggestions(&known);
        let name = found.get(palette.chosen).and_then(|s| s.command.strip_prefix("theme "));
        let theme = name
            .filter(|n| !n.is_empty())
            .map(|n| self.cluster.settings.appearance.themes.get(Some(n)));
        let Some(Popup::Palette(palette)) = self.popups.last_mut() else { return };
        match theme {
            Some(Ok(theme)) => {
                let before = std::mem::replace(&mut self.cluster.settings.appearance.theme, theme);
                palette.before.get_or_insert(before);
            }
            Some(Err(why)) => palette.error = Some(why),
            None => {
                if let Some(theme) = palette.before.take() {
                    self.cluster.settings.appearance.theme = theme;
                }
            }
        }
    }

    fn set_filter(&mut self, text: &str) {
        Self::set_filter(self, text);
    }

    fn set_highlight(&mut self, text: &str) {
        Self::set_highlight(self, text);
    }

    fn yaml_of(&mut self, subject: &Subject) {
        Self::yaml_of(self, subject);
    }

    fn show(&mut self, subject: &Subject) {
        self.show_object(subject);
    }
}
