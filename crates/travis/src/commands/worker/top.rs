//! `travis worker top`: the screen of `status`, live, with keys.

use super::{orders, status};
use crate::cli::worker::PlaceArgs;
use crate::failure::{Failure, Status};
use crate::output::Color;
use crate::session::Session;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use std::io::{self, Read as _, Write as _};
use travis_worker::Order;

/// How often the screen is drawn anew.
const EVERY: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
/// Takes another screen, so that what was there comes back; hides the cursor.
const BEGIN: &str = "\x1b[?1049h\x1b[?25l";
const END: &str = "\x1b[?25h\x1b[?1049l";
/// To the upper left; what is below is drawn over, so that nothing flickers.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K";
const REST_OF_SCREEN: &str = "\x1b[J";

/// Shows how the worker stands until `x` or Ctrl-C; once where there is no terminal.
pub fn run(place: &PlaceArgs, session: &mut Session) -> Result<Status, Failure> {
    let first = orders::ask(place, Order::Status)?;
    let keys = io::stdin();
    if !session.screen.terminal || session.is_json() || !termios::isatty(&keys) {
        return orders::show(&first, session);
    }
    let _raw = Raw::enter(&mut session.screen.out)?;
    let mut said = String::new();
    loop {
        let mut lines = match orders::ask(place, Order::Status) {
            Ok(now) => status::fitted(&session.screen, &now),
            Err(failure) => {
                vec![session.screen.paint.text(Color::Red, &failure.message)]
            }
        };
        let room = session.screen.height.saturating_sub(2);
        lines.truncate(room);
        lines.resize(room, String::new());
        lines.push(session.screen.paint.text(
            Color::Gray,
            &format!(
                "p pause   r resume   d drain   q quit the worker   x leave this view   {said}"
            ),
        ));
        let drawn = lines.join(&format!("{REST_OF_LINE}\r\n"));
        write!(
            session.screen.out,
            "{HOME}{drawn}{REST_OF_LINE}{REST_OF_SCREEN}"
        )?;
        session.screen.out.flush()?;
        let Some(key) = key(&keys)? else {
            resize(session);
            continue;
        };
        let order = match key {
            b'p' => Order::Pause,
            b'r' => Order::Resume,
            b'd' => Order::Drain,
            b'q' => Order::Quit,
            // x, Escape, Ctrl-C, Ctrl-D
            b'x' | 0x1b | 3 | 4 => return Ok(Status::Passed),
            _ => continue,
        };
        if order == Order::Quit && said != SURE {
            SURE.clone_into(&mut said);
            continue;
        }
        said = match orders::ask(place, order) {
            Ok(_) => format!("said: {}", order.word()),
            Err(failure) => failure.message,
        };
    }
}

const SURE: &str = "q once more: what runs is handed back";

/// A key within a moment.
fn key(keys: &io::Stdin) -> Result<Option<u8>, Failure> {
    let mut waited = [PollFd::new(keys, PollFlags::IN)];
    match poll(&mut waited, Some(&EVERY)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(io::Error::from(error).into()),
    }
    let mut byte = [0];
    let count = keys.lock().read(&mut byte)?;
    // A terminal that is gone says so by an end.
    Ok(Some(if count == 0 { b'x' } else { byte[0] }))
}

fn resize(session: &mut Session) {
    if let Ok(size) = termios::tcgetwinsize(io::stdout())
        && size.ws_col > 0
    {
        session.screen.width = size.ws_col.into();
        session.screen.height = size.ws_row.into();
    }
}

/// The terminal gives keys as they are pressed; as it was when this goes.
struct Raw(Termios);

impl Raw {
    fn enter(out: &mut impl io::Write) -> Result<Self, Failure> {
        let before = termios::tcgetattr(io::stdin()).map_err(io::Error::from)?;
        let mut raw = before.clone();
        raw.local_modes
            .remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &raw).map_err(io::Error::from)?;
        let guard = Self(before);
        write!(out, "{BEGIN}")?;
        Ok(guard)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = write!(io::stdout(), "{END}");
        let _ = io::stdout().flush();
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
