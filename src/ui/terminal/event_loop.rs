//! The loop: signals, keys, then what the sessions told, in batches; then a frame if something
//! changed: within 10 ms of a key, at most 30 a second for data, fewer over a slow link, none when
//! nothing changed or the terminal is still busy with the last.

use std::{
    collections::VecDeque,
    io,
    time::{Duration, Instant},
};

use crossterm::event::{Event as TermEvent, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use crate::{
    cluster::Timestamp,
    session::{Command, Sessions, ShellMeans},
    ui::{
        app::{App, Effect, Msg},
        draw,
        terminal::{
            hook,
            keyboard::Keyboard,
            performance::{Performance, resident},
            shell::{hand_over::Handed, terminal_size},
            signals::{Ends, JobControl, JobSignal, can_go_on},
            ssh_backlog::SshBacklog,
            tty::{RawTerminal, Strays},
            user_files::UserFiles,
        },
    },
};

/// Between frames for data.
const FRAME: Duration = Duration::from_millis(33);
/// Time limit for applying events at once.
const HEARING: Duration = Duration::from_millis(2);
/// Ages and clocks go on.
const TICK: Duration = Duration::from_secs(1);
/// A turn of the loop that takes longer is logged.
const SLOW: Duration = Duration::from_millis(50);

/// Bytes a second that data may send to the terminal; what a key changes comes on top.
const RATE: f64 = 128.0 * 1024.0;
/// The same with `--low-bandwidth`, and the time between frames.
const LOW_RATE: f64 = 6.0 * 1024.0;
const LOW_FRAME: Duration = Duration::from_millis(500);

/// A slow link never rests longer.
const LONGEST: Duration = Duration::from_secs(2);
/// Data never waits longer for one that is behind: what else goes over it may never end, and a screen
/// that stands still is no live one.
const PATIENCE: Duration = Duration::from_secs(5);
/// When a link that is behind is looked at again.
const CATCH_UP: Duration = Duration::from_millis(50);

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The user quit.
    Quit,
    /// A signal ended it.
    Signal,
}

/// A clock that never jumps: our wall clock at the start, and monotonic from there. The time a machine
/// sleeps is counted, or what is old would look young after it.
struct Clock {
    began: Duration,
    wall: Timestamp,
}

/// Time since the machine started.
fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let at = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(at.tv_sec).unwrap_or(0), u32::try_from(at.tv_nsec).unwrap_or(0))
}

impl Clock {
    fn new() -> Self {
        Self { began: uptime(), wall: jiff::Timestamp::now().into() }
    }

    fn now(&self) -> Timestamp {
        let passed = uptime().saturating_sub(self.began);
        self.wall.shifted(i64::try_from(passed.as_nanos()).unwrap_or(0))
    }
}

/// When the next frame for data may be drawn.
struct Frames {
    least: Duration,
    rate: f64,
    /// Earliest time of the next frame, because the link is behind or was.
    again: Instant,
    behind: bool,
    /// The last one, and when it was drawn.
    drawn: Instant,
    bytes: u64,
}

impl Frames {
    fn new(low_bandwidth: bool) -> Self {
        let (least, rate) = if low_bandwidth { (LOW_FRAME, LOW_RATE) } else { (FRAME, RATE) };
        let now = Instant::now();
        Self { least, rate, again: now, behind: false, drawn: now, bytes: 0 }
    }

    /// When that is, after the last one took so long to write.
    fn due(&self, took: Duration) -> Instant {
        (self.drawn + self.between(took)).max(self.again)
    }

    /// Whether the link may take one now. One that was behind rests twice as long as it was: about half
    /// of it is for keys.
    fn may_go(&mut self, behind: bool, now: Instant) -> bool {
        if now - self.drawn >= PATIENCE {
            return true;
        }
        if behind {
            self.again = now + CATCH_UP;
        } else if self.behind {
            self.again = now + (2 * (now - self.drawn)).min(LONGEST);
        }
        let rests = behind || self.behind;
        self.behind = behind;
        !rests
    }

    /// A terminal that took long for the last frame, or got many bytes, is given time.
    fn between(&self, took: Duration) -> Duration {
        let link = Duration::from_secs_f64(self.bytes as f64 / self.rate);
        self.least.max(took * 3).max(link).min(LONGEST)
    }
}

/// Use of the terminal.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// `SSH_CONNECTION`: the two ends of the ssh session the terminal is at the end of.
    pub ssh: Option<String>,
    /// The link is as slow as can be.
    pub low_bandwidth: bool,
    /// The mouse is skep's.
    pub mouse: bool,
}

/// Runs the UI over the sessions until the user quits. Afterwards nobody has a link to a shell any more.
///
/// # Errors
/// When the terminal fails.
pub async fn run(
    make: impl FnOnce(Timestamp) -> App,
    sessions: &mut Sessions,
    Means { ssh, low_bandwidth, mouse }: Means,
) -> io::Result<Ended> {
    let clock = Clock::new();
    let mut app = make(clock.now());
    for told in std::mem::take(&mut sessions.backlog) {
        app.hear(told, clock.now());
    }
    for effect in app.catch_up(clock.now()) {
        if let Effect::Session(no, command) = effect {
            sessions.send(no, command);
        }
    }
    // Before the terminal is taken: whatever ends it from here on gives it back.
    let mut ends = Ends::new()?;
    let mut job_control = JobControl::new()?;
    let mut screen = RawTerminal::take(mouse)?;
    let mut keys = Keyboard::new();
    let mut files = UserFiles::new();
    let mut strays = Strays::default();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut frames = Frames::new(low_bandwidth);
    let mut lag = SshBacklog::of(ssh.as_deref());
    let mut performance = Performance::default();
    let mut dirty = true;
    let mut urgent = true;
    let mut held = false;
    let mut turn = Instant::now();
    loop {
        let idle = screen.gauge.is_idle();
        let is_due = dirty && idle && Instant::now() >= frames.due(screen.gauge.took());
        // Of a burst of keys what they did together is drawn, not each.
        urgent &= !keys.has_more() || frames.drawn.elapsed() >= FRAME;
        let waits = is_due && !urgent && !frames.may_go(lag.is_behind(), Instant::now());
        if dirty && idle && (urgent || is_due && !waits) {
            let begun = Instant::now();
            let before = screen.gauge.bytes();
            // As early as it can be seen.
            let now = clock.now();
            screen.tty.draw(|frame| draw(&app, frame))?;
            app.drawn(now);
            frames.drawn = Instant::now();
            frames.bytes = screen.gauge.bytes() - before;
            performance.frames += 1;
            performance.bytes += frames.bytes;
            performance.drawing.push(begun.elapsed());
            (dirty, urgent) = (false, false);
            held = false;
        } else if dirty && (!idle || waits) && !std::mem::replace(&mut held, true) {
            performance.held += 1;
        }
        if screen.gauge.failed() {
            return Ok(Ended::Signal);
        }
        let frame_due = frames.due(screen.gauge.took());
        performance.turns.push(turn.elapsed());
        if turn.elapsed() > SLOW {
            tracing::warn!(ms = turn.elapsed().as_millis(), "a slow turn of the loop");
        }
        let effects = tokio::select! {
            biased;
            _ = ends.next() => return Ok(Ended::Signal),
            job = job_control.next() => {
                turn = Instant::now();
                match job {
                    JobSignal::Stop => suspend(&mut screen, &mut keys, &mut job_control).await?,
                    JobSignal::GoOn => screen.take_again()?,
                }
                (dirty, urgent) = (true, true);
                Vec::new()
            }
            key = keys.next() => {
                turn = Instant::now();
                urgent = true;
                match key {
                    // The terminal is gone.
                    None => return Ok(Ended::Signal),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(TermEvent::Key(key))) if strays.has(&key) => Vec::new(),
                    Some(Ok(TermEvent::Key(key))) if key.kind != KeyEventKind::Release => {
                        if key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL) {
                            suspend(&mut screen, &mut keys, &mut job_control).await?;
                            dirty = true;
                            Vec::new()
                        } else {
                            app.update(Msg::Key(key), clock.now())
                        }
                    }
                    Some(Ok(TermEvent::Mouse(event))) => {
                        let (width, height) = crossterm::terminal::size()?;
                        app.update(Msg::Mouse(event, Rect::new(0, 0, width, height)), clock.now())
                    }
                    Some(Ok(TermEvent::Paste(text))) => app.update(Msg::Paste(text), clock.now()),
                    // A resize: the terminal's own buffer follows when it draws.
                    Some(Ok(_)) => {
                        dirty = true;
                        Vec::new()
                    }
                }
            }
            () = screen.gauge.done(), if dirty && !screen.gauge.is_idle() => {
                turn = Instant::now();
                continue;
            }
            () = tokio::time::sleep_until(frame_due.into()), if dirty && screen.gauge.is_idle() => {
                turn = Instant::now();
                continue;
            }
            Some(failed) = files.failed.recv() => {
                turn = Instant::now();
                app.not_written(&failed);
                Vec::new()
            }
            Some(news) = sessions.shell_news.recv() => {
                turn = Instant::now();
                app.update(Msg::ShellNews(news), clock.now())
            }
            told = sessions.told.recv() => {
                turn = Instant::now();
                let mut next = told;
                let loading = app.is_loading();
                // All that waits, for a little while: then keys get their turn.
                while let Some(told) = next {
                    app.hear(told, clock.now());
                    performance.told += 1;
                    next = if turn.elapsed() < HEARING { sessions.told.try_recv().ok() } else { None };
                }
                performance.applying.push(turn.elapsed());
                // What someone waits for since the start is shown at once.
                urgent |= loading && !app.is_loading();
                app.catch_up(clock.now())
            }
            () = std::future::ready(()), if app.has_work(!dirty) => {
                turn = Instant::now();
                app.work(clock.now())
            }
            _ = tick.tick() => {
                turn = Instant::now();
                if app.wants_performance() {
                    performance.memory = resident();
                    performance.between = frames.between(screen.gauge.took());
                    app.set_performance(performance.clone());
                }
                app.update(Msg::Tick, clock.now())
            }
        };
        dirty |= app.take_dirty();
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            let Some(effect) = outside(effect, &mut app, sessions, &files) else { continue };
            match effect {
                Effect::Quit => {
                    drop(screen);
                    return files.finish().await.map(|()| Ended::Quit);
                }
                Effect::Copy(text) => screen.copy(&text)?,
                Effect::Bell => screen.ring()?,
                Effect::Redraw => {
                    screen.wipe()?;
                    (dirty, urgent) = (true, true);
                }
                Effect::HandOver(no, link) => {
                    let meanwhile = listen(&mut app, sessions, &files, &clock);
                    let handed = Handed {
                        screen: &mut screen,
                        keys: &mut keys,
                        ends: &mut ends,
                        job_control: &mut job_control,
                    };
                    let Some(told) = handed.over_to(*link, meanwhile).await? else {
                        return Ok(Ended::Signal);
                    };
                    effects.extend(app.update(Msg::ShellOver(no, told), clock.now()));
                    (dirty, urgent) = (true, true);
                    turn = Instant::now();
                }
                _ => {}
            }
        }
    }
}

/// Carries out what needs no terminal; returns what does.
fn outside(
    effect: Effect,
    app: &mut App,
    sessions: &mut Sessions,
    files: &UserFiles,
) -> Option<Effect> {
    match effect {
        Effect::Run { command, env } => hook::run(&command, env),
        Effect::Write { path, text, fresh } => {
            if let Err(failed) = files.write(path, text, fresh) {
                app.not_written(&failed);
            }
        }
        Effect::Session(no, command) => sessions.send(no, command),
        Effect::Open(no) => sessions.open(no),
        Effect::Greet(no) => sessions.greet(no),
        Effect::Shell(no, token, approved) => {
            let means = ShellMeans { size: Some(terminal_size()), stdin: true };
            sessions.send(no, Command::Shell(token, approved, means));
        }
        effect => return Some(effect),
    }
    None
}

/// Takes in what the sessions tell while a shell has the terminal.
async fn listen(app: &mut App, sessions: &mut Sessions, files: &UserFiles, clock: &Clock) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        let effects = tokio::select! {
            told = sessions.told.recv() => {
                if let Some(told) = told {
                    app.hear(told, clock.now());
                }
                app.catch_up(clock.now())
            }
            _ = tick.tick() => app.update(Msg::Tick, clock.now()),
            // What is typed, and said, goes between its steps.
            () = tokio::task::yield_now(), if app.has_work(false) => app.work(clock.now()),
        };
        // A bell, or a second shell, has no screen now.
        for effect in effects {
            drop(outside(effect, app, sessions, files));
        }
    }
}

/// Gives the terminal back and stops until `fg`, where there is one.
async fn suspend(
    screen: &mut RawTerminal,
    keys: &mut Keyboard,
    job_control: &mut JobControl,
) -> io::Result<()> {
    if can_go_on() {
        keys.let_go();
        screen.give_back()?;
        job_control.stop().await?;
        screen.take_again()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_for_data_go_as_the_link_does() {
        let quick = Duration::from_millis(1);
        let mut frames = Frames::new(false);
        assert_eq!(frames.between(quick), FRAME);
        frames.bytes = 64 << 10;
        assert_eq!(frames.between(quick), Duration::from_millis(500), "many bytes are paid for");
        frames.bytes = 100;
        let slow = Duration::from_millis(200);
        assert_eq!(frames.between(slow), slow * 3, "a slow terminal is idle most of the time");
        assert!(frames.between(Duration::from_secs(60)) <= Duration::from_secs(2), "but not dead");
        let now = Instant::now();
        frames.drawn = now - slow;
        assert!(frames.may_go(false, now), "a link that keeps up");
        assert!(!frames.may_go(true, now) && frames.due(quick) == now + CATCH_UP);
        assert!(!frames.may_go(false, now), "what was behind rests");
        assert!(frames.due(quick) == now + 2 * slow && frames.may_go(false, now + 2 * slow));
        assert!(!frames.may_go(true, now) && frames.may_go(true, now + PATIENCE), "but not dead");
        let mut low = Frames::new(true);
        assert_eq!(low.between(quick), LOW_FRAME);
        low.bytes = 6 << 10;
        assert_eq!(low.between(quick), Duration::from_secs(1));
    }
}
