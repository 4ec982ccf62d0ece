//! The terminal, taken and always given back: on quit, error, panic, signals and Ctrl-Z.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc,
    time::Duration,
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute,
    terminal::{
        Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};

use super::outlet::{Gauge, Outlet, close};

/// A frame is one write; unbuffered, a scroll makes thousands (measured).
pub(super) type Tty = Terminal<CrosstermBackend<Outlet>>;

/// What a terminal that hangs gets to take the last words.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether stdout is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// The terminal while skep has it; gives it back when dropped.
pub(super) struct Screen {
    pub tty: Tty,
    /// How far the terminal is with what it was given.
    pub gauge: Gauge,
}

impl Screen {
    /// Takes the terminal.
    pub fn take() -> io::Result<Self> {
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
        enter()?;
        let (tty, gauge) = terminal()?;
        Ok(Self { tty, gauge })
    }

    /// Gives the terminal back, stops until `fg`, and takes it again.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.tty.flush()?;
        self.gauge.wait(PATIENCE);
        give_back();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        enter()?;
        // Not `Terminal::clear`: that asks the terminal where its cursor is and fails if it is slow to
        // tell. A new one knows that nothing is on the screen.
        (self.tty, self.gauge) = terminal()?;
        Ok(())
    }

    /// To the clipboard of the terminal the user sits at, also over SSH and in tmux (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.tty.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.tty.backend_mut().flush();
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
    let (outlet, gauge) = Outlet::new(io::stdout());
    Ok((Terminal::new(CrosstermBackend::new(outlet))?, gauge))
}

fn enter() -> io::Result<()> {
    close(false);
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All), EnableBracketedPaste, Hide)
}

/// Never fails: there is nobody to tell, and the rest must still be tried.
fn give_back() {
    close(true);
    let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}
