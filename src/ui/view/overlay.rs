//! Overlays: questions, plans, the editor, pages, the palette.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{clear, describe, frame_of, help, plan, popup, stats};
use crate::{
    action::plan::{Confirm, mask_document, to_yaml, without_old_digest},
    config::Slot,
    ui::{
        Board,
        actions::{Act, Context},
        line_editor::LineEditor,
        overlay::{Ask, Asking, Editor, Overlay, Page, PageKind, PlanBox, Scroll},
        palette::{Known, Palette},
        widget::text,
    },
};

pub(super) fn draw(board: &Board, overlay: &Overlay, frame: &mut Frame<'_>, area: Rect) {
    match overlay {
        Overlay::Filter(input) | Overlay::Highlight(input) => {
            let place = Rect { y: area.bottom() - 1, height: 1, ..area };
            clear(board, frame, place);
            let sign = if matches!(overlay, Overlay::Filter(_)) { " / " } else { " & " };
            let mut line = vec![Span::styled(sign, board.style(Slot::Key))];
            line.extend(input_spans(board, input, place.width.saturating_sub(3)));
            line.push(Span::styled(
                "   ! inverts  /regex/  ~fuzzy   Enter keep  Esc clear",
                board.style(Slot::Dim),
            ));
            frame.render_widget(Line::from(line), place);
        }
        Overlay::Ask(ask) => draw_ask(board, ask, frame),
        Overlay::Waiting { what, .. } => {
            let inner = popup(board, frame, 60, 3, title(board, "Reading"));
            let said = format!(" {} …   Esc gives up", text::clean(what));
            frame.render_widget(Line::styled(said, board.style(Slot::Dim)), inner);
        }
        Overlay::Plan(shown) => draw_plan(board, shown, frame, area),
        Overlay::Editor(editor) => draw_editor(board, editor, frame, area),
        Overlay::Page(page) => draw_page(board, page, frame, area),
        Overlay::Help { context, scroll } => {
            let lines = help::lines(board, *context);
            let height = (lines.len() as u16 + 2).min(area.height);
            let width = lines.iter().map(Line::width).max().unwrap_or(0) as u16 + 3;
            let inner =
                popup(board, frame, width, height, title(board, "Help · any other key closes"));
            scrolled(frame, inner, lines, scroll);
        }
        Overlay::Palette(palette) => draw_palette(board, palette, frame, area),
        Overlay::Copy { id, name } => {
            let inner = popup(board, frame, 64, 4, title(board, "Copy"));
            let row = |key: &'static str, value: &str| {
                Line::from(vec![
                    Span::styled(format!(" {key} "), board.style(Slot::Key)),
                    Span::raw(text::clean(value).into_owned()),
                ])
            };
            lines_at(frame, inner, vec![row("n", name), row("i", id)]);
        }
        Overlay::Quit => {
            let inner = popup(board, frame, 62, 4, title(board, "Quit?"));
            lines_at(
                frame,
                inner,
                vec![
                    Line::raw(" An action is in flight. The Swarm goes on with it, unwatched."),
                    Line::from(vec![
                        Span::styled(" y ", board.style(Slot::Key)),
                        Span::raw("quit   "),
                        Span::styled("Esc ", board.style(Slot::Key)),
                        Span::raw("stay"),
                    ]),
                ],
            );
        }
    }
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
pub(super) fn typed(input: &LineEditor, room: usize) -> (String, String) {
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

/// Draws the lines from the scroll position on, which stops at the last page.
fn scrolled(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>, scroll: &Scroll) {
    let from = scroll.clamp(lines.len().saturating_sub(area.height as usize));
    lines_at(frame, area, lines.into_iter().skip(from).collect());
}

/// `Plan: scale web 3 → 5 on prod`: with several clusters it must be plain which is meant.
fn plan_title(board: &Board, shown: &PlanBox) -> String {
    let title = &shown.plan.title;
    if board.settings.named || board.siblings.len() > 1 {
        format!("Plan: {title} on {}", board.settings.name)
    } else {
        format!("Plan: {title}")
    }
}

/// Rows that may be said about what was typed.
const WRONG: usize = 4;

fn draw_ask(board: &Board, ask: &Ask, frame: &mut Frame<'_>) {
    let width = 72.min(frame.area().width);
    let names = match ask.targets.as_slice() {
        [] | [_] => Vec::new(),
        many => plan::wrap(&text::clean(&board.each_name(many)), width.saturating_sub(4).into()),
    };
    let rows = names.len().min(frame.area().height.saturating_sub(5).into());
    let wrong = ask.error.as_ref().map_or_else(Vec::new, |error| {
        let room = width.saturating_sub(4) as usize;
        let error = text::clean(error).into_owned();
        let error = text::wrapped(&error, room).take(WRONG);
        error.map(|line| Line::styled(format!(" {line}"), board.style(Slot::Critical))).collect()
    });
    let height = 4 + rows as u16 + wrong.len().max(1) as u16;
    let inner = popup(board, frame, width, height, title(board, &ask.title));
    let names = names.into_iter().take(rows);
    let names = names.map(|line| Line::styled(format!(" {line}"), board.style(Slot::Text)));
    let word = match ask.asking {
        Asking::Scale => " replicas: ",
        Asking::Image => " image: ",
        Asking::Labels => " labels: ",
    };
    let mut line = vec![Span::styled(word, board.style(Slot::Dim))];
    let room = inner.width.saturating_sub(word.len() as u16);
    line.extend(input_spans(board, &ask.input, room));
    let below = match (ask.waiting, ask.asking) {
        (Some(_), _) => Line::styled(" reading the service …", board.style(Slot::Busy)),
        (_, Asking::Labels) => {
            let said = " key=value, apart by spaces; what is taken away is removed";
            Line::styled(said, board.style(Slot::Dim))
        }
        (_, Asking::Scale) => Line::styled(" a number, or +2, -1", board.style(Slot::Dim)),
        (_, Asking::Image) if leaves_digest_out(board, ask) => {
            let said = " its digest is that of the old tag, and is left out";
            Line::styled(said, board.style(Slot::Warn))
        }
        (_, Asking::Image) => match board.key_of(Act::Edit, Context::Prompt) {
            Some(key) => Line::from(vec![
                Span::styled(format!(" {key} "), board.style(Slot::Key)),
                Span::styled("edit every field as YAML", board.style(Slot::Dim)),
            ]),
            None => Line::default(),
        },
    };
    let keys = Line::from(vec![
        Span::styled(" Enter ", board.style(Slot::Key)),
        Span::styled("show the plan  ", board.style(Slot::Dim)),
        Span::styled("Esc ", board.style(Slot::Key)),
        Span::styled("back", board.style(Slot::Dim)),
    ]);
    let below = if wrong.is_empty() { vec![below] } else { wrong };
    let lines = names.chain([Line::from(line)]).chain(below).chain([keys]);
    lines_at(frame, inner, lines.collect());
}

/// Whether what is typed names another tag with the digest of the one that runs.
fn leaves_digest_out(board: &Board, ask: &Ask) -> bool {
    let mut now = ask.targets.iter().filter_map(|target| {
        board.live_store().service(target.service()?).map(|service| &*service.image)
    });
    now.any(|image| without_old_digest(image, ask.input.text().trim()).is_some())
}

/// The keys that scroll: `j k`.
fn scroll_keys(board: &Board, context: Context) -> String {
    let keys = [Act::Down, Act::Up].into_iter().filter_map(|act| board.key_of(act, context));
    keys.collect::<Vec<_>>().join(" ")
}

fn draw_plan(board: &Board, shown: &PlanBox, frame: &mut Frame<'_>, area: Rect) {
    let width = (area.width - 4).min(110);
    let lines = plan::lines(board, shown, width as usize - 4);
    let height = (lines.len() as u16 + 4).min(area.height - 2).max(6);
    let inner = popup(board, frame, width, height, title(board, &plan_title(board, shown)));
    let inner = Rect { x: inner.x + 1, width: inner.width - 1, ..inner };
    let body = Rect { height: inner.height.saturating_sub(2), ..inner };
    let total = lines.len();
    scrolled(frame, body, lines, &shown.scroll);
    if total > body.height as usize {
        // Letters are typed where a word confirms.
        let keys = match shown.plan.confirm {
            Confirm::Yes => scroll_keys(board, Context::Plan),
            Confirm::Type(_) => "↑ ↓ PgUp PgDn".to_owned(),
        };
        let said = format!("{} of {total} lines, {keys} scroll", body.height);
        let place = Rect { y: body.bottom(), height: 1, ..inner };
        frame.render_widget(Line::styled(said, board.style(Slot::Dim)), place);
    }
    let place = Rect { y: inner.bottom() - 1, height: 1, ..inner };
    frame.render_widget(plan::question(board, shown, inner.width.into()), place);
}

fn draw_editor(board: &Board, editor: &Editor, frame: &mut Frame<'_>, area: Rect) {
    clear(board, frame, area);
    let name = format!("Spec of {} · version {}", editor.document.name, editor.document.version);
    let inner = frame_of(board, frame, area, title(board, &name), true);
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let mut shown = editor.area.clone();
    shown.set_style(board.style(Slot::Text));
    shown.set_line_number_style(board.style(Slot::Dim));
    shown.set_cursor_line_style(board.style(Slot::Unfocused));
    frame.render_widget(&shown, body);
    let place = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
    let line = if editor.discarding {
        Line::styled(
            " discard the changes? y, or any other key to go on",
            board.style(Slot::Banner),
        )
    } else if let Some(error) = &editor.error {
        let said = text::clean(&error.to_string()).into_owned();
        Line::styled(format!(" ✗ {said}"), board.style(Slot::Critical))
    } else {
        let plan = board.key_of(Act::ShowPlan, Context::Editor).unwrap_or_default();
        Line::from(vec![
            Span::styled(format!(" {plan} "), board.style(Slot::Key)),
            Span::styled("show the plan  ", board.style(Slot::Dim)),
            Span::styled("Ctrl-u ", board.style(Slot::Key)),
            Span::styled("undo  ", board.style(Slot::Dim)),
            Span::styled("Esc ", board.style(Slot::Key)),
            Span::styled("leave  ", board.style(Slot::Dim)),
            Span::styled("<hidden> values are kept", board.style(Slot::Dim)),
        ])
    };
    frame.render_widget(line, place);
}

fn draw_page(board: &Board, page: &Page, frame: &mut Frame<'_>, area: Rect) {
    clear(board, frame, area);
    let inner = frame_of(board, frame, area, title(board, &page.title), true);
    let body = Rect { height: inner.height.saturating_sub(1), ..inner };
    let back = board.key_of(Act::Back, Context::Page);
    let mut keys = vec![(Some(scroll_keys(board, Context::Page)), "scroll"), (back, "back")];
    let reveal = (
        board.key_of(Act::Reveal, Context::Page),
        if page.reveal { "hide secrets" } else { "show secrets" },
    );
    let lines = match &page.kind {
        PageKind::Describe { subject, document, .. } => {
            keys.push((board.key_of(Act::Yaml, Context::Page), "YAML"));
            keys.push(reveal);
            let width = body.width as usize;
            describe::lines(board, subject, document.as_ref(), page.reveal, width)
        }
        PageKind::Blast(id) => describe::blast_lines(board, id, body.width as usize),
        PageKind::Stats => stats::lines(board),
        PageKind::Yaml { value: None, .. } => {
            vec![Line::styled("reading…", board.style(Slot::Dim))]
        }
        PageKind::Yaml { value: Some(Err(why)), .. } => {
            vec![Line::styled(text::clean(why).into_owned(), board.style(Slot::Critical))]
        }
        PageKind::Yaml { value: Some(Ok(value)), .. } => {
            keys.push(reveal);
            let shown = if page.reveal {
                to_yaml(value)
            } else {
                let mut masked = (**value).clone();
                mask_document(&mut masked);
                to_yaml(&masked)
            };
            shown.lines().map(|l| yaml_line(board, l)).collect()
        }
    };
    scrolled(frame, body, lines, &page.scroll);
    let place = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
    let mut spans = Vec::new();
    for (key, words) in keys {
        let Some(key) = key.filter(|key| !key.is_empty()) else { continue };
        spans.push(Span::styled(format!(" {key} "), board.style(Slot::Key)));
        spans.push(Span::styled(format!("{words} "), board.style(Slot::Dim)));
    }
    frame.render_widget(Line::from(spans), place);
}

/// Key and value of a line of YAML told apart.
fn yaml_line(board: &Board, line: &str) -> Line<'static> {
    let clean = text::clean(line).into_owned();
    match clean.split_once(": ") {
        Some((key, value)) if !key.contains('"') => Line::from(vec![
            Span::styled(format!("{key}: "), board.style(Slot::Info)),
            Span::styled(value.to_owned(), board.style(Slot::Text)),
        ]),
        _ if clean.ends_with(':') => Line::styled(clean, board.style(Slot::Info)),
        _ => Line::styled(clean, board.style(Slot::Text)),
    }
}

fn draw_palette(board: &Board, palette: &Palette, frame: &mut Frame<'_>, area: Rect) {
    let known = Known::of(
        &board.scene.store,
        &board.siblings,
        &board.settings,
        &board.recent,
        board.context(),
    );
    let found = palette.suggestions(&known);
    let height = (found.len() as u16 + 3).clamp(4, area.height.min(16));
    let inner = popup(board, frame, 72, height, title(board, "Command"));
    let mut line = vec![Span::styled(" : ", board.style(Slot::Key))];
    line.extend(input_spans(board, &palette.input, inner.width.saturating_sub(3)));
    if let Some(error) = &palette.error {
        line.push(Span::styled(format!("  {}", text::clean(error)), board.style(Slot::Critical)));
    }
    frame.render_widget(Line::from(line), Rect { height: 1, ..inner });
    let rows = inner.height.saturating_sub(1) as usize;
    let from = palette.chosen.saturating_sub(rows.saturating_sub(1));
    let seen = &found[from.min(found.len())..found.len().min(from + rows)];
    let commands: Vec<_> = seen.iter().map(|found| text::clean(&found.command)).collect();
    let commands: Vec<&str> = commands.iter().map(|command| &**command).collect();
    // A command is of use only if it can be told from the others: what it does gives it room.
    let keys = seen.iter().map(|found| text::width(&found.key)).max().unwrap_or(0);
    let room = (inner.width as usize).saturating_sub(4 + keys);
    let wide = commands.iter().map(|command| text::width(command)).max().unwrap_or(0);
    let wide = wide.max(21).min(room);
    let left = room.saturating_sub(wide + 1).min(36);
    let commands = text::names(&commands, wide);
    for (row, (found, command)) in (from..).zip(seen.iter().zip(commands)) {
        let y = inner.y + 1 + (row - from) as u16;
        let place = Rect { y, height: 1, ..inner };
        if row == palette.chosen {
            frame.buffer_mut().set_style(place, board.style(Slot::Selected));
        }
        let marker = if row == palette.chosen { "›" } else { " " };
        let padded = |said: &str, width: usize| {
            format!("{said}{}", " ".repeat(width.saturating_sub(text::width(said))))
        };
        let words = text::clean(&found.words);
        let words = padded(&text::cut(&words, left), left);
        let line = Line::from(vec![
            Span::styled(format!("{marker} {} ", padded(&command, wide)), board.style(Slot::Text)),
            Span::styled(words, board.style(Slot::Dim)),
            Span::styled(format!(" {}", found.key), board.style(Slot::Key)),
        ]);
        frame.render_widget(line, place);
    }
}
