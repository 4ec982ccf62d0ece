//! The value of an action being typed: replicas, an image, labels.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    action::plan::{Change, NodeChange, ScaleTo, Target, parse_labels, without_old_digest},
    config::Slot,
    session::Token,
    ui::{
        app::cluster::Cluster,
        chrome::popup,
        input::{
            actions::{Act, KeyContext},
            line_editor::LineEditor,
        },
        popup::{
            behaviour::{Behaviour, Host, Reaction, input_spans, lines_at, title},
            plan::wrap,
        },
        screen::below::Below,
        widget::text,
    },
};

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

/// Rows that may be said about what was typed.
const WRONG: usize = 4;

impl Ask {
    /// The change that is typed.
    fn change(&self) -> Result<Change, String> {
        let text = self.input.text().trim();
        match self.asking {
            Asking::Scale => ScaleTo::parse(text).map(Change::Scale),
            Asking::Image if text.is_empty() => Err("type an image, as in api:1.9".into()),
            Asking::Image => Ok(Change::Image(text.to_owned())),
            Asking::Labels => {
                parse_labels(text).map(|labels| Change::Node(NodeChange::Labels(labels)))
            }
        }
    }
}

impl Behaviour for Ask {
    fn key(&mut self, key: &KeyEvent, below: Below<'_>) -> Reaction {
        let cluster = below.cluster;
        let act = cluster.settings.keymap.of(KeyContext::Prompt, key).map(|action| action.act);
        match key.code {
            KeyCode::Esc => return Reaction::GivenUp,
            _ if act == Some(Act::Edit) && self.asking == Asking::Image => {
                if let [Target::Service(one)] = self.targets.as_slice() {
                    let one = one.clone();
                    return Reaction::stays_then(move |host| host.edit(one));
                }
                self.error = Some("the editor takes one service at a time".into());
            }
            KeyCode::Enter if self.waiting.is_none() => match self.change() {
                Err(why) => self.error = Some(why),
                Ok(change) => {
                    self.error = None;
                    let targets = self.targets.clone();
                    return Reaction::stays_then(move |host| {
                        let names = host.cluster_mut().names_of_targets(&targets);
                        host.read_and_plan(targets, &names, change);
                    });
                }
            },
            _ => {
                if self.input.key(key) {
                    self.error = None;
                }
            }
        }
        Reaction::Stays
    }

    fn paste(&mut self, text: &str) -> Reaction {
        self.input.insert(text);
        Reaction::Stays
    }

    fn give_up(&mut self, host: &mut dyn Host) {
        host.cluster_mut().operations.pending = None;
    }

    fn draw(&self, below: Below<'_>, frame: &mut Frame<'_>, _: Rect) {
        let cluster = below.cluster;
        let width = 72.min(frame.area().width);
        let names = match self.targets.as_slice() {
            [] | [_] => Vec::new(),
            many => wrap(&text::clean(&cluster.each_name(many)), width.saturating_sub(4).into()),
        };
        let rows = names.len().min(frame.area().height.saturating_sub(5).into());
        let wrong = self.error.as_ref().map_or_else(Vec::new, |error| {
            let room = width.saturating_sub(4) as usize;
            let error = text::clean(error).into_owned();
            let error = text::wrapped(&error, room).take(WRONG);
            error
                .map(|line| Line::styled(format!(" {line}"), cluster.style(Slot::Critical)))
                .collect()
        });
        let height = 4 + rows as u16 + wrong.len().max(1) as u16;
        let inner = popup(cluster, frame, width, height, title(cluster, &self.title));
        let names = names.into_iter().take(rows);
        let names = names.map(|line| Line::styled(format!(" {line}"), cluster.style(Slot::Text)));
        let word = match self.asking {
            Asking::Scale => " replicas: ",
            Asking::Image => " image: ",
            Asking::Labels => " labels: ",
        };
        let mut line = vec![Span::styled(word, cluster.style(Slot::Dim))];
        let room = inner.width.saturating_sub(word.len() as u16);
        line.extend(input_spans(cluster, &self.input, room));
        let below = match (self.waiting, self.asking) {
            (Some(_), _) => Line::styled(" reading the service …", cluster.style(Slot::Busy)),
            (_, Asking::Labels) => {
                let said = " key=value, apart by spaces; what is taken away is removed";
                Line::styled(said, cluster.style(Slot::Dim))
            }
            (_, Asking::Scale) => Line::styled(" a number, or +2, -1", cluster.style(Slot::Dim)),
            (_, Asking::Image) if leaves_digest_out(cluster, self) => {
                let said = " its digest is that of the old tag, and is left out";
                Line::styled(said, cluster.style(Slot::Warn))
            }
            (_, Asking::Image) => match cluster.key_of(Act::Edit, KeyContext::Prompt) {
                Some(key) => Line::from(vec![
                    Span::styled(format!(" {key} "), cluster.style(Slot::Key)),
                    Span::styled("edit every field as YAML", cluster.style(Slot::Dim)),
                ]),
                None => Line::default(),
            },
        };
        let keys = Line::from(vec![
            Span::styled(" Enter ", cluster.style(Slot::Key)),
            Span::styled("show the plan  ", cluster.style(Slot::Dim)),
            Span::styled("Esc ", cluster.style(Slot::Key)),
            Span::styled("back", cluster.style(Slot::Dim)),
        ]);
        let below = if wrong.is_empty() { vec![below] } else { wrong };
        let lines = names.chain([Line::from(line)]).chain(below).chain([keys]);
        lines_at(frame, inner, lines.collect());
    }
}

/// Whether what is typed names another tag with the digest of the one that runs.
fn leaves_digest_out(cluster: &Cluster, ask: &Ask) -> bool {
    let mut now = ask.targets.iter().filter_map(|target| {
        cluster.model.live().service(target.service()?).map(|service| &*service.image)
    });
    now.any(|image| without_old_digest(image, ask.input.text().trim()).is_some())
}
