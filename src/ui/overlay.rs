//! Overlays above a view. A stack: the top one gets the key first.

use std::{cell::Cell, time::Duration};

use tui_textarea::TextArea;

use super::{
    actions::{Act, Context},
    line_editor::LineEditor,
    palette::Palette,
};
use crate::{
    action::plan::{Document, EditError, Plan, Target},
    cluster::{NodeId, Subject, Timestamp},
    session::Token,
};

/// The first line shown; drawing keeps it within what there is.
#[derive(Debug, Default)]
pub struct Scroll(Cell<usize>);

impl Scroll {
    /// Moves by lines.
    pub fn by(&self, lines: isize) {
        self.0.set(self.0.get().saturating_add_signed(lines));
    }

    /// Moves as an action says; false if it is none of moving. Drawing stops at the last line.
    pub fn act(&self, act: Act) -> bool {
        self.by(match act {
            Act::Down => 1,
            Act::Up => -1,
            Act::HalfDown => 10,
            Act::HalfUp => -10,
            Act::PageDown => 20,
            Act::PageUp => -20,
            Act::Top => isize::MIN,
            Act::Bottom => isize::MAX,
            _ => return false,
        });
        true
    }

    /// Keeps it at most `max`; returns where it is.
    pub fn clamp(&self, max: usize) -> usize {
        self.0.set(self.0.get().min(max));
        self.0.get()
    }
}

/// An overlay.
#[derive(Debug)]
pub enum Overlay {
    /// A filter being typed.
    Filter(LineEditor),
    /// A highlight being typed.
    Highlight(LineEditor),
    /// A value for an action being typed.
    Ask(Ask),
    /// An answer that is awaited.
    Waiting { token: Token, what: String },
    /// A plan to confirm.
    Plan(PlanBox),
    /// A spec being edited.
    Editor(Box<Editor>),
    /// A page to read.
    Page(Page),
    /// The keys of a context.
    Help { context: Context, scroll: Scroll },
    /// The command palette.
    Palette(Palette),
    /// Choice of what to copy.
    Copy { id: String, name: String },
    /// Quit while an action is in flight?
    Quit,
}

/// Purpose of a typed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Replicas.
    Scale,
    /// An image.
    Image,
    /// Labels of a node.
    Labels,
}

/// A value being typed.
#[derive(Debug)]
pub struct Ask {
    /// Its purpose.
    pub asking: Asking,
    /// The objects that it is for.
    pub targets: Vec<Target>,
    /// Description.
    pub title: String,
    /// The line.
    pub input: LineEditor,
    /// Its error, or the reason why reading failed.
    pub error: Option<String>,
    /// The documents are being read.
    pub waiting: Option<Token>,
}

/// A plan on the screen.
#[derive(Debug)]
pub struct PlanBox {
    /// The plan.
    pub plan: Plan,
    /// The name typed to confirm a dangerous plan.
    pub typed: LineEditor,
    /// First line shown.
    pub scroll: Scroll,
    /// Error of the last answer.
    pub slip: Option<Slip>,
    /// When it came to the screen; before that nobody can have read it.
    pub drawn: Option<Timestamp>,
    /// Why this plan came unasked: a conflict.
    pub notice: Option<String>,
}

/// Why an answer to a plan was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// Another answer than it asks for.
    Wrong,
    /// A `y` right after it came up, or one of a key held down.
    TooSoon,
}

/// A plan stands on the screen for so long without a `y` before one carries it out: what was typed
/// ahead, and what a held key repeats, says nothing about a plan.
const READ: Duration = Duration::from_millis(400);

impl PlanBox {
    /// A plan that is about to come to the screen.
    pub fn new(plan: Plan, notice: Option<String>) -> Self {
        let (typed, scroll) = (LineEditor::default(), Scroll::default());
        Self { plan, typed, scroll, slip: None, drawn: None, notice }
    }

    /// Whether a `y` pressed now can be meant for it; `last_y` was the one before.
    pub fn may_be_read(&self, last_y: Timestamp, now: Timestamp) -> bool {
        self.drawn.is_some_and(|drawn| drawn.max(last_y).age(now) >= READ)
    }
}

/// A spec in the editor.
#[derive(Debug)]
pub struct Editor {
    /// The document as it was read.
    pub document: Document,
    /// The text as it was at first.
    pub original: String,
    /// The text.
    pub area: TextArea<'static>,
    /// Its error.
    pub error: Option<EditError>,
    /// Esc was pressed with changes unsaved.
    pub discarding: bool,
}

/// A document as it was read, or why not.
pub type Read = Result<Box<serde_json::Value>, String>;

/// Content of a page.
#[derive(Debug)]
pub enum PageKind {
    /// Drawn from the model, so it stays live; its document has the rest.
    Describe { subject: Subject, document: Option<Read>, token: Token },
    /// Blast radius of a node, from the current model.
    Blast(NodeId),
    /// The cost of watching, and skep's own performance.
    Stats,
    /// A document as it was read.
    Yaml { value: Option<Read>, token: Token },
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The title in the frame.
    pub title: String,
    /// Its content.
    pub kind: PageKind,
    /// First line shown.
    pub scroll: Scroll,
    /// Show secrets.
    pub reveal: bool,
}
