//! The screens: a file or a folder each, with their state, rows, keys and drawing. They are listed in
//! [`kinds`], and nowhere else.

pub(in crate::ui) mod all;
pub(in crate::ui) mod below;
pub(in crate::ui) mod clusters;
pub(in crate::ui) mod configs;
pub(in crate::ui) mod containers;
pub(in crate::ui) mod events;
#[cfg(test)]
pub(in crate::ui) mod fixture;
pub(in crate::ui) mod given;
pub(in crate::ui) mod kinds;
pub(in crate::ui) mod list;
pub(in crate::ui) mod logs;
pub(in crate::ui) mod navigate;
pub(in crate::ui) mod networks;
pub(in crate::ui) mod nodes;
pub(in crate::ui) mod open;
pub(in crate::ui) mod overview;
pub(in crate::ui) mod problems;
pub(in crate::ui) mod registry;
pub(in crate::ui) mod secrets;
pub(in crate::ui) mod services;
pub(in crate::ui) mod stacks;
pub(in crate::ui) mod tasks;
pub(in crate::ui) mod volumes;
pub(in crate::ui) mod wall;

use ratatui::{Frame, layout::Rect};

use crate::{
    cluster::{ServiceId, Subject},
    grant::ClusterNo,
    ui::{
        app::{Effect, cluster::Cluster},
        input::actions::{Act, KeyContext},
        screen::kinds::View,
        table::rows::{Moving, Rows},
    },
};

/// The context of a screen: the clusters, and its own place.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Cx<'a> {
    /// All clusters, also those that are not open.
    pub all: &'a [Cluster],
    /// The one that is shown.
    pub cluster: &'a Cluster,
    /// It has the keyboard.
    pub focused: bool,
    /// It has the whole body, not a pane of the Overview.
    pub full: bool,
    /// The object that leads beside it on the Overview, whose tasks are shown.
    pub leader: Option<&'a Subject>,
    /// The screen that shares its place on the Overview.
    pub behind: Option<&'static str>,
}

impl<'a> Cx<'a> {
    /// The context of a screen that has all of the body.
    pub fn new(all: &'a [Cluster], at: usize) -> Self {
        let cluster = &all[at];
        Self { all, cluster, focused: true, full: true, leader: None, behind: None }
    }

    /// The clusters that are open.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = &'a Cluster> + Clone + use<'a> {
        self.all.iter().filter(|cluster| cluster.is_open)
    }
}

/// Number of the objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Count {
    /// It has none that are counted.
    Uncounted,
    /// They are not listed.
    Unknown,
    /// So many.
    Of(usize),
}

impl Count {
    /// The number, if it is known.
    pub fn known(is_known: bool, number: usize) -> Self {
        if is_known { Self::Of(number) } else { Self::Unknown }
    }
}

/// Result of an action on a screen.
pub(in crate::ui) enum Handled {
    /// It is none of its own.
    No,
    /// It is done.
    Yes,
    /// The rest is not the screen's own.
    Then(Then),
}

/// Consequence of an action outside of its screen.
pub(in crate::ui) enum Then {
    /// The log of all services that have problems.
    LogsOfProblems,
    /// Another screen.
    Go(View),
    /// A text that stands out is typed, prefilled with this.
    AskHighlight(String),
    /// A cluster, and what is shown of this object there.
    Open(ClusterNo, Option<Subject>),
}

/// A screen: of one cluster, or of all together.
pub(in crate::ui) trait Screen {
    /// Where its keys are looked up.
    fn context(&self) -> KeyContext {
        KeyContext::Table
    }

    /// Builds its rows anew if what they are built from changed.
    fn refresh(&mut self, cx: Cx<'_>);

    /// Time passes while it is shown. Returns what is to be done outside.
    fn tick(&mut self, _cx: Cx<'_>) -> Vec<Effect> {
        Vec::new()
    }

    /// Builds its rows anew with the next refresh, whatever changed.
    fn stale(&mut self) {}

    /// Whether it has the whole terminal, without header and footer.
    fn is_whole(&self) -> bool {
        false
    }

    /// Whether it is drawn again for news of any cluster; else time draws it.
    fn draws_news(&self) -> bool {
        true
    }

    /// Its keys in the footer; `None` for those that the table of actions marks.
    fn footer(&self) -> Option<&'static [(Act, &'static str)]> {
        None
    }

    /// Draws it.
    fn draw(&self, cx: Cx<'_>, frame: &mut Frame<'_>, area: Rect);

    /// Its list, if there is one.
    fn rows(&self) -> Option<&dyn Rows>;

    /// Its list, to be changed.
    fn rows_mut(&mut self) -> Option<&mut dyn Rows>;

    /// The part that the keys of moving move.
    fn moved(&mut self) -> Option<&mut dyn Moving> {
        self.rows_mut().map(|rows| rows as &mut dyn Moving)
    }

    /// The object under the cursor.
    fn subject(&self, cluster: &Cluster) -> Option<Subject>;

    /// Puts the cursor on an object, which may be listed only with the next refresh.
    fn select(&mut self, _subject: &Subject, _cluster: &Cluster) {}

    /// The objects that an action is for: those marked, or the one under the cursor.
    fn chosen(&self, cluster: &Cluster) -> Vec<Subject> {
        self.subject(cluster).into_iter().collect()
    }

    /// Number of its objects.
    fn count(&self, _cluster: &Cluster) -> Count {
        Count::Uncounted
    }

    /// Services that the session keeps fresh for it.
    fn interest(&self, _cx: Cx<'_>, _wanted: &mut Vec<ServiceId>) {}

    /// Carries out an action of its own.
    fn act(&mut self, _act: Act, _cluster: &mut Cluster) -> Handled {
        Handled::No
    }

    /// Whether an action of its own would do something; `None` if it is none of its own.
    fn offers(&self, _act: Act, _cluster: &Cluster) -> Option<bool> {
        None
    }

    /// Whether it follows what comes, if anything comes.
    fn follows(&self) -> bool {
        true
    }

    /// Gives up the innermost thing that Esc gives up; false if there is none.
    fn leave(&mut self) -> bool {
        match self.rows_mut() {
            Some(rows) if !rows.filter_text().is_empty() => {
                rows.set_filter("");
                true
            }
            _ => false,
        }
    }

    /// Whether [`Screen::leave`] would give something up.
    fn can_leave(&self) -> bool {
        self.rows().is_some_and(|rows| !rows.filter_text().is_empty())
    }

    /// It comes to the screen. `again`: Esc led back to it.
    fn opened(&mut self, _again: bool, _cluster: &Cluster) {}

    /// Puts the cursor on what is in that line of the screen; false if there is nothing.
    fn click(&mut self, line: u16) -> bool {
        self.rows_mut().is_some_and(|rows| rows.click(line))
    }
}
