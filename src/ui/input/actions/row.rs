//! A line of the table of actions, and how it is written.

use crate::ui::input::actions::{Act, KeyContext, Needs, VIEWS};

/// One line of the table.
pub struct Action {
    /// The action.
    pub act: Act,
    /// Its name in the palette and in the config file.
    pub id: &'static str,
    /// Its text in the footer.
    pub short: &'static str,
    /// Its text in the help.
    pub words: &'static str,
    /// Where it has keys.
    pub contexts: &'static [KeyContext],
    /// Its requirement there.
    pub needs: Needs,
    /// Whether it can end in a write.
    pub writes: bool,
    /// Its keys, unless the user's config gives it others.
    pub keys: &'static [&'static str],
    /// Contexts in which it has these keys instead.
    pub keys_in: &'static [(KeyContext, &'static [&'static str])],
    /// Its keys came after 0.1.0: they yield to those a config file gives to something else.
    pub newer: bool,
    /// Contexts in which its keys can't be changed.
    pub fixed: &'static [KeyContext],
    /// Whether the footer shows it.
    pub footer: bool,
}

impl Action {
    /// Its keys in a context, unless the user's config gives it others.
    pub fn keys_in(&self, context: KeyContext) -> &'static [&'static str] {
        let own = self.keys_in.iter().find(|(c, _)| *c == context).map(|(_, keys)| *keys);
        own.unwrap_or(self.keys)
    }

    /// Whether it can be asked for by name, in the palette.
    pub fn has_name(&self) -> bool {
        self.contexts.iter().any(|c| VIEWS.contains(c))
    }
}

pub(in crate::ui) const fn row(
    act: Act,
    id: &'static str,
    keys: &'static [&'static str],
    words: &'static str,
    contexts: &'static [KeyContext],
    needs: Needs,
) -> Action {
    Action {
        act,
        id,
        short: id,
        words,
        contexts,
        needs,
        writes: false,
        keys,
        keys_in: &[],
        newer: false,
        fixed: &[],
        footer: false,
    }
}

pub(in crate::ui) const fn shown(mut action: Action, short: &'static str) -> Action {
    action.short = short;
    action.footer = true;
    action
}

pub(in crate::ui) const fn writing(mut action: Action) -> Action {
    action.writes = true;
    action
}

pub(in crate::ui) const fn newer(mut action: Action) -> Action {
    action.newer = true;
    action
}

pub(in crate::ui) const fn fixed(mut action: Action, contexts: &'static [KeyContext]) -> Action {
    action.fixed = contexts;
    action
}

/// Gives an action other keys in some contexts.
pub(in crate::ui) const fn with(
    mut action: Action,
    keys: &'static [(KeyContext, &'static [&'static str])],
) -> Action {
    action.keys_in = keys;
    action
}
