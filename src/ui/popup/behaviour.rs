//! The behaviour of a popup, and the changes it makes to the workspace below it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    action::plan::{Approved, ApprovedShell, Change, Plan, Target},
    cluster::{ConfigId, ServiceId, Subject, TaskId},
    config::Slot,
    ui::{
        app::{Effect, cluster::Cluster},
        input::{actions::Act, line_editor::LineEditor},
        screen::below::Below,
        widget::text,
    },
};

/// Changes that a popup makes to the workspace below it.
pub(in crate::ui) trait Host: Operate {
    /// The cluster, to be changed.
    fn cluster_mut(&mut self) -> &mut Cluster;

    /// Carries out an action on the selection.
    fn act(&mut self, act: Act);

    /// Carries out an action on a service.
    fn act_on(&mut self, act: Act, id: ServiceId);

    /// Carries out a command of the palette.
    fn enter_command(&mut self, command: String, key: &str);

    /// Shows what the command under the palette's cursor would look like.
    fn preview(&mut self);

    /// Filters the list that has the keyboard.
    fn set_filter(&mut self, text: &str);

    /// Makes text stand out in the log.
    fn set_highlight(&mut self, text: &str);

    /// Opens the raw document of an object.
    fn yaml_of(&mut self, subject: &Subject);

    /// Compares two configs, or one with the one before it.
    fn compare(&mut self, configs: &[ConfigId]);

    /// Goes to an object, in the list of its kind.
    fn show(&mut self, subject: &Subject);
}

/// The steps of [`crate::ui::operate`] that popups lead to.
pub(in crate::ui) trait Operate {
    /// Opens the editor on a service's spec.
    fn edit(&mut self, target: ServiceId);

    /// Reads the documents of the targets and then shows the plan.
    fn read_and_plan(&mut self, targets: Vec<Target>, names: &str, change: Change);

    /// Shows a plan.
    fn open_plan(&mut self, plan: Plan, notice: Option<String>);

    /// Sends an approved plan.
    fn carry_out(&mut self, approved: Approved);

    /// Asks whether a shell is to be started in a task's container.
    fn ask_shell(&mut self, task: &TaskId);

    /// Starts an approved shell.
    fn start_shell(&mut self, approved: ApprovedShell);
}

/// Something to be done by the workspace.
pub(in crate::ui) type After = Box<dyn FnOnce(&mut dyn Host)>;

/// Result of a key in a popup.
pub(in crate::ui) enum Reaction {
    /// It stays.
    Stays,
    /// It is given up, as with Esc.
    GivenUp,
    /// It stays, and this is done.
    StaysThen(After),
    /// It has done its work and goes; then this is done.
    DoneThen(After),
}

impl Reaction {
    pub(in crate::ui) fn stays_then(after: impl FnOnce(&mut dyn Host) + 'static) -> Self {
        Self::StaysThen(Box::new(after))
    }

    pub(in crate::ui) fn done_then(after: impl FnOnce(&mut dyn Host) + 'static) -> Self {
        Self::DoneThen(Box::new(after))
    }

    pub(in crate::ui) fn done() -> Self {
        Self::done_then(|_| {})
    }
}

/// Behaviour of a popup.
pub(in crate::ui) trait Behaviour {
    /// Takes a key.
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction;

    /// Takes text that was pasted.
    fn paste(&mut self, _text: &str) -> Reaction {
        Reaction::Stays
    }

    /// Whether Ctrl-c is a key of its own; elsewhere it leads out without a trace.
    fn takes_ctrl_c(&self) -> bool {
        false
    }

    /// Undoes what it has begun, when it is given up.
    fn give_up(&mut self, _host: &mut dyn Host) {}

    /// Draws it.
    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect);
}

/// Draws the whole screen anew, below the popup.
pub(in crate::ui) fn redraw() -> Reaction {
    Reaction::stays_then(|host| host.cluster_mut().effects.push(Effect::Redraw))
}

/// Whether it is the key alone: `Ctrl-y` is no yes.
pub(in crate::ui) fn is_plain(key: &KeyEvent) -> bool {
    key.modifiers.is_empty()
}

pub(in crate::ui) fn is_ctrl_c(key: &KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c')
}

pub(in crate::ui) fn title(cluster: &Cluster, said: &str) -> Line<'static> {
    Line::styled(format!(" {} ", text::clean(said)), cluster.style(Slot::Title))
}

pub(in crate::ui) fn input_spans(
    cluster: &Cluster,
    input: &LineEditor,
    room: u16,
) -> Vec<Span<'static>> {
    let (before, after) = typed(input, room.into());
    let slot = if input.replaces() { Slot::Selected } else { Slot::Text };
    vec![
        Span::styled(before, cluster.style(slot)),
        Span::styled("▏", cluster.style(Slot::Key)),
        Span::styled(after, cluster.style(slot)),
    ]
}

/// The text before and behind the cursor, as far as there is room for it and the cursor.
pub(in crate::ui) fn typed(input: &LineEditor, room: usize) -> (String, String) {
    let (before, after) = input.parts();
    let (before, after) = (text::clean(before), text::clean(after));
    let room = room.saturating_sub(1);
    // Where more is on both sides, a quarter is for what comes.
    let behind = text::width(&after).min(room / 4);
    let shown = text::end(&before, room.saturating_sub(behind));
    let left = room.saturating_sub(text::width(&shown));
    (shown.into_owned(), text::cut(&after, left).into_owned())
}

pub(in crate::ui) fn lines_at(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    for (row, line) in lines.into_iter().take(area.height as usize).enumerate() {
        frame.render_widget(line, Rect { y: area.y + row as u16, height: 1, ..area });
    }
}
