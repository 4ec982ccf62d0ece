//! Directories for sockets of our own, and the program that holds an ssh master.

use std::{
    io,
    path::{Path, PathBuf},
};

/// This very program, also when its file was replaced by a newer one since it began.
pub(super) fn own_program() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

/// The longest name of a socket in it: ssh makes one with a suffix first, and renames it.
const LONGEST: &str = "/skep-12345678/ctl.1234567890123456";
/// Maximum length of a socket's path; some systems allow 108.
const SOCKET_PATH: usize = 103;

/// A new directory that only we can enter, with a path short enough for a socket's name.
///
/// # Errors
/// That there is no place for one.
pub fn private_dir() -> io::Result<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    private_dir_in(runtime.into_iter().chain([std::env::temp_dir(), "/tmp".into()]))
}

/// Creates the folder in the first of these places where that is possible.
fn private_dir_in(bases: impl Iterator<Item = PathBuf>) -> io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let mut failed = io::Error::other("no place with a path short enough for a socket");
    for base in bases.filter(|b| b.as_os_str().len() + LONGEST.len() <= SOCKET_PATH) {
        for _ in 0..10 {
            let name = std::iter::repeat_with(fastrand::alphanumeric).take(8).collect::<String>();
            let dir = base.join(format!("skep-{name}"));
            match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
                Ok(()) => return Ok(dir),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => {
                    failed = e;
                    break;
                }
            }
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_too_long_for_a_socket_is_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let long = home.path().join("x".repeat(90));
        std::fs::create_dir(&long).unwrap();
        let bases = [home.path().join("missing"), long, home.path().to_owned()];
        let dir = private_dir_in(bases.into_iter()).unwrap();
        assert_eq!(dir.parent(), Some(home.path()));
        std::os::unix::net::UnixListener::bind(dir.join("ctl.1234567890123456")).unwrap();
    }
}
