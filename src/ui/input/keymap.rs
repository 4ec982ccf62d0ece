//! The keymap: actions by context and key, as the table has them and the user's config changes
//! them.

use std::collections::HashMap;

use crossterm::event::KeyEvent;

use crate::ui::input::{
    actions::{ACTIONS, Act, Action, KeyContext, VIEWS, action},
    chord::Chord,
};

/// Sets of keys to begin with.
pub const PRESETS: [&str; 1] = ["default"];

/// The name for all contexts of an action in the config file: `[keys.global]` is `[keys]`.
pub const GLOBAL: &str = "global";

/// Other keys for an action, as the config file has it.
#[derive(Clone, Copy, Debug)]
pub struct KeyChange<'a> {
    /// Only in this context; in all that the action has if there is none.
    pub context: Option<&'a str>,
    /// The action's id.
    pub action: &'a str,
    /// Its keys from now on.
    pub keys: &'a [String],
}

/// Error in the changes of the keys.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyFault {
    /// Index of the change; none if the preset is at fault.
    pub change: Option<usize>,
    /// Description.
    pub why: String,
}

/// Origin of a binding: the lower yields to the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The table gives it since after 0.1.0: a config file that is older knows nothing of it.
    Newer,
    /// The table or the config gives it. Of two of these neither yields.
    Given,
    /// Can't be changed.
    Fixed,
}

/// The keys of an action in a context.
#[derive(Clone, Debug)]
struct Binding {
    act: Act,
    context: KeyContext,
    keys: Vec<(Chord, Rank)>,
    /// The change that set them.
    change: Option<usize>,
}

impl Binding {
    /// The binding of an action in the table.
    fn of(action: &Action, context: KeyContext) -> Self {
        let rank = |key: &str| match () {
            () if action.fixed.contains(&context) => Rank::Fixed,
            () if action.newer || !action.keys.contains(&key) => Rank::Newer,
            () => Rank::Given,
        };
        let keys = action.keys_in(context).iter();
        let keys = keys.filter_map(|key| Some((Chord::parse(key)?, rank(key)))).collect();
        Self { act: action.act, context, keys, change: None }
    }

    fn has(&self, key: Chord) -> bool {
        self.keys.iter().any(|(k, _)| *k == key)
    }
}

/// Every key and what it does in each context.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
    acts: HashMap<(KeyContext, Chord), Act>,
}

impl Default for Keymap {
    fn default() -> Self {
        let all = ACTIONS.iter().flat_map(|a| a.contexts.iter().map(|c| Binding::of(a, *c)));
        let mut map = Self { bindings: all.collect(), acts: HashMap::new() };
        map.index();
        map
    }
}

impl Keymap {
    /// The preset, with these actions given other keys: all their old ones go.
    ///
    /// # Errors
    /// The first that can't be: no such preset, action, context or key, or a key that means something
    /// else there.
    pub fn new(preset: Option<&str>, changes: &[KeyChange<'_>]) -> Result<Self, KeyFault> {
        if let Some(name) = preset.filter(|name| !PRESETS.contains(name)) {
            let why = format!("no preset '{name}'; there is: {}", PRESETS.join(", "));
            return Err(KeyFault { change: None, why });
        }
        let mut map = Self::default();
        // What is said of one context goes before what is said of all.
        let is_narrow = |change: &KeyChange<'_>| change.context.is_some_and(|c| c != GLOBAL);
        for narrow in [false, true] {
            for (at, change) in changes.iter().enumerate() {
                if is_narrow(change) == narrow {
                    map.change(at, change).map_err(|why| KeyFault { change: Some(at), why })?;
                }
            }
        }
        map.yield_or_clash()?;
        map.check_ways_out(changes)?;
        map.index();
        Ok(map)
    }

    fn change(&mut self, at: usize, change: &KeyChange<'_>) -> Result<(), String> {
        let id = change.action;
        let action = ACTIONS
            .iter()
            .find(|a| a.id == id)
            .ok_or_else(|| format!("no action '{id}'; 'skep help keys' and : name them all"))?;
        let mut chords = Vec::new();
        for key in change.keys {
            chords.push(Chord::parse(key).ok_or_else(|| {
                format!("'{key}' is no key: write s, G, Ctrl-x, Alt-l, F5, Space, PgDn, …")
            })?);
        }
        let only = match change.context.filter(|c| *c != GLOBAL) {
            None => None,
            Some(name) => Some(context_of(name, action)?),
        };
        for binding in &mut self.bindings {
            let context = binding.context;
            if binding.act != action.act || only.is_some_and(|only| only != context) {
                continue;
            }
            let text = chords.iter().find(|key| context.is_typed() && key.is_text());
            if let Some(key) = text.filter(|_| only.is_some()) {
                return Err(format!(
                    "{key} is text {}: write Ctrl-x, Alt-x or F5",
                    context.place()
                ));
            }
            let taken = chords.iter().find_map(|key| Some((key, fixed_in(context, *key)?)));
            if let Some((key, other)) = taken.filter(|_| only.is_some()) {
                let place = context.place();
                return Err(format!(
                    "{key} would do two things {place}, {id} and {}, which has no other",
                    other.id
                ));
            }
            if action.fixed.contains(&context) || text.is_some() {
                continue;
            }
            binding.keys = chords.iter().map(|key| (*key, Rank::Given)).collect();
            binding.change = Some(at);
        }
        Ok(())
    }

    /// Drops the weaker one of two meanings of a key in a context; two equal ones are an error.
    fn yield_or_clash(&mut self) -> Result<(), KeyFault> {
        let mut ranks: HashMap<(KeyContext, Chord), Rank> = HashMap::new();
        for binding in &self.bindings {
            for (key, rank) in &binding.keys {
                let best = ranks.entry((binding.context, *key)).or_insert(*rank);
                *best = (*best).max(*rank);
            }
        }
        for binding in &mut self.bindings {
            let context = binding.context;
            binding.keys.retain(|(key, rank)| ranks[&(context, *key)] == *rank);
        }
        for (at, one) in self.bindings.iter().enumerate() {
            for other in &self.bindings[..at] {
                let is_there = one.context == other.context && one.act != other.act;
                let key = one.keys.iter().map(|(key, _)| *key).find(|key| other.has(*key));
                let Some(key) = key.filter(|_| is_there) else { continue };
                // Named is what the user changed, not what was there.
                let (mine, theirs) =
                    if one.change >= other.change { (one, other) } else { (other, one) };
                let (id, place) = (action(theirs.act).id, mine.context.place());
                return Err(KeyFault {
                    change: mine.change,
                    why: format!(
                        "{key} would do two things {place}, {} and {id}: give {id} another key too, \
                         as in {id} = []",
                        action(mine.act).id
                    ),
                });
            }
        }
        Ok(())
    }

    /// Nobody is to be caught.
    fn check_ways_out(&self, changes: &[KeyChange<'_>]) -> Result<(), KeyFault> {
        for act in [Act::Quit, Act::Back] {
            let shut = self.bindings.iter().find(|b| b.act == act && b.keys.is_empty());
            if let Some(shut) = shut {
                let id = action(act).id;
                return Err(KeyFault {
                    change: changes.iter().rposition(|change| change.action == id),
                    why: format!("{id} needs a key {}", shut.context.place()),
                });
            }
        }
        Ok(())
    }

    fn index(&mut self) {
        let keys = |b: &Binding| {
            let (act, context) = (b.act, b.context);
            b.keys.iter().map(move |(key, _)| ((context, *key), act)).collect::<Vec<_>>()
        };
        self.acts = self.bindings.iter().flat_map(keys).collect();
    }

    /// A key as it is written in the table or the config, as the terminal sends it.
    pub fn press(written: &str) -> Option<KeyEvent> {
        Some(Chord::parse(written)?.event())
    }

    /// The action of a key in a context.
    pub fn of(&self, context: KeyContext, key: &KeyEvent) -> Option<&'static Action> {
        // Shift is in the letter itself.
        self.acts.get(&(context, Chord::of(key))).map(|act| action(*act))
    }

    /// The action of a key in other views, for a key without one in this view.
    pub(in crate::ui) fn elsewhere(&self, key: &KeyEvent) -> Option<&'static Action> {
        VIEWS.iter().find_map(|context| self.of(*context, key))
    }

    /// The first key of an action in a context, as it is written.
    pub fn first(&self, act: Act, context: KeyContext) -> Option<String> {
        self.chords(act, context).next().map(|key| key.to_string())
    }

    /// The keys of an action in a context, or how else to get it.
    pub fn shown(&self, action: &Action, context: KeyContext) -> String {
        let keys = self.keys(action.act, context);
        if keys.is_empty() { format!(":{}", action.id) } else { keys }
    }

    /// The same, or nothing.
    pub fn keys(&self, act: Act, context: KeyContext) -> String {
        let keys: Vec<String> = self.chords(act, context).map(|key| key.to_string()).collect();
        keys.join(" ")
    }

    fn chords(&self, act: Act, context: KeyContext) -> impl Iterator<Item = Chord> {
        let of = self.bindings.iter().find(|b| b.act == act && b.context == context);
        of.into_iter().flat_map(|binding| &binding.keys).map(|(key, _)| *key)
    }
}

/// The action that has this key for good in a context.
fn fixed_in(context: KeyContext, key: Chord) -> Option<&'static Action> {
    let here = ACTIONS.iter().filter(|a| a.fixed.contains(&context));
    here.into_iter().find(|a| Binding::of(a, context).has(key))
}

/// The context of this name, if the action can be given keys in it.
fn context_of(name: &str, action: &Action) -> Result<KeyContext, String> {
    let ids = |contexts: &[KeyContext]| {
        let ids: Vec<&str> = contexts.iter().map(|c| c.id()).collect();
        ids.join(", ")
    };
    let found = KeyContext::ALL.into_iter().find(|c| c.id() == name).ok_or_else(|| {
        format!("no context '{name}'; there are: {GLOBAL}, {}", ids(&KeyContext::ALL))
    })?;
    if !action.contexts.contains(&found) {
        let has = ids(action.contexts);
        return Err(format!("{} does nothing {}; it has: {has}", action.id, found.place()));
    }
    if action.fixed.contains(&found) {
        return Err(format!("the key of {} can't be changed {}", action.id, found.place()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    /// `id` or `context.id`, and its keys.
    fn with(changes: &[(&str, &[&str])]) -> Result<Keymap, KeyFault> {
        let keys: Vec<Vec<String>> = changes
            .iter()
            .map(|(_, keys)| keys.iter().map(ToString::to_string).collect())
            .collect();
        let changes: Vec<KeyChange<'_>> = changes
            .iter()
            .zip(&keys)
            .map(|((name, _), keys)| {
                let (context, action) = match name.split_once('.') {
                    Some((context, id)) => (Some(context), id),
                    None => (None, *name),
                };
                KeyChange { context, action, keys }
            })
            .collect();
        Keymap::new(None, &changes)
    }

    fn press(map: &Keymap, context: KeyContext, written: &str) -> Option<Act> {
        map.of(context, &Keymap::press(written).unwrap()).map(|a| a.act)
    }

    #[test]
    fn keys_are_told_apart() {
        let map = Keymap::default();
        let of = |code, modifiers| {
            map.of(KeyContext::Table, &KeyEvent::new(code, modifiers)).map(|a| a.act)
        };
        let none = KeyModifiers::NONE;
        assert_eq!(of(KeyCode::Char('d'), none), Some(Act::Describe));
        assert_eq!(of(KeyCode::Char('d'), KeyModifiers::CONTROL), Some(Act::HalfDown));
        assert_eq!(of(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Act::Bottom));
        assert_eq!(of(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Act::PreviousPane));
        assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Act::Quit));
        assert_eq!(of(KeyCode::Char('d'), KeyModifiers::ALT), None);
    }

    #[test]
    fn a_key_means_what_its_context_says() {
        let map = Keymap::default();
        for (key, in_table, in_log) in [
            ("f", Act::Force, Some(Act::PageDown)),
            ("b", Act::Blast, Some(Act::PageUp)),
            ("d", Act::Describe, Some(Act::HalfDown)),
            ("u", Act::Update, Some(Act::HalfUp)),
            ("t", Act::Labels, Some(Act::Times)),
            ("e", Act::Edit, Some(Act::NextError)),
            ("s", Act::Scale, None),
            ("G", Act::Bottom, Some(Act::Bottom)),
        ] {
            assert_eq!(press(&map, KeyContext::Table, key), Some(in_table), "{key}");
            assert_eq!(press(&map, KeyContext::Log, key), in_log, "{key}");
        }
        assert_eq!(press(&map, KeyContext::Log, "F"), Some(Act::Bottom));
        assert_eq!(press(&map, KeyContext::Plan, "y"), Some(Act::CarryOut));
        assert_eq!(press(&map, KeyContext::Page, "q"), Some(Act::Back));
    }

    #[test]
    fn every_key_of_the_table_is_one_and_is_written_as_it_is_read() {
        let map = Keymap::default();
        for action in ACTIONS.iter() {
            for context in action.contexts {
                let keys = action.keys_in(*context);
                for key in keys {
                    assert_eq!(Chord::parse(key).map(|c| c.to_string()).as_deref(), Some(*key));
                }
                assert_eq!(map.chords(action.act, *context).count(), keys.len(), "{}", action.id);
            }
        }
    }

    #[test]
    fn the_user_may_give_any_action_any_keys() {
        let map = with(&[("scale", &["F5", "Alt-s"]), ("dismiss", &["s"])]).unwrap();
        for context in [KeyContext::Table, KeyContext::Problems, KeyContext::Page] {
            assert_eq!(press(&map, context, "F5"), Some(Act::Scale));
            assert_eq!(press(&map, context, "Alt-s"), Some(Act::Scale));
        }
        assert_eq!(press(&map, KeyContext::Table, "s"), Some(Act::Dismiss));
        assert_eq!(press(&map, KeyContext::Table, "x"), None);
        assert_eq!(map.shown(action(Act::Scale), KeyContext::Table), "F5 Alt-s");
        let map = with(&[("force", &[])]).unwrap();
        assert_eq!(map.shown(action(Act::Force), KeyContext::Table), ":force");
    }

    #[test]
    fn keys_may_be_given_in_one_context() {
        let map =
            with(&[("log.wrap", &["F2"]), ("log.pause", &[]), ("log.times", &["p"])]).unwrap();
        assert_eq!(press(&map, KeyContext::Log, "F2"), Some(Act::Wrap));
        assert_eq!(press(&map, KeyContext::Log, "p"), Some(Act::Times));
        assert_eq!(press(&map, KeyContext::Table, "p"), Some(Act::Pause), "as it was");
        // What is said of one goes before what is said of all, whichever stands first.
        let map = with(&[("log.down", &["J"]), ("down", &["F3"]), ("global.up", &["F4"])]).unwrap();
        assert_eq!(press(&map, KeyContext::Log, "J"), Some(Act::Down));
        assert_eq!(press(&map, KeyContext::Log, "F3"), None);
        assert_eq!(press(&map, KeyContext::Events, "F3"), Some(Act::Down));
        assert_eq!(press(&map, KeyContext::Plan, "F4"), Some(Act::Up));
    }

    /// Keys that came after a config file was written take nothing from it.
    #[test]
    fn newer_keys_yield_to_those_a_config_gives() {
        let map = with(&[("pause", &["f"]), ("force", &[]), ("drain", &["t"]), ("times", &["F2"])]);
        let map = map.unwrap();
        assert_eq!(press(&map, KeyContext::Log, "f"), Some(Act::Pause));
        assert_eq!(press(&map, KeyContext::Log, "PgDn"), Some(Act::PageDown));
        assert_eq!(press(&map, KeyContext::Table, "t"), Some(Act::Drain));
        assert_eq!(map.shown(action(Act::Labels), KeyContext::Table), ":labels");
        let map = with(&[("labels", &["Ctrl-l"])]).unwrap();
        assert_eq!(press(&map, KeyContext::Table, "Ctrl-l"), Some(Act::Labels));
        assert_eq!(press(&map, KeyContext::Log, "Ctrl-l"), Some(Act::Redraw));
    }

    /// Only `y` carries a plan out, Esc leaves it, and what is typed is text.
    #[test]
    fn some_keys_can_not_be_changed() {
        let map = with(&[("down", &["y", "Esc"]), ("yaml", &[]), ("back", &["F9"])]).unwrap();
        assert_eq!(press(&map, KeyContext::Plan, "y"), Some(Act::CarryOut));
        assert_eq!(press(&map, KeyContext::Plan, "Esc"), Some(Act::Back));
        assert_eq!(press(&map, KeyContext::Table, "y"), Some(Act::Down));
        assert_eq!(press(&map, KeyContext::Table, "F9"), Some(Act::Back));
        let map = with(&[("edit", &["E"])]).unwrap();
        assert_eq!(press(&map, KeyContext::Table, "E"), Some(Act::Edit));
        assert_eq!(press(&map, KeyContext::Prompt, "E"), None);
        assert_eq!(press(&map, KeyContext::Prompt, "Ctrl-e"), Some(Act::Edit));
    }

    #[test]
    fn what_can_not_be_is_said() {
        let fault = |changes: &[(&str, &[&str])]| with(changes).unwrap_err();
        let two = fault(&[("pause", &["F1"]), ("scale", &["u"])]);
        assert_eq!(two.change, Some(1));
        assert!(
            two.why.contains("u would do two things in a table, scale and update"),
            "{}",
            two.why
        );
        let two = fault(&[("quit", &["s"])]);
        assert!(two.why.contains("quit and scale"), "{}", two.why);
        let two = fault(&[("log.wrap", &["p"])]);
        assert!(two.why.contains("two things in a log, wrap and pause"), "{}", two.why);
        let two = fault(&[("log.wrap", &["F6"]), ("log.times", &["F6"])]);
        assert!(two.why.contains("times and wrap") && two.change == Some(1), "{}", two.why);
        for (changes, says) in [
            (("scael", "u"), "no action 'scael'; 'skep help keys'"),
            (("scale", "Hyper-x"), "'Hyper-x' is no key"),
            (("lgo.scale", "u"), "no context 'lgo'; there are: global, table, "),
            (("log.scale", "F2"), "scale does nothing in a log; it has: table, "),
            (("wall.drain", "F2"), "drain does nothing on the wall"),
            (("plan.carry-out", "F2"), "the key of carry-out can't be changed in a plan"),
            (("editor.show-plan", "s"), "s is text in the editor"),
            (("plan.down", "y"), "y would do two things in a plan, down and carry-out"),
        ] {
            let fault = fault(&[(changes.0, &[changes.1])]);
            assert!(fault.why.contains(says) && fault.change == Some(0), "{}", fault.why);
        }
        assert!(fault(&[("quit", &[])]).why.contains("quit needs a key"));
        assert!(fault(&[("log.quit", &[])]).why.contains("quit needs a key in a log"));
        assert!(Keymap::new(Some("default"), &[]).is_ok());
        let fault = Keymap::new(Some("vim"), &[]).unwrap_err();
        assert_eq!((fault.change, &*fault.why), (None, "no preset 'vim'; there is: default"));
    }
}
