//! Draws the pictures in this folder from the binary: `cargo build --release`, and then
//! `cargo run --release --example screenshots`.
//!
//! skep runs on its embedded Swarm in a pseudo-terminal; what stands on the screen is written as SVG.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use std::{
    fmt::Write as _,
    io::{Read, Write},
    num::NonZero,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// A picture: what is run, what is typed, and when it is taken.
struct Picture {
    name: &'static str,
    size: (u16, u16),
    /// Seconds of story before the keys.
    before: f32,
    keys: &'static str,
    /// Seconds after them.
    after: f32,
    args: &'static [&'static str],
    /// Of text and background where the theme leaves the terminal its own.
    own: (&'static str, &'static str),
}

const fn picture(
    name: &'static str,
    size: (u16, u16),
    before: f32,
    keys: &'static str,
    after: f32,
) -> Picture {
    Picture { name, size, before, keys, after, args: &[], own: ("#d7dae0", "#181a1f") }
}

const LIGHT: (&str, &str) = ("#24292f", "#ffffff");

const PICTURES: &[Picture] = &[
    picture("overview", (120, 36), 31.0, "", 0.5),
    picture("small", (80, 24), 31.0, "", 0.5),
    picture("plan", (100, 34), 4.0, "/web\r~ushop/web:2.4\r", 1.0),
    picture("following", (120, 36), 10.0, "/db\r~f~~y", 3.0),
    picture("logs", (120, 30), 30.0, "2/worker\r~l", 2.0),
    picture("describe", (100, 44), 31.0, "2/shop_api\r~d", 1.0),
    picture("drain", (100, 30), 6.0, "3jjj~D", 1.0),
    picture("problems", (120, 36), 50.0, "7", 1.5),
    picture("stacks", (120, 20), 50.0, "9", 1.0),
    picture("networks", (120, 20), 10.0, ":networks\r", 1.0),
    picture("events", (120, 36), 50.0, "5V", 1.0),
    Picture { args: &["--wall"], ..picture("wall", (120, 36), 2.0, " ", 48.0) },
    Picture { args: &["--wall"], ..picture("wall-services", (120, 36), 2.0, " ~jj", 30.0) },
    Picture {
        args: &["--theme", "light"],
        own: LIGHT,
        ..picture("light", (120, 36), 31.0, "", 0.5)
    },
    Picture { args: &["--theme", "nord"], ..picture("nord", (120, 30), 31.0, "2", 0.5) },
];

fn main() {
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/screenshots"));
    let exe = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("skep");
    assert!(exe.exists(), "build skep first: cargo build --release");
    let jobs: Vec<_> = PICTURES
        .iter()
        .map(|picture| {
            let (exe, dir) = (exe.clone(), dir.clone());
            std::thread::spawn(move || {
                let svg = shoot(&exe, picture);
                let path = dir.join(format!("{}.svg", picture.name));
                std::fs::write(&path, svg).unwrap();
                println!("{}.svg", picture.name);
            })
        })
        .collect();
    for job in jobs {
        job.join().unwrap();
    }
}

fn shoot(exe: &std::path::Path, picture: &Picture) -> String {
    let &Picture { size: (cols, rows), before, keys, after, args, own, .. } = picture;
    let size = PtySize { cols, rows, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(exe);
    command.arg("--demo");
    command.args(args);
    // As someone has it who has found the help before.
    let state = std::env::temp_dir().join(format!("skep-pictures-{}", std::process::id()));
    std::fs::create_dir_all(state.join("skep")).unwrap();
    std::fs::write(state.join("skep/help-used"), "").unwrap();
    command.env("XDG_STATE_HOME", &state);
    command.env("XDG_CONFIG_HOME", &state);
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.env_remove("NO_COLOR");
    let mut child = pair.slave.spawn_command(command).unwrap();
    let cells = |n| NonZero::new(n).unwrap();
    let parser = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(cols), 0)));
    let mut reader = pair.master.try_clone_reader().unwrap();
    let p = Arc::clone(&parser);
    std::thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        while let Ok(n) = reader.read(&mut buffer) {
            if n == 0 {
                break;
            }
            p.lock().unwrap().process(&buffer[..n]);
        }
    });
    let mut writer = pair.master.take_writer().unwrap();
    std::thread::sleep(Duration::from_secs_f32(before));
    for key in keys.chars() {
        if key != '~' {
            write!(writer, "{key}").unwrap();
            writer.flush().unwrap();
        }
        std::thread::sleep(Duration::from_millis(150));
    }
    std::thread::sleep(Duration::from_secs_f32(after));
    let svg = svg(parser.lock().unwrap().screen(), (cols, rows), own);
    child.kill().unwrap();
    child.wait().unwrap();
    svg
}

const CELL: (f32, f32) = (8.4, 18.0);

fn svg(
    screen: &vt100::Screen,
    (cols, rows): (u16, u16),
    (text_of, ground): (&str, &str),
) -> String {
    let (width, height) = (f32::from(cols) * CELL.0 + 16.0, f32::from(rows) * CELL.1 + 16.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{ground}\"/>\n"
    );
    for y in 0..rows {
        let mut x = 0;
        while x < cols {
            let Some(cell) = screen.cell(y, x) else { break };
            let look = (hex(cell.fgcolor(), text_of), hex(cell.bgcolor(), ground), cell.bold());
            let begin = x;
            let mut text = String::new();
            while let Some(next) = screen.cell(y, x).filter(|_| x < cols) {
                if (hex(next.fgcolor(), text_of), hex(next.bgcolor(), ground), next.bold()) != look
                {
                    break;
                }
                text.push_str(if next.has_contents() { next.contents() } else { " " });
                x += if next.is_wide() { 2 } else { 1 };
            }
            let (left, top) = (8.0 + f32::from(begin) * CELL.0, 8.0 + f32::from(y) * CELL.1);
            let wide = f32::from(x - begin) * CELL.0;
            if look.1 != ground {
                let _ = writeln!(
                    out,
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                    CELL.1, look.1
                );
            }
            if !text.trim().is_empty() {
                let weight = if look.2 { " font-weight=\"bold\"" } else { "" };
                let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let _ = writeln!(
                    out,
                    "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{wide:.1}\" fill=\"{}\"{weight} xml:space=\"preserve\">{safe}</text>",
                    top + 13.5,
                    look.0
                );
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

fn hex(color: vt100::Color, default: &str) -> String {
    match color {
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        vt100::Color::Default | vt100::Color::Idx(_) => default.to_owned(),
    }
}
