//! The wall comes and goes, and its keys.

use crossterm::event::KeyEvent;

use crate::ui::{
    app::{App, Effect},
    input::actions::{Act, KeyContext},
};

impl App {
    /// The wall comes, or goes. Rows nobody sees are not kept up.
    pub(in crate::ui) fn set_wall(&mut self, open: bool) {
        self.wall.open = open;
        self.workspaces[self.current].show(!open, self.now);
        if open {
            let merged = &self.merged;
            let open =
                self.workspaces.iter().zip(merged).filter(|(_, m)| !**m).map(|(w, _)| &w.cluster);
            self.wall.opened(open, self.now);
        }
        self.dirty = true;
    }

    /// A key on the wall: none of them changes anything.
    pub(in crate::ui) fn wall_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(action) = self.cluster().settings.keymap.of(KeyContext::Wall, key) else {
            return Vec::new();
        };
        let by = match action.act {
            Act::Quit => return vec![Effect::Quit],
            Act::Wall | Act::Back => {
                self.set_wall(false);
                return Vec::new();
            }
            Act::Pause | Act::Mark => {
                self.wall.held = !self.wall.held;
                return Vec::new();
            }
            Act::Redraw => return vec![Effect::Redraw],
            Act::NextPane | Act::Down | Act::PageDown | Act::NextCluster => 1,
            Act::PreviousPane | Act::Up | Act::PageUp | Act::PreviousCluster => -1,
            _ => return Vec::new(),
        };
        let merged = &self.merged;
        let open =
            self.workspaces.iter().zip(merged).filter(|(_, m)| !**m).map(|(w, _)| &w.cluster);
        self.wall.step(open, by, self.now);
        Vec::new()
    }
}
