//! Output of a command, written by a thread of its own: a terminal that is slow to take it holds up no key.

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::AsFd,
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::session::Output;

/// Pieces that wait for the terminal.
const ROOM: usize = 4;
/// Time for a hanging terminal to take the last of them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes to stdout and stderr.
pub(super) struct Writing {
    pieces: mpsc::Sender<(Output, Bytes)>,
    done: oneshot::Receiver<io::Result<()>>,
}

impl Writing {
    /// Starts the thread that writes.
    pub fn new() -> io::Result<Self> {
        // Not their own handles: who waits for a terminal that hangs would hold their locks.
        let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let mut stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let (pieces, mut queue) = mpsc::channel::<(Output, Bytes)>(ROOM);
        let (tell, done) = oneshot::channel();
        std::thread::spawn(move || {
            while let Some((output, bytes)) = queue.blocking_recv() {
                let written = match output {
                    Output::Stderr | Output::Engine => stderr.write_all(&bytes),
                    Output::Stdout => stdout.write_all(&bytes),
                };
                if written.is_err() {
                    let _ = tell.send(written);
                    return;
                }
            }
            let _ = tell.send(Ok(()));
        });
        Ok(Self { pieces, done })
    }

    /// Waits for room for a piece; none if nobody takes it any more.
    pub async fn room(&self) -> Option<mpsc::Permit<'_, (Output, Bytes)>> {
        self.pieces.reserve().await.ok()
    }

    /// Says something of our own, where there is room for it.
    pub fn say(&self, text: &'static str) {
        let _ = self.pieces.try_send((Output::Stdout, Bytes::from_static(text.as_bytes())));
    }

    /// Waits until all is written, with a last piece, but not for ever. Returns why something could not be;
    /// that nobody reads it any more is no reason.
    pub async fn finish(self, last: Option<(Output, Bytes)>) -> Option<io::Error> {
        let Self { pieces, done } = self;
        let written = async {
            if let Some(last) = last {
                let _ = pieces.send(last).await;
            }
            drop(pieces);
            done.await
        };
        let written = tokio::time::timeout(PATIENCE, written).await;
        let error = written.ok()?.ok()?.err()?;
        (error.kind() != io::ErrorKind::BrokenPipe).then_some(error)
    }
}
