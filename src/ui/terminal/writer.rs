//! The way out to the terminal: frames are written by a thread of their own, so that a terminal that
//! is slow to take them never keeps a key waiting.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// The terminal is not ours: nothing more may be written to it.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Says whether the terminal is ours.
pub(in crate::ui) fn close(closed: bool) {
    CLOSED.store(closed, Ordering::SeqCst);
}

/// Progress of the writing.
#[derive(Debug, Default)]
struct WriteProgress {
    /// Bytes handed over, and written.
    given: AtomicU64,
    written: AtomicU64,
    /// Time of the last write, in microseconds.
    took: AtomicU64,
    failed: AtomicBool,
    done: Notify,
}

/// Collects what a frame writes; the flush at its end hands it to the thread.
#[derive(Debug)]
pub(in crate::ui) struct Writer {
    frame: Vec<u8>,
    thread: Sender<Vec<u8>>,
    progress: Arc<WriteProgress>,
}

/// Tells how the writing goes.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Gauge(Arc<WriteProgress>);

impl Writer {
    /// Starts the thread that writes to `to`.
    pub fn new(to: impl Write + Send + 'static) -> (Self, Gauge) {
        let (thread, frames) = channel();
        let progress = Arc::new(WriteProgress::default());
        let shared = Arc::clone(&progress);
        // It ends when its outlet is dropped.
        std::thread::spawn(move || write_all(to, &frames, &shared));
        let gauge = Gauge(Arc::clone(&progress));
        (Self { frame: Vec::new(), thread, progress }, gauge)
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let frame = std::mem::take(&mut self.frame);
        self.progress.given.fetch_add(frame.len() as u64, Ordering::SeqCst);
        self.thread.send(frame).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

fn write_all(mut to: impl Write, frames: &Receiver<Vec<u8>>, progress: &WriteProgress) {
    while let Ok(frame) = frames.recv() {
        let begun = Instant::now();
        if !CLOSED.load(Ordering::SeqCst) && to.write_all(&frame).and_then(|()| to.flush()).is_err()
        {
            progress.failed.store(true, Ordering::SeqCst);
        }
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        progress.took.store(took, Ordering::Relaxed);
        progress.written.fetch_add(frame.len() as u64, Ordering::SeqCst);
        progress.done.notify_one();
    }
}

impl Gauge {
    /// Whether all that was handed over is written.
    pub fn is_idle(&self) -> bool {
        self.bytes() == self.0.written.load(Ordering::SeqCst)
    }

    /// Waits for the end of a write.
    pub async fn done(&self) {
        self.0.done.notified().await;
    }

    /// Waits until all is written, but not for ever; whether it is.
    pub fn wait(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while !self.is_idle() {
            if Instant::now() > end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }

    /// Time of the last write.
    pub fn took(&self) -> Duration {
        Duration::from_micros(self.0.took.load(Ordering::Relaxed))
    }

    /// Bytes handed over so far.
    pub fn bytes(&self) -> u64 {
        self.0.given.load(Ordering::SeqCst)
    }

    /// The terminal is gone.
    pub fn failed(&self) -> bool {
        self.0.failed.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that takes a frame only when it is told to.
    struct Slow(Receiver<()>, Arc<AtomicU64>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_terminal_keeps_nobody_waiting() {
        let (go, wait) = channel();
        let taken = Arc::new(AtomicU64::new(0));
        let (mut writer, gauge) = Writer::new(Slow(wait, Arc::clone(&taken)));
        assert!(gauge.is_idle());
        writer.write_all(b"a frame").unwrap();
        writer.flush().unwrap();
        assert!(!gauge.is_idle() && !gauge.wait(Duration::from_millis(5)));
        go.send(()).unwrap();
        assert!(gauge.wait(Duration::from_secs(5)));
        assert_eq!((taken.load(Ordering::SeqCst), gauge.bytes()), (7, 7));
        drop(go);
        writer.write_all(b"more").unwrap();
        writer.flush().unwrap();
        assert!(gauge.wait(Duration::from_secs(5)) && gauge.failed());
    }
}
