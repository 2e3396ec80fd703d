//! Whether the machine lends itself now. Pure: what was seen goes in, what to do comes out, and
//! time is one of the things that are seen.

mod room;

use std::time::Duration;

use jiff::Timestamp;
use travis_api::lend::PresenceState;

use super::hours::{self, Window};
use room::Room;

/// Looks at the machine that are taken together: at four a second, programs of others have to use
/// it for most of a second before they count. Less and every cron job would stop a build.
const LOOKS: usize = 3;
/// Once the owner is there, this part of the usual limit is enough to say that they still are.
const STILL_THERE: f64 = 0.6;
/// So many degrees below the limit a machine is cool again.
const COOLED: f64 = 5.0;

/// The owner's rules, in the form in which they are applied.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Rules {
    /// Jobs side by side.
    pub(crate) slots: u32,
    pub(crate) only_when_idle: bool,
    pub(crate) only_on_mains: bool,
    pub(crate) only_unmetered: bool,
    /// Sets of windows that have to be open together.
    pub(crate) hours: Vec<Vec<Window>>,
    pub(crate) month_bytes: Option<u64>,
    pub(crate) disk_bytes: Option<u64>,
    pub(crate) thresholds: Thresholds,
}

/// From where on something counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thresholds {
    /// Hundredths of all cores that programs of others use.
    pub(crate) others_percent: f64,
    /// Hundredths of the time in which programs of others wait for the machine.
    pub(crate) pressure_percent: f64,
    /// Hundredths of the memory that have to be free.
    pub(crate) free_memory_percent: f64,
    /// For so long nobody has used the machine before it takes jobs.
    pub(crate) idle_after: Duration,
    /// After so long without use, what was frozen goes on.
    pub(crate) thaw_after: Duration,
    /// Frozen for so long, jobs are handed back.
    pub(crate) yield_after: Duration,
    /// Degrees of the hottest part.
    pub(crate) hot_celsius: Option<f64>,
    /// Bytes of disk that stay free.
    pub(crate) free_disk_bytes: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            others_percent: 25.0,
            pressure_percent: 20.0,
            free_memory_percent: 5.0,
            idle_after: Duration::from_secs(180),
            thaw_after: Duration::from_secs(10),
            yield_after: Duration::from_secs(60),
            hot_celsius: None,
            free_disk_bytes: 1 << 30,
        }
    }
}

/// One look at the machine. What can't be known here is `None` and holds nothing up.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seen {
    /// Since the worker started.
    pub(crate) at: Duration,
    /// By the calendar.
    pub(crate) time: Timestamp,
    /// Hundredths of all cores that programs of others used since the last look.
    pub(crate) others_percent: Option<f64>,
    /// Cores that programs of others used over the last second, on the average.
    pub(crate) others_cores: Option<f64>,
    /// Cores of the machine that this process may use.
    pub(crate) cores: u32,
    /// Hundredths of the time in which programs of others waited for the machine.
    pub(crate) pressure_percent: Option<f64>,
    /// Hundredths of the memory that are free.
    pub(crate) free_memory_percent: Option<f64>,
    /// Since somebody typed or moved a mouse.
    pub(crate) input_ago: Option<Duration>,
    pub(crate) on_battery: Option<bool>,
    pub(crate) celsius: Option<f64>,
    pub(crate) metered: Option<bool>,
    /// Bytes that jobs sent and received in this month.
    pub(crate) month_bytes: u64,
    pub(crate) disk_free: Option<u64>,
    pub(crate) disk_used: Option<u64>,
}

/// What was said to the worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// Paused, on this machine.
    pub(crate) paused: bool,
    /// Paused, on its page.
    pub(crate) paused_by_page: bool,
    pub(crate) draining: bool,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) state: PresenceState,
    /// A sentence for people.
    pub(crate) text: String,
    /// When this state began, since the worker started.
    pub(crate) since: Duration,
    /// Jobs side by side that it takes.
    pub(crate) slots: u32,
    /// What runs has to stand still.
    pub(crate) freeze: bool,
    /// When the first sign was there of what freezes, since the worker started: before it was
    /// certain, so that the time from it to a frozen job is all that the owner waited.
    pub(crate) sign: Duration,
    /// What stands still has to go.
    pub(crate) hand_back: bool,
    /// Cores that what runs leaves to the owner's programs.
    pub(crate) leave: u32,
}

impl Stand {
    /// How it is before anybody looked.
    pub(crate) fn first(slots: u32) -> Self {
        Self {
            state: PresenceState::Lending,
            text: "The machine is lent.".to_owned(),
            since: Duration::ZERO,
            slots,
            freeze: false,
            sign: Duration::ZERO,
            hand_back: false,
            leave: 0,
        }
    }
}

/// Looks at what is seen, one look after the other.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    others: [f64; LOOKS],
    looks: usize,
    last_use: Option<Duration>,
    /// The last look.
    last_look: Duration,
    /// The look before programs of others began to use more than they may.
    rise: Option<Duration>,
    /// The first sign of what freezes.
    sign: Duration,
    /// Since when jobs have had to stand still.
    frozen_since: Option<Duration>,
    hot: bool,
    room: Room,
    last: Option<Stand>,
}

/// A reason against lending.
struct Against {
    state: PresenceState,
    text: String,
    freeze: bool,
    /// It will not pass within a minute, so there is nothing to wait for.
    for_long: bool,
}

impl Against {
    fn passing(state: PresenceState, text: impl Into<String>) -> Self {
        Self {
            state,
            text: text.into(),
            freeze: true,
            for_long: false,
        }
    }

    fn lasting(state: PresenceState, text: impl Into<String>) -> Self {
        Self {
            for_long: true,
            ..Self::passing(state, text)
        }
    }

    /// Nothing new is taken, what runs may end.
    fn closing(state: PresenceState, text: impl Into<String>) -> Self {
        Self {
            freeze: false,
            ..Self::passing(state, text)
        }
    }
}

impl Judge {
    /// What to do now.
    pub(crate) fn look(&mut self, rules: &Rules, word: Word, seen: &Seen) -> Stand {
        self.note_use(rules, seen);
        let against = self.against(rules, word, seen);
        let freeze = against.as_ref().is_some_and(|it| it.freeze);
        if !freeze {
            self.frozen_since = None;
        } else if self.frozen_since.is_none() {
            self.frozen_since = Some(seen.at);
            let of_owner = against.as_ref().map(|it| it.state) == Some(PresenceState::OwnerActive);
            self.sign = self.first_sign(of_owner, seen);
        }
        self.last_look = seen.at;
        let frozen_for = self
            .frozen_since
            .map_or(Duration::ZERO, |since| seen.at.saturating_sub(since));
        let for_long = against.as_ref().is_some_and(|it| it.for_long);
        let hand_back = freeze && (for_long || frozen_for >= rules.thresholds.yield_after);
        let (state, text) = match against {
            Some(against) => (against.state, against.text),
            None => (PresenceState::Lending, "The machine is lent.".to_owned()),
        };
        let since = match &self.last {
            Some(last) if last.state == state => last.since,
            _ => seen.at,
        };
        let used = seen.others_cores.filter(|_| rules.only_when_idle);
        let stand = Stand {
            state,
            text,
            since,
            slots: if state == PresenceState::Lending {
                rules.slots
            } else {
                0
            },
            freeze,
            sign: self.sign,
            hand_back,
            leave: self.room.look(seen.at, seen.cores, used),
        };
        self.last = Some(stand.clone());
        stand
    }

    /// When what freezes now began to show: a word at once, an owner by the look before the one that
    /// saw them first.
    fn first_sign(&self, of_owner: bool, seen: &Seen) -> Duration {
        if !of_owner {
            return seen.at;
        }
        let typed = seen.input_ago.and_then(|ago| seen.at.checked_sub(ago));
        let typed = typed.filter(|at| *at >= self.last_look);
        typed.or(self.rise).unwrap_or(self.last_look).min(seen.at)
    }

    /// The first reason against lending: those that freeze come first.
    fn against(&mut self, rules: &Rules, word: Word, seen: &Seen) -> Option<Against> {
        use PresenceState as P;
        let thresholds = &rules.thresholds;
        if word.paused {
            return Some(Against::passing(
                P::Paused,
                "The owner paused it. `travis worker resume` lends it again.",
            ));
        }
        if word.paused_by_page {
            return Some(Against::passing(
                P::Paused,
                "The owner paused it on its page.",
            ));
        }
        if !hours::all_open(&rules.hours, seen.time) {
            let next = hours::next_opening(&rules.hours, seen.time);
            let next = next.map_or_else(String::new, |next| format!(" Next: {next}."));
            return Some(Against::lasting(
                P::OutsideHours,
                format!("It is outside of the hours.{next}"),
            ));
        }
        if rules.only_on_mains && seen.on_battery == Some(true) {
            return Some(Against::passing(
                P::OnBattery,
                "The machine runs on its battery.",
            ));
        }
        if let Some(text) = self.too_hot(thresholds, seen) {
            return Some(Against::passing(P::TooHot, text));
        }
        if rules.only_unmetered && seen.metered == Some(true) {
            return Some(Against::passing(
                P::Metered,
                "The network costs by the byte.",
            ));
        }
        if rules
            .month_bytes
            .is_some_and(|most| seen.month_bytes >= most)
        {
            return Some(Against::lasting(
                P::NetworkUsedUp,
                "The bytes of this month are used up.",
            ));
        }
        let quiet = self.quiet(rules, seen);
        if quiet.is_some_and(|quiet| quiet < thresholds.thaw_after) {
            return Some(Against::passing(
                P::OwnerActive,
                "The owner uses the machine.",
            ));
        }
        if word.draining {
            return Some(Against::closing(
                P::Draining,
                "It finishes what runs and leaves.",
            ));
        }
        if let Some(quiet) = quiet.filter(|quiet| *quiet < thresholds.idle_after) {
            let left = thresholds.idle_after.saturating_sub(quiet).as_secs().max(1);
            return Some(Against::closing(
                P::OwnerActive,
                format!(
                    "The owner used the machine a moment ago; it is lent in {left} s if nobody comes."
                ),
            ));
        }
        let full = seen
            .disk_free
            .is_some_and(|free| free < thresholds.free_disk_bytes);
        if full {
            return Some(Against::closing(P::DiskFull, "The disk is full."));
        }
        let most = rules.disk_bytes.zip(seen.disk_used);
        if most.is_some_and(|(most, used)| used >= most) {
            return Some(Against::closing(
                P::DiskFull,
                "The disk space that is lent is used up.",
            ));
        }
        None
    }

    /// Notes when the owner used the machine last.
    fn note_use(&mut self, rules: &Rules, seen: &Seen) {
        if !rules.only_when_idle {
            self.last_use = None;
            self.looks = 0;
            return;
        }
        let thresholds = &rules.thresholds;
        let there = self
            .quiet(rules, seen)
            .is_some_and(|quiet| quiet < thresholds.thaw_after);
        let limit = if there {
            thresholds.others_percent * STILL_THERE
        } else {
            thresholds.others_percent
        };
        let pressure = if there {
            thresholds.pressure_percent * STILL_THERE
        } else {
            thresholds.pressure_percent
        };
        if seen.others_percent.is_some_and(|percent| percent > limit) {
            self.rise.get_or_insert(self.last_look);
        } else {
            self.rise = None;
        }
        let used = self.others(seen).is_some_and(|percent| percent > limit)
            || seen
                .pressure_percent
                .is_some_and(|percent| percent > pressure)
            || seen
                .free_memory_percent
                .is_some_and(|percent| percent < thresholds.free_memory_percent);
        let used = used.then_some(seen.at);
        let input = seen.input_ago.and_then(|ago| seen.at.checked_sub(ago));
        self.last_use = self.last_use.max(used).max(input);
    }

    /// For how long nobody has used the machine; `None` when nobody has since the worker started,
    /// or it does not matter.
    fn quiet(&self, rules: &Rules, seen: &Seen) -> Option<Duration> {
        let last = self.last_use.filter(|_| rules.only_when_idle)?;
        Some(seen.at.saturating_sub(last))
    }

    /// What others used over the last looks.
    #[expect(clippy::cast_precision_loss, reason = "a number up to three")]
    fn others(&mut self, seen: &Seen) -> Option<f64> {
        let percent = seen.others_percent?;
        if let Some(slot) = self.others.get_mut(self.looks % LOOKS) {
            *slot = percent;
        }
        self.looks += 1;
        // Looks that have not been taken count as quiet ones, so that the start is no alarm.
        if self.looks < LOOKS {
            for slot in self.others.iter_mut().skip(self.looks) {
                *slot = 0.0;
            }
        }
        Some(self.others.iter().sum::<f64>() / LOOKS as f64)
    }

    fn too_hot(&mut self, thresholds: &Thresholds, seen: &Seen) -> Option<String> {
        let (limit, now) = thresholds.hot_celsius.zip(seen.celsius)?;
        self.hot = now >= limit || (self.hot && now > limit - COOLED);
        self.hot.then(|| {
            format!(
                "The machine is at {now:.0} °C; it cools down below {:.0}.",
                limit - COOLED
            )
        })
    }
}

#[cfg(test)]
mod tests;
