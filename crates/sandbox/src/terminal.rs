//! The job's terminal.

use std::io;
use std::os::fd::OwnedFd;

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{
    LocalModes, OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize,
};

use crate::TerminalSize;

/// A pseudo terminal: what the job writes to `job` is read from `ours`.
pub(crate) struct Terminal {
    pub(crate) ours: OwnedFd,
    pub(crate) job: OwnedFd,
}

impl Terminal {
    /// Opens one. Both ends are closed in child processes unless they are passed on, also in those
    /// that another thread starts at the same moment: a foreign job that held our end could read
    /// along.
    pub(crate) fn open(size: TerminalSize) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags)?;
        unlockpt(&ours)?;
        let job = ioctl_tiocgptpeer(&ours, flags)?;
        let mut modes = tcgetattr(&job)?;
        // The log holds the bytes that the job printed: no `\n` to `\r\n`.
        modes.output_modes.remove(OutputModes::OPOST);
        modes.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&job, OptionalActions::Now, &modes)?;
        tcsetwinsize(
            &job,
            Winsize {
                ws_row: size.rows,
                ws_col: size.columns,
                ws_xpixel: 0,
                ws_ypixel: 0,
            },
        )?;
        // Reads stop at the end of what there is, so that many small pieces become one chunk.
        let state = rustix::fs::fcntl_getfl(&ours)?;
        rustix::fs::fcntl_setfl(&ours, state | rustix::fs::OFlags::NONBLOCK)?;
        Ok(Self { ours, job })
    }
}
