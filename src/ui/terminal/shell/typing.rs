//! Input from the terminal or a pipe: read by a thread that can be stopped, so that no key is taken
//! from who reads the terminal next.

use std::{
    io::{self, PipeWriter, pipe},
    os::fd::AsFd,
    thread::JoinHandle,
};

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc;

/// Bytes read at once at most.
const AT_ONCE: usize = 16 << 10;
/// Pieces that wait to be taken.
const ROOM: usize = 4;

/// Reads stdin.
pub(super) struct Typing {
    pieces: mpsc::Receiver<Vec<u8>>,
    /// The thread ends when this is closed.
    stop: PipeWriter,
    thread: JoinHandle<()>,
}

impl Typing {
    /// Reads from now on.
    pub fn new() -> io::Result<Self> {
        let (stopped, stop) = pipe()?;
        let (send, pieces) = mpsc::channel(ROOM);
        let read = move || {
            let _ = read(&stopped, &send);
        };
        let thread = std::thread::Builder::new().name("typing".into()).spawn(read)?;
        Ok(Self { pieces, stop, thread })
    }

    /// The next piece; none at the end. Safe to drop while it waits.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        self.pieces.recv().await
    }

    /// Reads no more; when it returns nothing else is taken.
    pub fn stop(self) {
        let Self { pieces, stop, thread } = self;
        drop((pieces, stop));
        let _ = thread.join();
    }
}

fn read(stopped: &impl AsFd, send: &mpsc::Sender<Vec<u8>>) -> rustix::io::Result<()> {
    let stdin = io::stdin();
    let mut buffer = vec![0; AT_ONCE];
    loop {
        let mut fds = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::from_borrowed_fd(stopped.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            polled => polled?,
        };
        if !fds[1].revents().is_empty() {
            return Ok(());
        }
        let read = match rustix::io::read(&stdin, &mut buffer) {
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
            read => read?,
        };
        if read == 0 || send.blocking_send(buffer[..read].to_vec()).is_err() {
            return Ok(());
        }
    }
}
