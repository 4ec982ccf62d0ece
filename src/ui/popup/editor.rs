//! The editor of a service's spec, as YAML.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};
use tui_textarea::{CursorMove, TextArea};

use crate::{
    action::plan::{Change, Document, EditError, Plan, from_yaml, mask_document, to_yaml},
    config::Slot,
    ui::{
        chrome::{clear, frame_of},
        input::actions::{Act, KeyContext},
        popup::behaviour::{Behaviour, Reaction, is_ctrl_c, is_plain, title},
        screen::below::Below,
        widget::text,
    },
};

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

impl Editor {
    pub(in crate::ui) fn new(document: Document) -> Self {
        let mut shown = document.spec.clone();
        mask_document(&mut shown);
        let original = to_yaml(&shown);
        let mut area = tui_textarea::TextArea::from(original.lines());
        area.set_tab_length(2);
        Self { document, original, area, error: None, discarding: false }
    }

    /// Whether something was typed.
    pub(in crate::ui) fn is_changed(&self) -> bool {
        !self.original.lines().eq(self.area.lines().iter().map(String::as_str))
    }

    /// Reads what is typed, and shows its plan.
    fn show_plan(&mut self) -> Reaction {
        let text = self.area.lines().join("\n") + "\n";
        match from_yaml(&text, &self.document.spec) {
            Err(error) => {
                let line = error.line.saturating_sub(1) as u16;
                self.area.move_cursor(CursorMove::Jump(line, 0));
                self.error = Some(error);
                Reaction::Stays
            }
            Ok(spec) => {
                self.error = None;
                let document = self.document.clone();
                let change = Change::Spec(Box::new(spec));
                Reaction::stays_then(move |host| {
                    let cluster = host.cluster_mut();
                    let plan = Plan::new(cluster.no, &[document], &change, cluster.model.live());
                    host.open_plan(plan, None);
                })
            }
        }
    }
}

impl Behaviour for Editor {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let cluster = below.cluster;
        let act = cluster.settings.keymap.of(KeyContext::Editor, key).map(|action| action.act);
        if self.discarding {
            self.discarding = false;
            if key.code == KeyCode::Char('y') && is_plain(key) {
                return Reaction::GivenUp;
            }
            return Reaction::Stays;
        }
        match key.code {
            KeyCode::Esc if self.is_changed() => self.discarding = true,
            KeyCode::Esc => return Reaction::GivenUp,
            _ if is_ctrl_c(key) => self.discarding = self.is_changed(),
            _ if act == Some(Act::ShowPlan) => return self.show_plan(),
            _ => {
                if self.area.input(*key) {
                    self.error = None;
                }
            }
        }
        Reaction::Stays
    }

    fn paste(&mut self, text: &str) -> Reaction {
        self.area.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
        Reaction::Stays
    }

    fn takes_ctrl_c(&self) -> bool {
        true
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, area: Rect) {
        let cluster = below.cluster;
        clear(cluster, frame, area);
        let name = format!("Spec of {} · version {}", self.document.name, self.document.version);
        let inner = frame_of(cluster, frame, area, title(cluster, &name), true);
        let body = Rect { height: inner.height.saturating_sub(1), ..inner };
        let mut shown = self.area.clone();
        shown.set_style(cluster.style(Slot::Text));
        shown.set_line_number_style(cluster.style(Slot::Dim));
        shown.set_cursor_line_style(cluster.style(Slot::Unfocused));
        frame.render_widget(&shown, body);
        let place = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
        let line = if self.discarding {
            Line::styled(
                " discard the changes? y, or any other key to go on",
                cluster.style(Slot::Banner),
            )
        } else if let Some(error) = &self.error {
            let said = text::clean(&error.to_string()).into_owned();
            Line::styled(format!(" ✗ {said}"), cluster.style(Slot::Critical))
        } else {
            let plan = cluster.key_of(Act::ShowPlan, KeyContext::Editor).unwrap_or_default();
            Line::from(vec![
                Span::styled(format!(" {plan} "), cluster.style(Slot::Key)),
                Span::styled("show the plan  ", cluster.style(Slot::Dim)),
                Span::styled("Ctrl-u ", cluster.style(Slot::Key)),
                Span::styled("undo  ", cluster.style(Slot::Dim)),
                Span::styled("Esc ", cluster.style(Slot::Key)),
                Span::styled("leave  ", cluster.style(Slot::Dim)),
                Span::styled("<hidden> values are kept", cluster.style(Slot::Dim)),
            ])
        };
        frame.render_widget(line, place);
    }
}
