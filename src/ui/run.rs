//! The loop: signals, keys, then what the sessions told, in batches; then a frame if something
//! changed: within 10 ms of a key, at most 30 a second for data, none when nothing changed.

use std::{
    io,
    time::{Duration, Instant},
};

use crossterm::event::{Event as TermEvent, EventStream, KeyCode, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    App,
    app::{Effect, Msg},
    draw,
    term::Screen,
};
use crate::{cluster::Timestamp, session::Fleet};

/// Between frames for data.
const FRAME: Duration = Duration::from_millis(33);
/// Ages and clocks go on.
const TICK: Duration = Duration::from_secs(1);
/// A turn of the loop that takes longer is logged.
const SLOW: Duration = Duration::from_millis(50);

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user quit.
    Quit,
    /// A signal ended it.
    Signal,
}

/// A clock that never jumps: our wall clock at the start, and monotonic from there.
struct Clock {
    began: Instant,
    wall: Timestamp,
}

impl Clock {
    fn new() -> Self {
        let wall = jiff::Timestamp::now().as_nanosecond();
        Self { began: Instant::now(), wall: Timestamp(i64::try_from(wall).unwrap_or(0)) }
    }

    fn now(&self) -> Timestamp {
        self.wall.shifted(i64::try_from(self.began.elapsed().as_nanos()).unwrap_or(0))
    }
}

/// Runs the UI over the sessions until the user quits.
///
/// # Errors
/// When the terminal fails.
pub async fn run(make: impl FnOnce(Timestamp) -> App, mut fleet: Fleet) -> io::Result<Outcome> {
    let clock = Clock::new();
    let mut app = make(clock.now());
    for told in std::mem::take(&mut fleet.backlog) {
        for effect in app.update(Msg::Told(told), clock.now()) {
            if let Effect::Session(no, command) = effect {
                fleet.send(no, command);
            }
        }
    }
    let mut screen = Screen::take()?;
    let mut keys = EventStream::new();
    let mut term = signal(SignalKind::terminate())?;
    let mut hup = signal(SignalKind::hangup())?;
    let mut int = signal(SignalKind::interrupt())?;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    screen.tty.draw(|frame| draw(&app, frame))?;
    let mut dirty = false;
    let mut last_frame = Instant::now();
    loop {
        let frame_due = last_frame + FRAME;
        let mut urgent = false;
        let turn;
        let effects = tokio::select! {
            biased;
            _ = term.recv() => return Ok(Outcome::Signal),
            _ = hup.recv() => return Ok(Outcome::Signal),
            _ = int.recv() => return Ok(Outcome::Signal),
            key = keys.next() => {
                turn = Instant::now();
                urgent = true;
                match key {
                    // The terminal is gone.
                    None => return Ok(Outcome::Signal),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(TermEvent::Key(key))) if key.kind != KeyEventKind::Release => {
                        if key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL) {
                            // The event stream reads the tty: it must not while the shell does.
                            drop(keys);
                            screen.suspend()?;
                            keys = EventStream::new();
                            dirty = true;
                            Vec::new()
                        } else {
                            app.update(Msg::Key(key), clock.now())
                        }
                    }
                    Some(Ok(TermEvent::Paste(text))) => app.update(Msg::Paste(text), clock.now()),
                    // A resize: the terminal's own buffer follows when it draws.
                    Some(Ok(_)) => {
                        dirty = true;
                        Vec::new()
                    }
                }
            }
            () = tokio::time::sleep_until(frame_due.into()), if dirty => {
                turn = Instant::now();
                Vec::new()
            }
            told = fleet.told.recv() => {
                turn = Instant::now();
                let mut effects = Vec::new();
                let mut next = told;
                // All that waits, for at most half a frame: then keys get their turn.
                while let Some(told) = next {
                    effects.extend(app.update(Msg::Told(told), clock.now()));
                    next = if turn.elapsed() < FRAME / 2 { fleet.told.try_recv().ok() } else { None };
                }
                effects
            }
            () = std::future::ready(()), if app.has_work() => {
                turn = Instant::now();
                app.update(Msg::Tick, clock.now())
            }
            _ = tick.tick() => {
                turn = Instant::now();
                app.update(Msg::Tick, clock.now())
            }
        };
        dirty |= app.take_dirty();
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(Outcome::Quit),
                Effect::Copy(text) => screen.copy(&text)?,
                Effect::Write { path, text, fresh } => {
                    if let Err(error) = write(&path, &text, fresh) {
                        app.complain(format!("{}: {error}", path.display()));
                    }
                }
                Effect::Session(no, command) => fleet.send(no, command),
            }
        }
        if dirty && (urgent || Instant::now() >= frame_due) {
            screen.tty.draw(|frame| draw(&app, frame))?;
            last_frame = Instant::now();
            dirty = false;
        }
        if turn.elapsed() > SLOW {
            tracing::warn!(ms = turn.elapsed().as_millis(), "a slow turn of the loop");
        }
    }
}

/// Writes a file of the user's: made anew for nobody else's eyes, never over another one.
fn write(path: &std::path::Path, text: &str, fresh: bool) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = std::fs::OpenOptions::new();
    options.mode(0o600);
    if fresh {
        options.write(true).create_new(true);
    } else {
        options.append(true);
    }
    options.open(path)?.write_all(text.as_bytes())
}
