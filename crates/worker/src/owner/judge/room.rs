//! How many cores jobs leave to the owner's programs while these do a little.
//!
//! Where a machine is lent only while nobody uses it, what others do below the limit that freezes
//! has to stay as quick as without jobs. The idle classes see to that for whole seconds, but not for
//! pieces of some milliseconds: the kernel gives an idle job a tick of its own in the middle of one.

use std::time::Duration;

/// Cores in use by others, below which nobody waits for anything.
const LIGHT: f64 = 0.04;
/// So long fewer have to be enough before jobs have a core back: programs that do a little do it
/// again and again.
const KEPT: Duration = Duration::from_secs(2);

/// Counts the cores that are left, from look to look.
#[derive(Debug, Default)]
pub(super) struct Room {
    left: u32,
    /// The last look that needed all of them.
    needed: Duration,
}

impl Room {
    /// How many of so many cores jobs leave now. `used` is how many others use lately, on the
    /// average; `None` where that is not known.
    pub(super) fn look(&mut self, at: Duration, cores: u32, used: Option<f64>) -> u32 {
        let wanted = used.map_or(0, |used| wanted(cores, used));
        if wanted >= self.left || at.saturating_sub(self.needed) >= KEPT {
            self.left = wanted;
            self.needed = at;
        }
        self.left
    }
}

fn wanted(cores: u32, used: f64) -> u32 {
    // One stays to the jobs.
    let most = cores.saturating_sub(1);
    if used < LIGHT || most == 0 {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few cores; more than there are come to the most"
    )]
    let whole = (used - LIGHT).ceil() as u32;
    whole.clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_cores_but_never_all() {
        let cases = [
            (4, 0.0, 0),
            (4, 0.03, 0),
            (4, 0.04, 1),
            (4, 0.17, 1),
            (4, 1.03, 1),
            (4, 1.2, 2),
            (4, 4.0, 3),
            (2, 1.9, 1),
            (1, 0.5, 0),
            (0, 0.5, 0),
        ];
        for (cores, used, left) in cases {
            assert_eq!(wanted(cores, used), left, "{used} of {cores}");
        }
    }

    #[test]
    fn given_at_once_and_taken_back_after_a_while() {
        let mut room = Room::default();
        let mut look = |ms, used| room.look(Duration::from_millis(ms), 4, Some(used));
        assert_eq!(look(0, 0.0), 0);
        assert_eq!(look(250, 0.2), 1);
        assert_eq!(look(500, 1.5), 2);
        // Quiet, but not for long enough.
        assert_eq!(look(750, 0.0), 2);
        assert_eq!(look(2250, 0.1), 2);
        assert_eq!(look(2500, 0.1), 1);
        // The next one goes as late.
        assert_eq!(look(4250, 0.0), 1);
        assert_eq!(look(4500, 0.0), 0);
    }

    #[test]
    fn a_program_now_and_then_keeps_its_core() {
        let mut room = Room::default();
        for second in 0..20 {
            let at = Duration::from_secs(second);
            let used = if second % 2 == 0 { 0.3 } else { 0.0 };
            assert_eq!(room.look(at, 2, Some(used)), 1, "{at:?}");
        }
        assert_eq!(room.look(Duration::from_secs(60), 2, None), 0);
    }
}
