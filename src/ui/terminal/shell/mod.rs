//! The terminal, or pipes, handed over to a command in a container, and taken back.

mod escape;
pub(in crate::ui) mod hand_over;
mod raw_keys;
mod typing;
mod unsent;
mod writing;

use std::io::{self, IsTerminal};

use tokio::signal::unix::{SignalKind, signal};

pub use self::raw_keys::RawKeys;
use self::{escape::Escape, typing::Typing, unsent::Unsent, writing::Writing};
use crate::{
    session::{ShellEnd, ShellInput, ShellLink, ShellMeans, ShellOutput, TerminalSize},
    ui::terminal::signals::JobSignal,
};

/// Said in the middle of what a command says.
const FULL: &str = "\r\nskep: the program reads nothing; more than 8 MiB of input is dropped until it does. Enter ~. leaves it\r\n";

/// Our end of a command: a terminal where stdin and stdout are one.
pub fn shell_means() -> ShellMeans {
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    ShellMeans { size: is_terminal.then(terminal_size), stdin: true }
}

/// The size of the terminal; a usual one where it does not tell.
pub(in crate::ui) fn terminal_size() -> TerminalSize {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    TerminalSize { columns, rows }
}

/// Carries bytes between a command and the terminal, if there is one, or pipes until it ends, which it
/// returns, with why some of its output could not be written. On a terminal `~.` after Enter ends it, as in
/// ssh, and a shell's job control stops skep and lets it go on.
///
/// # Errors
/// The terminal can't be read.
pub async fn carry(
    link: &mut ShellLink,
    mut terminal: Option<&mut RawKeys>,
) -> io::Result<(ShellEnd, Option<io::Error>)> {
    let mut typing = Typing::new()?;
    let writing = Writing::new()?;
    let mut resized = signal(SignalKind::window_change())?;
    // Keys are always read, for the way out. A pipe waits.
    let mut escape = terminal.as_ref().map(|_| Escape::default());
    let mut unsent = Unsent::default();
    let mut unwritten = None;
    let mut is_typing = true;
    let end = loop {
        tokio::select! {
            said = link.output.recv(), if unwritten.is_none() => match said {
                Some(ShellOutput::Said(output, bytes)) => unwritten = Some((output, bytes)),
                Some(ShellOutput::Ended(end)) => break end,
                None => break ShellEnd::Lost("its connection is gone".into()),
            },
            room = writing.room(), if unwritten.is_some() => {
                // Nobody reads it any more.
                let (Some(room), Some(piece)) = (room, unwritten.take()) else {
                    break ShellEnd::Left;
                };
                room.send(piece);
            }
            _ = resized.recv(), if terminal.is_some() => {
                link.size.send_replace(Some(terminal_size()));
            }
            (job, raw) = job_of(&mut terminal) => {
                raw.obey(job).await?;
                // Nobody told of it meanwhile.
                link.size.send_replace(Some(terminal_size()));
            }
            room = link.input.reserve(), if !unsent.is_empty() => {
                let (Ok(room), Some(input)) = (room, unsent.pop()) else { continue };
                room.send(input);
            }
            typed = typing.next(), if is_typing && (escape.is_some() || unsent.is_empty()) => {
                let Some(typed) = typed else {
                    is_typing = false;
                    unsent.end();
                    // The terminal is gone.
                    if escape.is_some() {
                        break ShellEnd::Left;
                    }
                    continue;
                };
                let bytes = match &mut escape {
                    None => typed,
                    Some(escape) => match escape.take(&typed) {
                        Some(bytes) => bytes,
                        None => break ShellEnd::Left,
                    },
                };
                if unsent.push(bytes) {
                    writing.say(FULL);
                }
            }
        }
    };
    if end == ShellEnd::Left {
        let _ = link.input.try_send(ShellInput::Leave);
    }
    typing.stop();
    Ok((end, writing.finish(unwritten).await))
}

/// The next order of a shell's job control; never without a terminal.
async fn job_of<'a>(terminal: &'a mut Option<&mut RawKeys>) -> (JobSignal, &'a mut RawKeys) {
    match terminal {
        Some(raw) => (raw.job().await, raw),
        None => std::future::pending().await,
    }
}
