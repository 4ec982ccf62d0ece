//! Which key does what: the table of actions, as the user's config changes it.

use std::{collections::HashMap, fmt};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::actions::{ACTIONS, Act, Action};

/// A key as it is written: `s`, `G`, `Ctrl-x`, `Alt-l`, `F5`, `Space`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Chord {
    ctrl: bool,
    alt: bool,
    code: KeyCode,
}

/// Keys that have names, the first of which is shown.
const NAMED: [(&str, KeyCode); 18] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
];

impl Chord {
    fn parse(text: &str) -> Option<Self> {
        let mut chord = Self { ctrl: false, alt: false, code: KeyCode::Null };
        let mut rest = text;
        loop {
            if let Some(after) = rest.strip_prefix("Ctrl-").filter(|r| !r.is_empty()) {
                (chord.ctrl, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("Alt-").filter(|r| !r.is_empty()) {
                (chord.alt, rest) = (true, after);
            } else {
                break;
            }
        }
        let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest));
        let function = rest.strip_prefix('F').and_then(|n| n.parse().ok());
        let mut chars = rest.chars();
        chord.code = match (named, function, chars.next(), chars.next()) {
            (Some((_, code)), ..) => *code,
            (_, Some(n @ 1..=12), ..) => KeyCode::F(n),
            (_, _, Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => return None,
        };
        Some(chord)
    }

    fn of(key: &KeyEvent) -> Self {
        let has = |modifier| key.modifiers.contains(modifier);
        Self { ctrl: has(KeyModifiers::CONTROL), alt: has(KeyModifiers::ALT), code: key.code }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (is, name) in [(self.ctrl, "Ctrl-"), (self.alt, "Alt-")] {
            f.write_str(if is { name } else { "" })?;
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, other) => write!(f, "{other}"),
        }
    }
}

/// What is wrong with a change of the keys.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyFault {
    /// The action it was for.
    pub id: String,
    /// In words.
    pub why: String,
}

/// Every key and what it does.
#[derive(Clone, Debug)]
pub struct Keymap {
    keys: Vec<(Act, Vec<Chord>)>,
    acts: HashMap<Chord, Act>,
}

impl Default for Keymap {
    fn default() -> Self {
        let chords = |a: &Action| a.keys.iter().filter_map(|key| Chord::parse(key)).collect();
        let mut map = Self {
            keys: ACTIONS.iter().map(|a| (a.act, chords(a))).collect(),
            acts: HashMap::new(),
        };
        map.acts =
            map.keys.iter().flat_map(|(act, keys)| keys.iter().map(|key| (*key, *act))).collect();
        map
    }
}

impl Keymap {
    /// The table with these actions given other keys: all their old ones go.
    ///
    /// # Errors
    /// The first that can't be: no such action, no such key, or a key that means something else.
    pub fn new<'a>(
        changes: impl IntoIterator<Item = (&'a str, &'a [String])>,
    ) -> Result<Self, KeyFault> {
        let mut map = Self::default();
        let mut changed = Vec::new();
        for (id, keys) in changes {
            let fault = |why: String| KeyFault { id: id.to_owned(), why };
            let at = ACTIONS.iter().position(|a| a.id == id).ok_or_else(|| {
                fault(format!("no action '{id}'; ? and the README name them all"))
            })?;
            let mut chords = Vec::new();
            for key in keys {
                chords.push(Chord::parse(key).ok_or_else(|| {
                    fault(format!(
                        "'{key}' is no key: write s, G, Ctrl-x, Alt-l, F5, Space, PgDn, …"
                    ))
                })?);
            }
            map.keys[at].1 = chords;
            changed.push(at);
        }
        map.acts.clear();
        for (at, (act, keys)) in map.keys.iter().enumerate() {
            for key in keys {
                let Some(other) = map.acts.insert(*key, *act).filter(|other| other != act) else {
                    continue;
                };
                // Named is what the user changed, not what was there.
                let other = ACTIONS.iter().position(|a| a.act == other).unwrap_or(0);
                let (mine, theirs) = if changed.contains(&at) { (at, other) } else { (other, at) };
                let (mine, theirs) = (ACTIONS[mine].id, ACTIONS[theirs].id);
                return Err(KeyFault {
                    id: mine.to_owned(),
                    why: format!(
                        "{key} would do two things, {mine} and {theirs}: give {theirs} another key \
                         too, as in {theirs} = []"
                    ),
                });
            }
        }
        for act in [Act::Quit, Act::Back] {
            if map.first(act).is_none() {
                let id = super::actions::action(act).id.to_owned();
                return Err(KeyFault { why: format!("{id} needs a key"), id });
            }
        }
        Ok(map)
    }

    /// A key as it is written in the table or the config, as the terminal sends it.
    pub fn press(written: &str) -> Option<KeyEvent> {
        let Chord { ctrl, alt, code } = Chord::parse(written)?;
        let held = |is, key| if is { key } else { KeyModifiers::NONE };
        let modifiers = held(ctrl, KeyModifiers::CONTROL) | held(alt, KeyModifiers::ALT);
        Some(KeyEvent::new(code, modifiers))
    }

    /// The action of a key.
    pub fn of(&self, key: &KeyEvent) -> Option<&'static Action> {
        // Shift is in the letter itself.
        self.acts.get(&Chord::of(key)).map(|act| super::actions::action(*act))
    }

    /// The first key of an action, as it is written.
    pub fn first(&self, act: Act) -> Option<String> {
        self.chords(act).first().map(ToString::to_string)
    }

    /// The keys of an action, or how else to get it.
    pub fn shown(&self, action: &Action) -> String {
        let keys = self.keys(action.act);
        if keys.is_empty() { format!(":{}", action.id) } else { keys }
    }

    /// The same, or nothing.
    pub fn keys(&self, act: Act) -> String {
        self.chords(act).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    fn chords(&self, act: Act) -> &[Chord] {
        self.keys.iter().find(|(a, _)| *a == act).map_or(&[], |(_, keys)| keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(&str, &[&str])]) -> Result<Keymap, KeyFault> {
        let owned: Vec<(&str, Vec<String>)> = changes
            .iter()
            .map(|(id, keys)| (*id, keys.iter().map(ToString::to_string).collect()))
            .collect();
        Keymap::new(owned.iter().map(|(id, keys)| (*id, &**keys)))
    }

    fn press(map: &Keymap, code: KeyCode, modifiers: KeyModifiers) -> Option<Act> {
        map.of(&KeyEvent::new(code, modifiers)).map(|a| a.act)
    }

    #[test]
    fn keys_are_told_apart() {
        let map = Keymap::default();
        let none = KeyModifiers::NONE;
        assert_eq!(press(&map, KeyCode::Char('d'), none), Some(Act::Describe));
        assert_eq!(press(&map, KeyCode::Char('d'), KeyModifiers::CONTROL), Some(Act::HalfDown));
        assert_eq!(press(&map, KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Act::Bottom));
        assert_eq!(press(&map, KeyCode::BackTab, KeyModifiers::SHIFT), Some(Act::PreviousPane));
        assert_eq!(press(&map, KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Act::Quit));
        assert_eq!(press(&map, KeyCode::Char('d'), KeyModifiers::ALT), None);
    }

    #[test]
    fn every_key_of_the_table_is_one_and_is_written_as_it_is_read() {
        for action in ACTIONS {
            for key in action.keys {
                assert_eq!(Chord::parse(key).map(|c| c.to_string()).as_deref(), Some(*key));
            }
            let map = Keymap::default();
            assert_eq!(map.chords(action.act).len(), action.keys.len(), "{}", action.id);
        }
    }

    #[test]
    fn the_user_may_give_any_action_any_keys() {
        let none = KeyModifiers::NONE;
        let map = with(&[("scale", &["F5", "Alt-s"]), ("dismiss", &["s"])]).unwrap();
        assert_eq!(press(&map, KeyCode::F(5), none), Some(Act::Scale));
        assert_eq!(press(&map, KeyCode::Char('s'), KeyModifiers::ALT), Some(Act::Scale));
        assert_eq!(press(&map, KeyCode::Char('s'), none), Some(Act::Dismiss));
        assert_eq!(press(&map, KeyCode::Char('x'), none), None);
        assert_eq!(map.shown(super::super::actions::action(Act::Scale)), "F5 Alt-s");
        let map = with(&[("force", &[])]).unwrap();
        assert_eq!(map.shown(super::super::actions::action(Act::Force)), ":force");
    }

    #[test]
    fn what_can_not_be_is_said() {
        let fault = |changes| with(changes).unwrap_err();
        let two = fault(&[("scale", &["u"])]);
        assert_eq!(two.id, "scale");
        assert!(two.why.contains("scale and update"), "{}", two.why);
        let two = fault(&[("quit", &["s"])]);
        assert!(two.id == "quit" && two.why.contains("quit and scale"), "{}", two.why);
        assert!(fault(&[("scael", &["u"])]).why.contains("no action 'scael'"));
        assert!(fault(&[("scale", &["Hyper-x"])]).why.contains("'Hyper-x' is no key"));
        assert!(fault(&[("quit", &[])]).why.contains("quit needs a key"));
    }
}
