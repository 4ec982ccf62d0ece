//! Popups above a view: a stack, whose top one gets the keys. Each is a file with its state, its keys and
//! its drawing.

pub(in crate::ui) mod ask;
pub(in crate::ui) mod copy;
pub(in crate::ui) mod describe;
pub(in crate::ui) mod diff;
pub(in crate::ui) mod editor;
pub(in crate::ui) mod help;
pub(in crate::ui) mod line_prompt;
pub(in crate::ui) mod page;
pub(in crate::ui) mod palette;
pub(in crate::ui) mod plan;
pub(in crate::ui) mod quit;
pub(in crate::ui) mod scroll;
pub(in crate::ui) mod stats;
pub(in crate::ui) mod waiting;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    config::Slot,
    ui::{Board, app::Effect, input::line_editor::LineEditor, widget::text},
};

pub(in crate::ui) use crate::ui::popup::ask::{Ask, Asking};
pub(in crate::ui) use crate::ui::popup::copy::CopyChoice;
pub(in crate::ui) use crate::ui::popup::editor::Editor;
pub(in crate::ui) use crate::ui::popup::help::Help;
pub(in crate::ui) use crate::ui::popup::line_prompt::LinePrompt;
pub(in crate::ui) use crate::ui::popup::page::{Page, PageKind, Read};
pub(in crate::ui) use crate::ui::popup::palette::Palette;
pub(in crate::ui) use crate::ui::popup::plan::{PlanBox, wrap};
pub(in crate::ui) use crate::ui::popup::quit::Quit;
pub(in crate::ui) use crate::ui::popup::scroll::Scroll;
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
    /// Quit while an action is in flight?
    Quit(Quit),
}

/// Something to be done on the board.
pub(in crate::ui) type After = Box<dyn FnOnce(&mut Board)>;

/// Result of a key in a popup.
pub(in crate::ui) enum Handled {
    /// It stays.
    Stays,
    /// It is given up, as with Esc.
    GivenUp,
    /// It stays, and this is done.
    StaysThen(After),
    /// It has done its work and goes; then this is done.
    DoneThen(After),
}

impl Handled {
    fn stays_then(after: impl FnOnce(&mut Board) + 'static) -> Self {
        Self::StaysThen(Box::new(after))
    }

    fn done_then(after: impl FnOnce(&mut Board) + 'static) -> Self {
        Self::DoneThen(Box::new(after))
    }

    fn done() -> Self {
        Self::done_then(|_| {})
    }
}

/// Behaviour of a popup.
trait Behaviour {
    /// Takes a key.
    fn key(&mut self, key: &KeyEvent, board: &Board) -> Handled;

    /// Takes text that was pasted.
    fn paste(&mut self, _text: &str) -> Handled {
        Handled::Stays
    }

    /// Whether Ctrl-c is a key of its own; elsewhere it leads out without a trace.
    fn takes_ctrl_c(&self) -> bool {
        false
    }

    /// Undoes what it has begun, when it is given up.
    fn give_up(&mut self, _board: &mut Board) {}

    /// Draws it.
    fn draw(&self, board: &Board, frame: &mut Frame<'_>, area: Rect);
}

impl Popup {
    fn behaviour(&self) -> &dyn Behaviour {
        match self {
            Self::Line(it) => it,
            Self::Ask(it) => it,
            Self::Waiting(it) => it,
            Self::Plan(it) => it,
            Self::Editor(it) => &**it,
            Self::Page(it) => it,
            Self::Help(it) => it,
            Self::Palette(it) => it,
            Self::Copy(it) => it,
            Self::Quit(it) => it,
        }
    }

    fn behaviour_mut(&mut self) -> &mut dyn Behaviour {
        match self {
            Self::Line(it) => it,
            Self::Ask(it) => it,
            Self::Waiting(it) => it,
            Self::Plan(it) => it,
            Self::Editor(it) => &mut **it,
            Self::Page(it) => it,
            Self::Help(it) => it,
            Self::Palette(it) => it,
            Self::Copy(it) => it,
            Self::Quit(it) => it,
        }
    }

    /// Draws it.
    pub(in crate::ui) fn draw(&self, board: &Board, frame: &mut Frame<'_>, area: Rect) {
        self.behaviour().draw(board, frame, area);
    }
}

impl Board {
    pub(in crate::ui) fn paste(&mut self, text: &str) {
        if let Some(mut top) = self.popups.pop() {
            let handled = top.behaviour_mut().paste(text);
            self.after_popup(top, handled);
        }
    }

    /// Hands a key to the top popup.
    pub(in crate::ui) fn popup_key(&mut self, key: &KeyEvent) {
        let Some(mut top) = self.popups.pop() else { return };
        let handled = if is_ctrl_c(key) && !top.behaviour().takes_ctrl_c() {
            Handled::GivenUp
        } else {
            top.behaviour_mut().key(key, self)
        };
        self.after_popup(top, handled);
    }

    fn after_popup(&mut self, mut top: Popup, handled: Handled) {
        match handled {
            Handled::Stays => self.popups.push(top),
            Handled::GivenUp => top.behaviour_mut().give_up(self),
            Handled::StaysThen(after) => {
                self.popups.push(top);
                after(self);
            }
            Handled::DoneThen(after) => after(self),
        }
    }
}

/// Draws the whole screen anew, below the popup.
fn redraw() -> Handled {
    Handled::stays_then(|board| board.effects.push(Effect::Redraw))
}

/// Whether it is the key alone: `Ctrl-y` is no yes.
fn is_plain(key: &KeyEvent) -> bool {
    key.modifiers.is_empty()
}

fn is_ctrl_c(key: &KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c')
}

fn title(board: &Board, said: &str) -> Line<'static> {
    Line::styled(format!(" {} ", text::clean(said)), board.style(Slot::Title))
}

fn input_spans(board: &Board, input: &LineEditor, room: u16) -> Vec<Span<'static>> {
    let (before, after) = typed(input, room.into());
    let slot = if input.replaces() { Slot::Selected } else { Slot::Text };
    vec![
        Span::styled(before, board.style(slot)),
        Span::styled("▏", board.style(Slot::Key)),
        Span::styled(after, board.style(slot)),
    ]
}

/// The text before and behind the cursor, as far as there is room for it and the cursor.
fn typed(input: &LineEditor, room: usize) -> (String, String) {
    let (before, after) = input.parts();
    let (before, after) = (text::clean(before), text::clean(after));
    let room = room.saturating_sub(1);
    // Where more is on both sides, a quarter is for what comes.
    let behind = text::width(&after).min(room / 4);
    let shown = text::end(&before, room.saturating_sub(behind));
    let left = room.saturating_sub(text::width(&shown));
    (shown.into_owned(), text::cut(&after, left).into_owned())
}

fn lines_at(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    for (row, line) in lines.into_iter().take(area.height as usize).enumerate() {
        frame.render_widget(line, Rect { y: area.y + row as u16, height: 1, ..area });
    }
}
