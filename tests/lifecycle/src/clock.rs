//! The time of the model: tokio's paused time, beside a wall clock that begins at a fixed moment. A point in time is
//! written as the duration since then.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// 2026-11-26T10:00:00Z, in seconds since 1970.
const BEGINNING: u64 = 1_795_687_200;

/// Tells the time. To be asked only inside of the runtime whose time is paused.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// When this clock was set, and what it was set to.
    set: Instant,
    to: Duration,
}

impl Clock {
    pub fn set_to(to: Duration) -> Clock {
        Clock {
            set: Instant::now(),
            to,
        }
    }

    pub fn now(self) -> Duration {
        self.to + self.set.elapsed()
    }

    pub fn instant(self, time: Duration) -> Instant {
        self.set + time.saturating_sub(self.to)
    }
}

pub fn wall(time: Duration) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(BEGINNING) + time
}

/// A ResponseURL as CloudFormation signs it at that time.
pub fn response_url(sent: Duration) -> String {
    let date = amz_date(sent);
    format!(
        "https://cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com/answer\
         ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host&X-Amz-Expires=7200\
         &X-Amz-Signature=0"
    )
}

/// `20261126T100000Z`.
fn amz_date(time: Duration) -> String {
    // A history takes days at most.
    const FIRST_DAY: u64 = 26;
    let seconds = time.as_secs() + 10 * 3600;
    let (day, of_day) = (FIRST_DAY + seconds / 86400, seconds % 86400);
    let (month, day) = if day > 30 { (12, day - 30) } else { (11, day) };
    assert!(day <= 31, "so long a history");
    format!(
        "2026{month}{day:02}T{:02}{:02}{:02}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
#[test]
fn the_wall_clock_begins_at_ten_and_changes_the_month() {
    assert_eq!(amz_date(Duration::from_secs(61)), "20261126T100101Z");
    assert_eq!(amz_date(Duration::from_secs(5 * 86400)), "20261201T100000Z");
}
