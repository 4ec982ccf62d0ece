//! The screen handed over to a shell, and taken back whole.

use std::{io, io::Write};

use super::{RawKeys, carry, terminal_size};
use crate::{
    session::{ShellEnd, ShellLink},
    text::clean,
    ui::{
        app::message::ShellOver,
        terminal::{
            keyboard::Keyboard,
            signals::{Ends, JobControl},
            tty::RawTerminal,
        },
    },
};

/// The screen, and what else the shell takes over.
pub(in crate::ui) struct Handed<'a> {
    pub screen: &'a mut RawTerminal,
    pub keys: &'a mut Keyboard,
    pub ends: &'a mut Ends,
    pub job_control: &'a mut JobControl,
}

impl Handed<'_> {
    /// Hands the terminal over until the shell ends, which it tells; none if a signal ended the program.
    /// `meanwhile` never ends: what is heard goes on being taken in.
    ///
    /// # Errors
    /// The terminal fails.
    pub async fn over_to(
        self,
        mut link: ShellLink,
        meanwhile: impl Future<Output = ()>,
    ) -> io::Result<Option<ShellOver>> {
        let Self { screen, keys, ends, job_control } = self;
        keys.let_go();
        screen.give_back()?;
        let mut raw = RawKeys::take()?;
        let hint = format!("skep: a shell in {}; Enter ~. leaves it\r\n", clean(&link.name));
        let mut out = io::stdout();
        out.write_all(hint.as_bytes())?;
        out.flush()?;
        // It may have changed since the shell was asked for.
        link.size.send_replace(Some(terminal_size()));
        let name = link.name.clone();
        let end = {
            let carried = carry(&mut link, Some(&mut raw));
            tokio::pin!(carried, meanwhile);
            loop {
                tokio::select! {
                    biased;
                    _ = ends.next() => break None,
                    end = &mut carried => {
                        let lost = |error: io::Error| ShellEnd::Lost(error.to_string());
                        break Some(end.map_or_else(lost, |(end, _)| end));
                    }
                    () = &mut meanwhile => {}
                }
            }
        };
        // Without it what still runs is ended.
        drop(link);
        drop(raw);
        // The shell was stopped and went on, not the screen.
        *job_control = JobControl::new()?;
        // At the end of the program the terminal may be gone.
        let Some(end) = end else { return Ok(None) };
        screen.take_again()?;
        Ok(Some(ShellOver { name, end }))
    }
}
