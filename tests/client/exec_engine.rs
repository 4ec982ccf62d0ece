//! The embedded Swarm with an engine in front of it that runs commands: what is asked for in a container
//! runs on this machine, on a terminal of its own if it wants one. As with a real engine it goes on when
//! its connection is lost.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::{Value, json};
use skep::demo::Demo;

/// A task on the node of the manager that is asked.
pub const TASK: &str = "edge_proxy.mgr-1";

pub struct ExecEngine {
    state: Arc<State>,
    socket: PathBuf,
    _demo: Demo,
    _dir: tempfile::TempDir,
}

/// What was asked for, and what became of it.
#[derive(Default)]
pub struct Exec {
    command: Vec<String>,
    env: Vec<String>,
    tty: bool,
    pub pid: Option<u32>,
    code: Option<u32>,
    /// Rows and columns that it was told, with its start at first.
    pub sizes: Vec<(u16, u16)>,
    master: Option<Box<dyn MasterPty + Send>>,
}

#[derive(Default)]
struct State {
    execs: Mutex<Vec<Exec>>,
    /// A started command's connection is not handed over.
    held: Mutex<bool>,
    released: Condvar,
    demo: PathBuf,
}

impl State {
    fn execs(&self) -> MutexGuard<'_, Vec<Exec>> {
        self.execs.lock().unwrap()
    }
}

impl ExecEngine {
    pub fn start() -> Self {
        let (demo, dir) = crate::serve("calm", &[]);
        let socket = dir.path().join("exec.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let state = Arc::new(State { demo: demo.socket().to_owned(), ..State::default() });
        let all = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&all);
                thread::spawn(move || serve(&state, stream));
            }
        });
        Self { state, socket, _demo: demo, _dir: dir }
    }

    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Whether commands that were started are not handed over.
    pub fn hold(&self, held: bool) {
        *self.state.held.lock().unwrap() = held;
        self.state.released.notify_all();
    }

    /// The command that was asked for first.
    pub fn first<T>(&self, get: impl FnOnce(&Exec) -> T) -> Option<T> {
        self.state.execs().first().map(get)
    }

    /// The process of the command that was asked for first, once it runs.
    pub fn pid(&self) -> Option<u32> {
        self.first(|exec| exec.pid).flatten()
    }
}

/// A request, up to its body.
struct Request {
    method: String,
    path: String,
    head: String,
    body: Vec<u8>,
}

fn request(reader: &mut impl BufRead) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, head, body })
}

fn serve(state: &Arc<State>, stream: UnixStream) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(request) = request(&mut reader) {
        let path = request.path.split_once("/v1.").map_or(&*request.path, |(_, path)| path);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let body = || serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
        let said = match (&*request.method, &*parts) {
            ("POST", ["containers", _, "exec"]) => create(state, &body()),
            ("POST", ["exec", id, "start"]) => {
                return start(state, number(id), &body(), reader, out);
            }
            ("POST", ["exec", id, "resize"]) => resize(state, number(id), query),
            ("GET", ["exec", id, "json"]) => {
                let execs = state.execs();
                let Exec { pid, code, .. } = &execs[number(id)];
                let running = pid.is_some() && code.is_none();
                ok(200, &json!({ "Running": running, "ExitCode": code, "Pid": pid }))
            }
            ("GET", ["containers", _, "top"]) => top(query),
            _ => return forward(state, &request, &mut out),
        };
        if out.write_all(said.as_bytes()).is_err() {
            return;
        }
    }
}

fn ok(status: u16, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn number(id: &str) -> usize {
    id.trim_start_matches("exec").parse().unwrap()
}

/// To the embedded Swarm, which answers and hangs up.
fn forward(state: &State, request: &Request, out: &mut UnixStream) {
    let Ok(mut demo) = UnixStream::connect(&state.demo) else { return };
    let head = request.head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    if demo.write_all(head.as_bytes()).and_then(|()| demo.write_all(&request.body)).is_ok() {
        let _ = io::copy(&mut demo, out);
    }
    let _ = out.shutdown(std::net::Shutdown::Both);
}

fn create(state: &State, body: &Value) -> String {
    let texts = |name: &str| -> Vec<String> {
        let all = body[name].as_array().into_iter().flatten();
        all.filter_map(|text| text.as_str().map(str::to_owned)).collect()
    };
    let tty = body["Tty"] == true;
    let exec = Exec { command: texts("Cmd"), env: texts("Env"), tty, ..Exec::default() };
    let mut execs = state.execs();
    execs.push(exec);
    ok(201, &json!({ "Id": format!("exec{}", execs.len() - 1) }))
}

fn resize(state: &State, no: usize, query: &str) -> String {
    let value = |name: &str| -> u16 {
        let all = query.split('&').filter_map(|pair| pair.split_once('='));
        all.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse().ok()).unwrap()
    };
    let (rows, cols) = (value("h"), value("w"));
    let mut execs = state.execs();
    execs[no].sizes.push((rows, cols));
    if let Some(master) = &execs[no].master {
        let _ = master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 });
    }
    ok(200, &Value::Null)
}

/// As the engine does: what ps says, and only if it says which process it is.
fn top(query: &str) -> String {
    let args = query.strip_prefix("ps_args=").unwrap_or("-ef");
    let args = args.replace("%20", " ").replace("%2C", ",").replace('+', " ");
    let out = Command::new("ps").args(args.split(' ')).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut lines = text.lines();
    let titles: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let row = |line: &str| -> Vec<String> {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let rest = words.split_off(titles.len() - 1);
        words.push(rest.join(" "));
        words
    };
    ok(200, &json!({ "Titles": titles, "Processes": lines.map(row).collect::<Vec<_>>() }))
}

fn start(
    state: &Arc<State>,
    no: usize,
    body: &Value,
    reader: BufReader<UnixStream>,
    mut out: UnixStream,
) {
    let (command, env, tty) = {
        let exec = &mut state.execs()[no];
        let size = |at: usize| body["ConsoleSize"][at].as_u64().and_then(|n| u16::try_from(n).ok());
        exec.sizes.extend(size(0).zip(size(1)));
        (exec.command.clone(), exec.env.clone(), exec.tty)
    };
    let env: HashMap<&str, &str> = env.iter().filter_map(|v| v.split_once('=')).collect();
    let head = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    let hand_over = |out: &mut UnixStream| {
        drop(state.released.wait_while(state.held.lock().unwrap(), |held| *held).unwrap());
        out.write_all(head.as_bytes())
    };
    let code = if tty {
        let (rows, cols) = state.execs()[no].sizes.last().copied().unwrap_or((24, 80));
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut builder = CommandBuilder::new(&command[0]);
        builder.args(&command[1..]);
        env.iter().for_each(|(name, value)| builder.env(name, value));
        builder.env("PS1", "# ");
        let mut child = pair.slave.spawn_command(builder).unwrap();
        drop(pair.slave);
        let (mut said, keys) =
            (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        {
            let exec = &mut state.execs()[no];
            exec.master = Some(pair.master);
            exec.pid = child.process_id();
        }
        // Of a command that nobody hears any more the terminal is still read.
        let _ = hand_over(&mut out);
        thread::spawn(move || {
            let mut keys = keys;
            pass_on(reader, &mut keys);
            // Dropped it types an end of file; an engine types nothing.
            std::mem::forget(keys);
        });
        let mut buffer = [0; 1 << 14];
        while let Ok(1..) = said.read(&mut buffer).inspect(|read| {
            let _ = out.write_all(&buffer[..*read]);
        }) {}
        child.wait().unwrap().exit_code()
    } else {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .envs(&env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        state.execs()[no].pid = Some(child.id());
        let _ = hand_over(&mut out);
        let stdin = child.stdin.take().unwrap();
        thread::spawn(move || pass_on(reader, &mut { stdin }));
        let mut said = child.stdout.take().unwrap();
        let mut buffer = [0; 1 << 14];
        while let Ok(read @ 1..) = said.read(&mut buffer) {
            let mut frame = vec![1, 0, 0, 0];
            frame.extend((read as u32).to_be_bytes());
            frame.extend(&buffer[..read]);
            let _ = out.write_all(&frame);
        }
        child.wait().unwrap().code().unwrap_or(137) as u32
    };
    state.execs()[no].code = Some(code);
    let _ = out.shutdown(std::net::Shutdown::Both);
}

/// What is typed.
fn pass_on(mut from: BufReader<UnixStream>, to: &mut impl Write) {
    let mut buffer = [0; 1 << 14];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..read]).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}
