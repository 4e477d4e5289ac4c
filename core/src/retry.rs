//! How long to wait before a call is tried again, and how fast to call a service that throttles.

use std::cell::Cell;
use std::time::Duration;
use tokio::time::Instant;

/// Exponential backoff with full jitter, for the attempts at one call.
#[derive(Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(20);

    /// How long to wait before the next attempt.
    pub fn pause(&mut self) -> Duration {
        let ceiling = Self::FIRST
            .saturating_mul(2u32.saturating_pow(self.attempts))
            .min(Self::LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        jittered(ceiling)
    }
}

/// The pace of all calls to a service that throttles, remembered from event to event.
///
/// A big stack calls from many environments at once, none of which knows of the others, and each call that is throttled
/// is one for nothing. A backoff that begins anew with each call never gets slow enough: 500 templates from 50
/// environments at 10 calls a second need 4.7 calls each. This one stays slow for as long as the service is busy, and
/// needs 1.35 (both simulated; tests/load.rs measures). Without throttling it costs nothing.
#[derive(Debug, Default)]
pub struct Pace {
    /// The longest pause between two calls.
    ceiling: Cell<Duration>,
    /// When the next call may be made.
    turn: Cell<Option<Instant>>,
    throttles: Cell<u32>,
}

impl Pace {
    const FIRST: Duration = Duration::from_secs(3);
    const LONGEST: Duration = Duration::from_secs(30);
    const SLOWER: u32 = 3;
    const FASTER: f64 = 0.9;

    /// How long to wait before the next call; never so long that nothing comes of the time `left`.
    pub fn wait(&self, left: Duration) -> Duration {
        self.turn
            .get()
            .map(|turn| turn.saturating_duration_since(Instant::now()))
            .unwrap_or_default()
            .min(left / 4)
    }

    /// The service throttled a call.
    pub fn throttled(&self) {
        self.throttles.set(self.throttles.get().saturating_add(1));
        let slower = self.ceiling.get() * Self::SLOWER;
        self.set(slower.clamp(Self::FIRST, Self::LONGEST));
    }

    /// The service took a call.
    pub fn went_through(&self) {
        self.set(self.ceiling.get().mul_f64(Self::FASTER));
    }

    fn set(&self, ceiling: Duration) {
        self.ceiling.set(ceiling);
        self.turn.set(Some(Instant::now() + jittered(ceiling)));
    }

    /// How many calls were throttled since this was last asked.
    pub fn take_throttles(&self) -> u32 {
        self.throttles.take()
    }
}

/// A random time up to the ceiling, so that those who failed together do not come back together.
fn jittered(ceiling: Duration) -> Duration {
    ceiling.mul_f64(fastrand::f64())
}

/// A Retry-After header in seconds. Its other form, a date, is nothing that these services send.
pub fn retry_after(header: &str) -> Option<Duration> {
    header.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Duration = Duration::from_secs(10_000);

    /// The longest of many waits, each after what `set` does to a fresh pace.
    fn longest_wait(left: Duration, set: impl Fn(&Pace)) -> Duration {
        let wait = || {
            let pace = Pace::default();
            set(&pace);
            pace.wait(left)
        };
        (0..1000).map(|_| wait()).max().unwrap_or_default()
    }

    #[test]
    fn pauses_grow_up_to_a_bound_and_are_never_longer() {
        let mut backoff = Backoff::default();

        for attempt in 0..20 {
            let most = Backoff::FIRST.mul_f64(2f64.powi(attempt));
            assert!(backoff.pause() <= most.min(Backoff::LONGEST), "{attempt}");
        }
    }

    #[test]
    fn a_service_that_takes_every_call_is_never_waited_for() {
        let wait = longest_wait(PLENTY, |pace| {
            pace.went_through();
            pace.went_through();
        });

        assert_eq!(wait, Duration::ZERO);
    }

    #[test]
    fn after_throttling_the_next_call_waits_too_though_one_went_through() {
        let wait = longest_wait(PLENTY, |pace| {
            pace.throttled();
            pace.went_through();
        });

        assert!(wait > Pace::FIRST / 2, "{wait:?}");
        assert!(wait <= Pace::FIRST.mul_f64(Pace::FASTER), "{wait:?}");
    }

    #[test]
    fn calls_get_slower_while_they_are_throttled_up_to_a_bound() {
        let throttled = |times| {
            longest_wait(PLENTY, move |pace| {
                (0..times).for_each(|_| pace.throttled());
            })
        };

        assert!(throttled(2) > throttled(1));
        assert!(throttled(100) <= Pace::LONGEST);
    }

    #[test]
    fn a_wait_leaves_time_for_the_call() {
        let left = Duration::from_secs(2);

        let wait = longest_wait(left, |pace| (0..10).for_each(|_| pace.throttled()));

        assert_eq!(wait, left / 4);
    }

    #[test]
    fn throttles_are_counted_once() {
        let pace = Pace::default();
        pace.throttled();
        pace.throttled();

        assert_eq!(pace.take_throttles(), 2);
        assert_eq!(pace.take_throttles(), 0);
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        assert_eq!(retry_after(" 3 "), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Mon, 05 Oct 2026 07:28:00 GMT"), None);
    }
}
