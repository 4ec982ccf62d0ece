//! Popups above a view: a stack, whose top one gets the keys. Each is a file with its state, its keys and
//! its drawing.

pub(in crate::ui) mod ask;
pub(in crate::ui) mod behaviour;
pub(in crate::ui) mod contexts;
pub(in crate::ui) mod copy;
pub(in crate::ui) mod describe;
pub(in crate::ui) mod editor;
pub(in crate::ui) mod help;
pub(in crate::ui) mod line_prompt;
pub(in crate::ui) mod page;
pub(in crate::ui) mod palette;
pub(in crate::ui) mod plan;
pub(in crate::ui) mod quit;
pub(in crate::ui) mod scroll;
pub(in crate::ui) mod shell;
pub(in crate::ui) mod stats;
pub(in crate::ui) mod waiting;

use ratatui::{Frame, layout::Rect};

use crate::ui::screen::below::Below;

pub(in crate::ui) use crate::ui::popup::ask::{Ask, Asking};
pub(in crate::ui) use crate::ui::popup::behaviour::{
    Behaviour, Host, Operate, Reaction, is_ctrl_c,
};
pub(in crate::ui) use crate::ui::popup::contexts::Contexts;
pub(in crate::ui) use crate::ui::popup::copy::CopyChoice;
pub(in crate::ui) use crate::ui::popup::editor::Editor;
pub(in crate::ui) use crate::ui::popup::help::Help;
pub(in crate::ui) use crate::ui::popup::line_prompt::LinePrompt;
pub(in crate::ui) use crate::ui::popup::page::{DocumentResult, Page, PageKind};
pub(in crate::ui) use crate::ui::popup::palette::{KnownNames, Palette};
pub(in crate::ui) use crate::ui::popup::plan::{PlanBox, wrap};
pub(in crate::ui) use crate::ui::popup::quit::Quit;
pub(in crate::ui) use crate::ui::popup::shell::ShellBox;
pub(in crate::ui) use crate::ui::popup::waiting::Waiting;

/// A popup.
#[derive(Debug)]
pub enum Popup {
    /// A filter or a highlight being typed.
    Line(LinePrompt),
    /// A value for an action being typed.
    Ask(Ask),
    /// An answer that is awaited.
    Waiting(Waiting),
    /// A plan to confirm.
    Plan(PlanBox),
    /// A shell to confirm.
    Shell(Box<ShellBox>),
    /// A spec being edited.
    Editor(Box<Editor>),
    /// A page to read.
    Page(Page),
    /// The keys of a context.
    Help(Help),
    /// The command palette.
    Palette(Palette),
    /// Choice of what to copy.
    Copy(CopyChoice),
    /// Clusters that could be opened.
    Contexts(Contexts),
    /// Quit while an action is in flight?
    Quit(Quit),
}

impl Popup {
    pub(in crate::ui) fn behaviour(&self) -> &dyn Behaviour {
        match self {
            Self::Line(it) => it,
            Self::Ask(it) => it,
            Self::Waiting(it) => it,
            Self::Plan(it) => it,
            Self::Shell(it) => &**it,
            Self::Editor(it) => &**it,
            Self::Page(it) => it,
            Self::Help(it) => it,
            Self::Palette(it) => it,
            Self::Copy(it) => it,
            Self::Contexts(it) => it,
            Self::Quit(it) => it,
        }
    }

    pub(in crate::ui) fn behaviour_mut(&mut self) -> &mut dyn Behaviour {
        match self {
            Self::Line(it) => it,
            Self::Ask(it) => it,
            Self::Waiting(it) => it,
            Self::Plan(it) => it,
            Self::Shell(it) => &mut **it,
            Self::Editor(it) => &mut **it,
            Self::Page(it) => it,
            Self::Help(it) => it,
            Self::Palette(it) => it,
            Self::Copy(it) => it,
            Self::Contexts(it) => it,
            Self::Quit(it) => it,
        }
    }

    /// Draws it.
    pub(in crate::ui) fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        self.behaviour().draw(below, frame, area);
    }
}
