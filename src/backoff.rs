//! How long to wait before a call is tried again.

use std::time::Duration;

/// Exponential backoff with full jitter.
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
        ceiling.mul_f64(fastrand::f64())
    }
}
