//! The terminal while a command in a container has its keys.

use std::io::{self, Write};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::ui::terminal::signals::{JobControl, JobSignal, can_go_on};

/// Undoes modes that a command may have left: the other screen, a hidden cursor, the mouse, pastes
/// in brackets, a keypad and cursor keys of their own, a scrolled part, colours, another set of letters.
const RESET: &str = "\x1b[?1049l\x1b[?25h\x1b[?1000;1002;1003;1004;1005;1006;1015l\x1b[?2004l\x1b[?1l\x1b>\x1b7\x1b[r\x1b8\x1b[0m\x0f\x1b(B";

/// A terminal whose keys go out as they come; as it was before when this is dropped.
pub struct RawKeys {
    job_control: JobControl,
    /// A command may have left modes of its own.
    has_modes: bool,
}

impl RawKeys {
    /// Takes the terminal's keys.
    ///
    /// # Errors
    /// It is no terminal.
    pub fn take() -> io::Result<Self> {
        let job_control = JobControl::new()?;
        enable_raw_mode()?;
        Ok(Self { job_control, has_modes: true })
    }

    /// Gives them back, and leaves the terminal's modes as a command that ended by itself left them.
    pub fn keep_modes(mut self) {
        self.has_modes = false;
    }

    /// The next order of the job control of the shell that skep was started from.
    pub(super) async fn job(&mut self) -> JobSignal {
        self.job_control.next().await
    }

    /// Obeys one. The terminal is the shell's until it lets skep go on, and then taken again.
    pub(super) async fn obey(&mut self, job: JobSignal) -> io::Result<()> {
        if job == JobSignal::Stop {
            if !can_go_on() {
                return Ok(());
            }
            give_back(self.has_modes);
            self.job_control.stop().await?;
        }
        // Whatever others made of it: what it was before skep stays what is given back in the end.
        disable_raw_mode()?;
        enable_raw_mode()
    }
}

impl Drop for RawKeys {
    fn drop(&mut self) {
        give_back(self.has_modes);
    }
}

fn give_back(has_modes: bool) {
    if has_modes {
        let mut out = io::stdout();
        let _ = out.write_all(RESET.as_bytes()).and_then(|()| out.flush());
    }
    let _ = disable_raw_mode();
}
