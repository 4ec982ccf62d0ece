//! The screen handed over to a shell, and taken back whole.

use std::{io, io::Write, time::Duration};

use tokio::task::JoinSet;

use super::{RawKeys, carry, reset_terminal, terminal_size};
use crate::{
    grant::ClusterNo,
    session::{ShellEnd, ShellLink, ShellMeans, ShellOutput},
    text::clean,
    ui::{
        app::message::ShellTold,
        terminal::{
            keyboard::Keyboard,
            signals::{Ends, JobControl, JobSignal},
            tty::RawTerminal,
        },
    },
};

/// Time at the end of the program to end what shells still run.
const PATIENCE: Duration = Duration::from_secs(6);

/// Shells that are over, while what they ran is being ended.
#[derive(Default)]
pub(in crate::ui) struct Sweeps(JoinSet<(ClusterNo, ShellTold)>);

impl Sweeps {
    /// The next that is done; never while there is none.
    pub async fn next(&mut self) -> (ClusterNo, ShellTold) {
        loop {
            match self.0.join_next().await {
                Some(Ok(done)) => return done,
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Waits for them all, but not for ever: what is left then the next skep ends.
    pub async fn finish(mut self) {
        let all = async { while self.0.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(PATIENCE, all).await;
    }

    fn add(&mut self, no: ClusterNo, link: ShellLink) {
        let ShellLink { input, size, mut output, name, .. } = link;
        // Without them it ends.
        drop((input, size));
        self.0.spawn(async move {
            let mut left = None;
            while let Some(said) = output.recv().await {
                if let ShellOutput::Swept(swept) = said {
                    left = swept.err();
                    break;
                }
            }
            (no, ShellTold { name, end: None, left })
        });
    }
}

/// The screen, and what else the shell takes over.
pub(in crate::ui) struct Handed<'a> {
    pub screen: &'a mut RawTerminal,
    pub keys: &'a mut Keyboard,
    pub ends: &'a mut Ends,
    pub job_control: &'a mut JobControl,
    pub sweeps: &'a mut Sweeps,
}

impl Handed<'_> {
    /// Hands the terminal over until the shell ends, which it tells; none if a signal ended the program.
    /// `meanwhile` never ends: what is heard goes on being taken in.
    ///
    /// # Errors
    /// The terminal fails.
    pub async fn over_to(
        self,
        no: ClusterNo,
        mut link: ShellLink,
        meanwhile: impl Future<Output = ()>,
    ) -> io::Result<Option<ShellTold>> {
        let Self { screen, keys, ends, job_control, sweeps } = self;
        keys.let_go();
        screen.give_back()?;
        let raw = RawKeys::take()?;
        let hint = format!("skep: a shell in {}; Enter ~. leaves it\r\n", clean(&link.name));
        let mut out = io::stdout();
        out.write_all(hint.as_bytes())?;
        out.flush()?;
        let means = ShellMeans { size: Some(terminal_size()), stdin: true };
        // It may have changed since the shell was asked for.
        link.size.send_replace(means.size);
        let name = link.name.clone();
        let end = {
            let carried = carry(&mut link, means);
            tokio::pin!(carried, meanwhile);
            loop {
                tokio::select! {
                    biased;
                    () = ends.next() => break None,
                    job = job_control.next() => {
                        // It is not stopped in the middle of a shell. One that was goes on as it was.
                        if job == JobSignal::GoOn {
                            raw.take_again()?;
                        }
                    }
                    end = &mut carried => {
                        let lost = |error: io::Error| ShellEnd::Lost(error.to_string());
                        break Some(end.map_or_else(lost, |(end, _)| end));
                    }
                    () = &mut meanwhile => {}
                }
            }
        };
        sweeps.add(no, link);
        reset_terminal();
        drop(raw);
        // At the end of the program the terminal may be gone.
        let Some(end) = end else { return Ok(None) };
        screen.take_again()?;
        Ok(Some(ShellTold { name, end: Some(end), left: None }))
    }
}
