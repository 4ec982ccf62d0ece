//! `skep help TOPIC`: reference text, readable on a manager without a network in 80 columns. It comes
//! from the tables that the program itself uses.

mod config;
mod connect;
mod costs;
mod exit_codes;
mod flags;
mod keys;
mod layout;
mod logs;
mod nodes;
mod rules;
mod security;
mod shell;
mod stacks;
mod wall;

use self::layout::HelpText;
pub use self::{costs::COSTS, keys::key_rows, rules::rule_rows};

/// A topic of `skep help`.
pub struct Topic {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its summary.
    pub about: &'static str,
    /// Writes it.
    text: fn(&mut HelpText),
}

/// Every topic.
pub const TOPICS: &[Topic] = &[
    Topic {
        name: "keys",
        about: "every key in every context, the ids of actions, and how to change keys",
        text: keys::text,
    },
    Topic {
        name: "rules",
        about: "every problem that is found, with its severity and meaning",
        text: rules::text,
    },
    Topic {
        name: "connect",
        about: "endpoints, ssh, TLS, several managers and several Swarms",
        text: connect::text,
    },
    Topic {
        name: "nodes",
        about: "the engines of all nodes: how each is reached, and what is read of it",
        text: nodes::text,
    },
    Topic {
        name: "logs",
        about: "logs of services, stacks, nodes and dead tasks, on the screen and in pipes",
        text: logs::text,
    },
    Topic {
        name: "shell",
        about: "a shell or a command in a task's container, on the screen and in scripts",
        text: shell::text,
    },
    Topic {
        name: "stacks",
        about: "what a deploy of compose files would change, and deploys that write only that",
        text: stacks::text,
    },
    Topic {
        name: "wall",
        about: "the read-only screen for months: pages, bell, a command at new findings",
        text: wall::text,
    },
    Topic {
        name: "config",
        about: "every setting, themes, and the files skep keeps",
        text: config::text,
    },
    Topic {
        name: "security",
        about: "what skep can send, what it hides, what it never does",
        text: security::text,
    },
    Topic {
        name: "costs",
        about: "what skep costs a manager, the link and this machine, as measured",
        text: costs::text,
    },
    Topic {
        name: "flags",
        about: "every flag and every command with its flags",
        text: flags::text,
    },
    Topic {
        name: "exit-codes",
        about: "what each command's exit code means",
        text: exit_codes::text,
    },
];

/// The text of a topic, or the list of topics; none if there is no such topic.
pub fn help(name: Option<&str>) -> Option<String> {
    let mut text = HelpText::default();
    let Some(name) = name else {
        text.paragraph("Topics of 'skep help TOPIC':");
        for topic in TOPICS {
            text.entry(topic.name, 12, topic.about);
        }
        text.paragraph("On the screen ? shows the keys that mean something there.");
        return Some(text.into_string());
    };
    let topic = TOPICS.iter().find(|topic| topic.name == name)?;
    (topic.text)(&mut text);
    Some(text.into_string())
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_topic_fits_80_columns() {
        for name in TOPICS.iter().map(|topic| Some(topic.name)).chain([None]) {
            let text = help(name).unwrap();
            assert!(text.lines().count() > 8 && text.ends_with('\n'), "{name:?}");
            for line in text.lines() {
                assert!(line.width() <= 80, "{name:?}: {line}");
                assert_eq!(line, line.trim_end(), "{name:?}");
            }
        }
        assert_eq!(help(Some("nothing")), None);
    }
}
