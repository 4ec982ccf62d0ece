//! The terminal, taken and always given back: on quit, error, panic, signals and Ctrl-Z.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc,
    time::Duration,
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::{Hide, Show},
    event::{
        DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, KeyCode, KeyEvent,
        KeyModifiers,
    },
    execute, queue,
    terminal::{
        Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};

use crate::ui::terminal::{
    abort::before_abort,
    writer::{Gauge, Writer, close},
};

/// A frame is one write; unbuffered, a scroll makes thousands (measured).
pub(in crate::ui) type Tty = Terminal<CrosstermBackend<Writer>>;

/// Time for a hanging terminal to take the last output.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether stdout is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// Time limit for a terminal to report its background. All that are known to answer at all do
/// so within a round trip.
const ANSWER: Duration = Duration::from_millis(300);

/// Whether the terminal's background is dark, if it tells.
pub fn is_dark() -> Option<bool> {
    use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
    let mut options = QueryOptions::default();
    options.timeout = ANSWER;
    Some(theme_mode(options).ok()? == ThemeMode::Dark)
}

/// Drops what a terminal answered too late, which looks as if it were typed: `Alt-]`, then
/// `11;rgb:1e1e/1e1e/2e2e`, then `Alt-\` or `Ctrl-g`. What can't be that is left alone.
#[derive(Debug, Default)]
pub(in crate::ui) struct Strays {
    /// Number of characters received; 0 if no answer has begun.
    come: usize,
}

const ANSWERS: &str = "]11;rgb:";

impl Strays {
    /// No answer is longer.
    const LONGEST: usize = 32;

    /// Whether this key is part of one.
    pub fn has(&mut self, key: &KeyEvent) -> bool {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let KeyCode::Char(c) = key.code else {
            self.come = 0;
            return false;
        };
        if self.come == 0 {
            self.come = usize::from(alt && c == ']');
            // By itself it means nothing.
            return false;
        }
        let plain = !alt && !ctrl;
        let goes_on = match ANSWERS.chars().nth(self.come) {
            Some(next) => plain && c == next,
            None => plain && (c.is_ascii_hexdigit() || c == '/') && self.come < Self::LONGEST,
        };
        let ends = self.come >= ANSWERS.len() && ((alt && c == '\\') || (ctrl && c == 'g'));
        self.come = if goes_on { self.come + 1 } else { 0 };
        goes_on || ends
    }
}

/// The terminal while skep has it; gives it back when dropped.
pub(in crate::ui) struct RawTerminal {
    pub tty: Tty,
    /// Progress of the output to the terminal.
    pub gauge: Gauge,
    mouse: bool,
}

/// Clicks, the wheel and drags; not where the mouse goes without a button, which would be told all the
/// time. With Shift it is the terminal's own, to select text.
struct EnableMouse;

impl crossterm::Command for EnableMouse {
    fn write_ansi(&self, f: &mut impl std::fmt::Write) -> std::fmt::Result {
        f.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }
}

impl RawTerminal {
    /// Takes the terminal.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Only a panic of the UI ends the program; one of a task must not write over the screen.
            if std::thread::current().name() == Some("main") {
                give_back();
                before(info);
            } else {
                tracing::error!(%info, "a task panicked");
            }
        }));
        before_abort(give_back)?;
        enter(mouse)?;
        let (tty, gauge) = terminal()?;
        Ok(Self { tty, gauge, mouse })
    }

    /// Gives the terminal back for a while.
    pub fn give_back(&mut self) -> io::Result<()> {
        // Not `Terminal::flush`: that draws, and its buffer is blank now.
        Write::flush(self.tty.backend_mut())?;
        self.gauge.wait(PATIENCE);
        give_back();
        Ok(())
    }

    /// Takes the terminal again, whatever others made of it meanwhile; the next frame is drawn whole.
    pub fn take_again(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: that asks the terminal where its cursor is and fails if it is slow to
        // tell. A new one knows that nothing is on the screen.
        let (tty, gauge) = terminal()?;
        // The last words of the old one are not for the new screen.
        close(true);
        drop(std::mem::replace(&mut self.tty, tty));
        std::mem::replace(&mut self.gauge, gauge).wait(PATIENCE);
        // What it was before skep stays what is given back in the end.
        disable_raw_mode()?;
        enter(self.mouse)
    }

    /// Rings the terminal's bell.
    pub fn ring(&mut self) -> io::Result<()> {
        self.tty.backend_mut().write_all(b"\x07")?;
        Write::flush(self.tty.backend_mut())
    }

    /// Clears the screen; the next frame is drawn whole. Not `Terminal::clear`: see [`Self::take_again`].
    pub fn wipe(&mut self) -> io::Result<()> {
        queue!(self.tty.backend_mut(), Clear(ClearType::All))?;
        // The buffer that the next frame is compared with becomes the blank one.
        self.tty.swap_buffers();
        Ok(())
    }

    /// Copies to the clipboard of the terminal the user sits at, also over SSH and in tmux (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.tty.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        let _ = Write::flush(self.tty.backend_mut());
        self.gauge.wait(PATIENCE);
        // A terminal that takes nothing any more must not keep the process.
        let (told, given_back) = mpsc::channel();
        std::thread::spawn(move || {
            give_back();
            let _ = told.send(());
        });
        let _ = given_back.recv_timeout(PATIENCE);
    }
}

fn terminal() -> io::Result<(Tty, Gauge)> {
    let (writer, gauge) = Writer::new(io::stdout());
    Ok((Terminal::new(CrosstermBackend::new(writer))?, gauge))
}

fn enter(mouse: bool) -> io::Result<()> {
    close(false);
    enable_raw_mode()?;
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, Clear(ClearType::All), EnableBracketedPaste, Hide)?;
    if mouse { execute!(out, EnableMouse) } else { Ok(()) }
}

/// Never fails: there is nobody to tell, and the rest must still be tried.
fn give_back() {
    close(true);
    let _ = execute!(
        io::stdout(),
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_came_late_is_not_typed() {
        let (none, alt) = (KeyModifiers::NONE, KeyModifiers::ALT);
        let mut strays = Strays::default();
        let mut typed = |text: &str, modifiers| {
            let keys = text.chars().map(|c| KeyEvent::new(KeyCode::Char(c), modifiers));
            keys.filter(|key| !strays.has(key)).count()
        };
        assert_eq!(typed("rs", none), 2);
        let answer = typed("]", alt) + typed("11;rgb:1e1e/1e1e/2e2e", none) + typed("\\", alt);
        assert_eq!(answer, 1, "Alt-] does nothing");
        assert_eq!(typed("r", none), 1, "what follows is typed");
        assert_eq!(typed("]", alt) + typed("jjq", none), 4, "what can't be one is typed");
        assert_eq!(typed("]", alt) + typed("11;rgb:ff", none) + typed("sr", none), 3);
    }
}
