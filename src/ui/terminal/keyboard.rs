//! Input from the terminal: keys, the mouse, pastes, sizes; a whole burst at once.

use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

use crossterm::event::{self, Event, EventStream};
use futures_util::StreamExt;

/// Time limit for taking input at once: then its result is drawn, and signals get their turn.
const AT_ONCE: Duration = Duration::from_millis(5);
/// No wait, and yet a look: the library takes zero for no look at all.
const NO_WAIT: Duration = Duration::from_micros(1);

/// The terminal's events in their order.
pub(in crate::ui) struct Keyboard {
    /// None while others read the terminal.
    stream: Option<EventStream>,
    /// Came with the one before, and is not given out yet.
    queued: VecDeque<Event>,
}

impl Keyboard {
    /// Reads the terminal from now on.
    pub fn new() -> Self {
        Self { stream: Some(EventStream::new()), queued: VecDeque::new() }
    }

    /// Leaves the terminal to others until the next event is asked for. What came already was typed for
    /// them.
    pub fn let_go(&mut self) {
        self.stream = None;
        self.queued.clear();
    }

    /// Whether more came than was given out.
    pub fn has_more(&self) -> bool {
        !self.queued.is_empty()
    }

    /// The next event; `None` when the terminal is gone. Safe to drop while it waits.
    ///
    /// The stream wakes for one event at a time, through another thread. What came with it is read here:
    /// 230,000 bytes at once are then some tenths of a second, not many seconds behind the keys.
    pub async fn next(&mut self) -> Option<io::Result<Event>> {
        if let Some(event) = self.queued.pop_front() {
            return Some(Ok(event));
        }
        let first = self.stream.get_or_insert_with(EventStream::new).next().await?;
        if first.is_ok() {
            let begun = Instant::now();
            while begun.elapsed() < AT_ONCE && event::poll(NO_WAIT).unwrap_or(false) {
                match event::read() {
                    Ok(event) => self.queued.push_back(event),
                    // The stream tells of it when it is asked again.
                    Err(_) => break,
                }
            }
        }
        Some(first)
    }
}
