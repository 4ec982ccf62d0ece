//! Input of the app, and its effects, which are carried out outside.

use std::path::PathBuf;

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Rect;

use crate::{
    action::plan::ApprovedShell,
    grant::ClusterNo,
    session::{Command, SessionEvent, ShellEnd, ShellLink, ShellNews, Token},
};

/// Input of the app.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The mouse, on a screen of that size.
    Mouse(MouseEvent, Rect),
    /// An event of a session.
    Session(SessionEvent),
    /// A shell in one of the clusters is over.
    ShellOver(ClusterNo, ShellOver),
    /// Something else of a shell.
    ShellNews(ShellNews),
    /// Time goes by.
    Tick,
}

/// A shell that is over.
#[derive(Debug)]
pub struct ShellOver {
    /// Its task.
    pub name: String,
    /// Its end.
    pub end: ShellEnd,
}

/// An effect to be carried out outside the app.
#[derive(Debug)]
pub enum Effect {
    /// Send a command to a cluster's session.
    Session(ClusterNo, Command),
    /// Start the session of a cluster that is opened only now.
    Open(ClusterNo),
    /// Ask what is at the endpoint of a cluster that is not open.
    Greet(ClusterNo),
    /// Start a shell of the terminal's size.
    Shell(ClusterNo, Token, Box<ApprovedShell>),
    /// Hand the terminal over to a shell until it ends.
    HandOver(ClusterNo, Box<ShellLink>),
    /// Copy to the terminal's clipboard.
    Copy(String),
    /// Ring the terminal's bell.
    Bell,
    /// Draw the whole screen anew: something else wrote on it.
    Redraw,
    /// Run a program, and don't wait for it.
    Run {
        /// The program and its arguments.
        command: Vec<String>,
        /// Variables it gets.
        env: Vec<(&'static str, String)>,
    },
    /// Write to a file.
    Write {
        /// The file.
        path: PathBuf,
        /// The text.
        text: String,
        /// It must not exist yet; else the text goes to its end.
        fresh: bool,
    },
    /// End the program.
    Quit,
}
