//! skep in a pseudo-terminal, driven as by a person: keys in, screen out.

use std::{
    io::{Read, Write},
    num::NonZero,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

pub struct Tui {
    parser: Arc<Mutex<vt100::Parser>>,
    /// Everything the program ever wrote.
    raw: Arc<Mutex<Vec<u8>>>,
    writer: Typing,
    /// Ends when no program has the terminal any more.
    reading: JoinHandle<()>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

/// What is typed; the terminal's own answers go the same way.
type Typing = Arc<Mutex<Box<dyn Write + Send>>>;

/// Every terminal is asked which kind it is, and answers. Ours does not tell its colours.
const ASKED: &[u8] = b"\x1b[c";
const ANSWER: &[u8] = b"\x1b[?1;2c";

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a terminal has cells")
}

pub const SOON: Duration = Duration::from_secs(10);
pub const LATER: Duration = Duration::from_secs(90);
/// A plan must have been on the screen for so long before a `y` counts.
const READ: Duration = Duration::from_millis(400);

impl Tui {
    /// skep alone on a terminal.
    pub fn start(cols: u16, rows: u16, args: &[&str]) -> Self {
        Self::start_in(cols, rows, args, &[])
    }

    /// The same with more in its environment.
    pub fn start_in(cols: u16, rows: u16, args: &[&str], env: &[(String, String)]) -> Self {
        Self::spawn(cols, rows, env!("CARGO_BIN_EXE_skep"), args, env)
    }

    /// A shell with job control, to run skep from.
    pub fn shell(cols: u16, rows: u16) -> Self {
        Self::spawn(cols, rows, "bash", &["--norc", "--noprofile", "-i"], &[])
    }

    /// A program alone on a terminal.
    pub fn spawn(
        cols: u16,
        rows: u16,
        program: &str,
        args: &[&str],
        env: &[(String, String)],
    ) -> Self {
        let size = PtySize { cols, rows, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("XDG_STATE_HOME", crate::state_home());
        command.env("XDG_CONFIG_HOME", crate::state_home());
        command.env_remove("DOCKER_HOST");
        command.env_remove("NO_COLOR");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("skep starts");
        let parser = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(cols), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let writer: Typing = Arc::new(Mutex::new(writer));
        let (p, r, answers) = (Arc::clone(&parser), Arc::clone(&raw), Arc::clone(&writer));
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 {
                    break;
                }
                if buffer[..n].windows(ASKED.len()).any(|w| w == ASKED) {
                    let _ = answers.lock().unwrap().write_all(ANSWER);
                }
                p.lock().unwrap().process(&buffer[..n]);
                r.lock().unwrap().extend_from_slice(&buffer[..n]);
            }
        });
        Self { parser, raw, writer, reading, child, master: pair.master }
    }

    pub fn screen(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    pub fn raw(&self) -> Vec<u8> {
        self.raw.lock().unwrap().clone()
    }

    pub fn in_alternate_screen(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    /// What a program may have changed of the terminal beside its text.
    pub fn modes(&self) -> [bool; 5] {
        let parser = self.parser.lock().unwrap();
        let screen = parser.screen();
        let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        [
            screen.alternate_screen(),
            screen.bracketed_paste(),
            screen.hide_cursor(),
            screen.application_cursor(),
            mouse,
        ]
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Types text; `\r` is Enter, `\x1b` Esc. Before a `y` alone, the screen is read: a plan takes none
    /// that comes sooner.
    pub fn keys(&mut self, keys: &str) {
        if keys == "y" {
            std::thread::sleep(READ);
        }
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        writer.flush().expect("the terminal takes keys");
        // A lone Esc must not run into the next key.
        if keys.ends_with('\x1b') {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        let size = PtySize { cols, rows, pixel_width: 0, pixel_height: 0 };
        self.parser.lock().unwrap().screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(size).expect("the terminal resizes");
    }

    /// Waits until the screen is so; how long that took.
    pub fn until(&self, limit: Duration, what: &str, is_so: impl Fn(&str) -> bool) -> Duration {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < limit, "after {} s not: {what}\n{screen}", limit.as_secs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a text.
    pub fn shows(&self, limit: Duration, text: &str) -> Duration {
        self.until(limit, &format!("shows {text:?}"), |s| s.contains(text))
    }

    /// Waits until a line has all of these.
    pub fn line(&self, limit: Duration, parts: &[&str]) -> Duration {
        self.until(limit, &format!("a line with {parts:?}"), |s| {
            s.lines().any(|l| parts.iter().all(|p| l.contains(p)))
        })
    }

    /// Puts the cursor of the Services view on one service.
    pub fn on_service(&mut self, name: &str) {
        self.keys("2");
        self.shows(SOON, " Services ");
        self.keys(&format!("/\x15{name}\r"));
        self.until(SOON, &format!("the cursor is on {name}"), |s| {
            s.lines().any(|l| l.contains('›') && l.contains(name))
        });
    }

    /// Waits for the program's end, and for all that it wrote.
    pub fn ended(&mut self, limit: Duration) -> u32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                // What it wrote last is on its way, for as long as nothing else that it started has the terminal.
                let ended = Instant::now();
                while !self.reading.is_finished() && ended.elapsed() < SOON {
                    std::thread::sleep(Duration::from_millis(5));
                }
                return status.exit_code();
            }
            assert!(begun.elapsed() < limit, "it did not end\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn quit(mut self) {
        self.keys("\x1b");
        self.keys("\x03");
        self.keys("y");
        assert_eq!(self.ended(SOON), 0);
        assert!(!self.in_alternate_screen(), "the terminal is given back");
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
