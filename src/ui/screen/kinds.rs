//! The kinds of screens: a line each. Their names, keys and aliases, the tabs, `--view`, the help and the
//! README's table come from these lines; the screens themselves are made from them in
//! [`super::registry`].

use crate::ui::input::actions::Act;

/// Hands the list of all kinds to another macro.
macro_rules! kinds {
    ($to:ident) => {
        $to! {
            Services: services, "Services", ["svc", "service"], ["2"];
            Nodes: nodes, "Nodes", ["no", "node"], ["3"];
            Tasks: tasks, "Tasks", ["po", "task"], ["4"];
            Events: events, "Events", ["ev", "event"], ["5"];
            Logs: logs, "Logs", ["log"], ["6"];
            Problems: problems, "Problems", ["pb", "problem"], ["7"];
            Stacks: stacks, "Stacks", ["stk", "stack"], ["9"];
            Networks: networks, "Networks", ["net", "network"], [];
            Secrets: secrets, "Secrets", ["sec", "secret"], [];
            Configs: configs, "Configs", ["cfg", "cm", "config"], [];
            Volumes: volumes, "Volumes", ["vol", "volume"], [];
            Containers: containers, "Containers", ["co", "container"], [];
            All: all, "All kinds", ["kinds"], ["0"];
            #[cfg(test)]
            Fixture: fixture, "Fixture", ["fx"], ["F12"];
        }
    };
}

pub(in crate::ui) use kinds;

/// Hands the list of the screens of all clusters together to another macro.
macro_rules! together {
    ($to:ident) => {
        $to! {
            Clusters: clusters, "Clusters", [];
            Wall: wall, "Wall", [];
        }
    };
}

pub(in crate::ui) use together;

/// Names and keys of a kind of screen.
#[derive(Debug)]
pub struct ScreenKind {
    /// Its name in the palette, in `--view` and in the config file.
    pub id: &'static str,
    /// Its name on the screen.
    pub name: &'static str,
    /// Other names in the palette and in `--view`: k9s' where it has one.
    pub aliases: &'static [&'static str],
    /// The keys that open it.
    pub keys: &'static [&'static str],
}

macro_rules! views {
    ($($(#[$when:meta])* $view:ident: $id:ident, $name:literal, $aliases:tt, $keys:tt;)*) => {
        /// A full-size screen, or the Overview of several.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum View {
            /// Panes of everything.
            Overview,
            $(
                #[doc = concat!($name, ".")]
                $(#[$when])*
                $view,
            )*
        }

        impl View {
            /// All, in the order of their keys.
            pub const ALL: &'static [Self] = &[Self::Overview, $($(#[$when])* Self::$view),*];

            /// Its names and keys.
            pub const fn kind(self) -> &'static ScreenKind {
                match self {
                    Self::Overview => {
                        &ScreenKind { id: "overview", name: "Overview", aliases: &["ov"], keys: &["1"] }
                    }
                    $($(#[$when])* Self::$view => &ScreenKind {
                        id: stringify!($id),
                        name: $name,
                        aliases: &$aliases,
                        keys: &$keys,
                    },)*
                }
            }
        }
    };
}

kinds!(views);

macro_rules! all_together {
    ($($over:ident: $id:ident, $name:literal, $aliases:tt;)*) => {
        /// A screen of all clusters together, which lies over those of each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::ui) enum TogetherView {
            $(
                #[doc = concat!($name, ".")]
                $over,
            )*
        }

        impl TogetherView {
            /// Its name on the screen.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$over => $name,)*
                }
            }

            /// Other names in the palette: k9s' where it has one.
            pub fn aliases(self) -> &'static [&'static str] {
                match self {
                    $(Self::$over => &$aliases,)*
                }
            }

            /// The action that opens it.
            pub fn act(self) -> Act {
                match self {
                    $(Self::$over => Act::$over,)*
                }
            }

            /// The screen of an alias.
            pub fn named(alias: &str) -> Option<Self> {
                [$(Self::$over),*].into_iter().find(|over| over.aliases().contains(&alias))
            }
        }
    };
}

together!(all_together);

impl View {
    /// Its name on the screen.
    pub fn name(self) -> &'static str {
        self.kind().name
    }

    /// The view of a name or an alias, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let is_so = |called: &str| called.eq_ignore_ascii_case(name);
        Self::ALL.iter().copied().find(|view| {
            is_so(view.kind().id) || view.kind().aliases.iter().any(|alias| is_so(alias))
        })
    }
}
