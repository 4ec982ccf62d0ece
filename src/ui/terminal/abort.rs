//! An abort from within: memory that runs out, a stack that overflows, a panic in a panic. No destructor
//! runs then, and the process ends as soon as the handlers of its signal return. So one of them waits
//! until a thread has given the terminal back.

use std::{
    io::{self, PipeReader, Read, Write, pipe},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use rustix::{
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    process::Signal,
};
use signal_hook::low_level::pipe::register;

/// Time for a hanging terminal to take what gives it back.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs `give_back` when the process aborts, before it ends.
pub(in crate::ui) fn before_abort(give_back: fn()) -> io::Result<()> {
    let abort = Signal::ABORT.as_raw();
    // Handlers run in the order in which they are registered: the first tells of the signal, and the
    // second writes to a pipe that is full.
    let (heard, tell) = pipe()?;
    register(abort, tell)?;
    let (full, mut hold) = pipe()?;
    let end = hold.try_clone()?;
    fcntl_setfl(&end, fcntl_getfl(&end)? | OFlags::NONBLOCK)?;
    while hold.write(&[0; 1 << 12]).is_ok_and(|written| written > 0) {}
    register(abort, hold)?;
    // It was made one that never waits.
    fcntl_setfl(&end, fcntl_getfl(&end)? - OFlags::NONBLOCK)?;
    let (ask, asked) = channel();
    let (tell, given_back) = channel();
    thread::Builder::new()
        .name("abort".into())
        .spawn(move || let_go(heard, full, &ask, &given_back))?;
    thread::Builder::new().name("give back".into()).spawn(move || {
        while asked.recv().is_ok() {
            give_back();
            let _ = tell.send(());
        }
    })?;
    Ok(())
}

/// Lets the handler return once the terminal is given back, or takes nothing any more.
fn let_go(
    mut heard: PipeReader,
    mut full: PipeReader,
    ask: &Sender<()>,
    given_back: &Receiver<()>,
) {
    let mut byte = [0];
    while heard.read_exact(&mut byte).is_ok() {
        let _ = ask.send(());
        let _ = given_back.recv_timeout(PATIENCE);
        let _ = full.read(&mut [0; 1 << 12]);
    }
}
