//! The terminal, or pipes, handed over to a command in a container, and taken back.

mod escape;
pub(in crate::ui) mod hand_over;
mod typing;
mod writing;

use std::io::{self, IsTerminal, Write};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use tokio::signal::unix::{SignalKind, signal};

use self::{escape::Escape, typing::Typing, writing::Writing};
use crate::session::{ShellEnd, ShellInput, ShellLink, ShellMeans, ShellOutput, TerminalSize};

/// Undoes modes that a command may have left: the other screen, a hidden cursor, the mouse, pastes
/// in brackets, a keypad and cursor keys of their own, a scrolled part, colours, another set of letters.
const RESET: &str = "\x1b[?1049l\x1b[?25h\x1b[?1000;1002;1003;1004;1005;1006;1015l\x1b[?2004l\x1b[?1l\x1b>\x1b7\x1b[r\x1b8\x1b[0m\x0f\x1b(B";

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

/// A terminal whose keys go out as they come; as it was before when this is dropped.
pub struct RawKeys {
    /// A command may have left modes of its own.
    has_modes: bool,
}

impl RawKeys {
    /// Takes the terminal's keys.
    ///
    /// # Errors
    /// It is no terminal.
    pub fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self { has_modes: true })
    }

    /// Gives them back, and leaves the terminal's modes as a command that ended by itself left them.
    pub fn keep_modes(mut self) {
        self.has_modes = false;
    }

    /// Takes them again: a shell's job control may have changed the terminal.
    pub(in crate::ui) fn take_again(&self) -> io::Result<()> {
        disable_raw_mode()?;
        enable_raw_mode()
    }
}

impl Drop for RawKeys {
    fn drop(&mut self) {
        if self.has_modes {
            let mut out = io::stdout();
            let _ = out.write_all(RESET.as_bytes()).and_then(|()| out.flush());
        }
        let _ = disable_raw_mode();
    }
}

/// Carries bytes between a command and the terminal or pipes until it ends, which it returns, with why some
/// of its output could not be written. On a terminal `~.` after Enter ends it, as in ssh.
///
/// # Errors
/// The terminal can't be read.
pub async fn carry(
    link: &mut ShellLink,
    means: ShellMeans,
) -> io::Result<(ShellEnd, Option<io::Error>)> {
    let mut typing = Typing::new()?;
    let writing = Writing::new()?;
    let mut resized = signal(SignalKind::window_change())?;
    let mut escape = means.size.map(|_| Escape::default());
    // Typed, and not taken yet.
    let mut waiting: Option<ShellInput> = None;
    let mut is_typing = true;
    let end = loop {
        tokio::select! {
            said = link.output.recv() => match said {
                Some(ShellOutput::Said(output, bytes)) => {
                    if !writing.write(output, bytes).await {
                        // Nobody reads it any more.
                        break ShellEnd::Left;
                    }
                }
                Some(ShellOutput::Ended(end)) => break end,
                None => break ShellEnd::Lost("its connection is gone".into()),
            },
            _ = resized.recv(), if means.size.is_some() => {
                link.size.send_replace(Some(terminal_size()));
            }
            room = link.input.reserve(), if waiting.is_some() => {
                let (Ok(room), Some(input)) = (room, waiting.take()) else { continue };
                room.send(input);
            }
            typed = typing.next(), if waiting.is_none() && is_typing => {
                let Some(typed) = typed else {
                    is_typing = false;
                    waiting = Some(ShellInput::End);
                    // The terminal is gone.
                    if means.size.is_some() {
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
                waiting = (!bytes.is_empty()).then_some(ShellInput::Bytes(bytes));
            }
        }
    };
    if end == ShellEnd::Left {
        let _ = link.input.try_send(ShellInput::Leave);
    }
    typing.stop();
    Ok((end, writing.finish().await))
}
