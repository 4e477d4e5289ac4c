//! Calls to IoT: repeating them until they are answered, how long to wait before that, and how fast to call a service
//! that throttles.

use crate::iot::{CallError, Cause, JobTemplates, Operation};
use crate::job_template::{Content, Tags};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The calls of one request.
///
/// A look, and a create, which can only ever make what is not there, are repeated until they have a clear answer.
/// DeleteJobTemplate, TagResource and UntagResource are tried once: whoever calls them has just looked, and looks again
/// before the next try.
pub struct Calls<'a, I> {
    pub iot: &'a I,
    pace: &'a Pace,
    started: Instant,
    /// When the caller will drop the work.
    deadline: Instant,
    /// When no attempt is begun any more; the deadline, unless some of the time is kept for something else.
    limit: Cell<Instant>,
    /// The transient fault that was met last.
    last_fault: RefCell<Option<String>>,
}

impl<'a, I: JobTemplates> Calls<'a, I> {
    pub fn new(iot: &'a I, pace: &'a Pace, deadline: Instant) -> Calls<'a, I> {
        Calls {
            iot,
            pace,
            started: Instant::now(),
            deadline,
            limit: Cell::new(deadline),
            last_fault: RefCell::default(),
        }
    }

    pub async fn describe(&self, id: &str) -> Result<(String, Content), CallError> {
        let attempt = async || self.iot.describe(id).await;
        self.until_answered(Operation::Describe, attempt).await
    }

    pub async fn tags(&self, arn: &str) -> Result<Tags, CallError> {
        let attempt = async || self.iot.tags(arn).await;
        self.until_answered(Operation::ListTags, attempt).await
    }

    /// A single attempt, right away.
    pub async fn try_describe(&self, id: &str) -> Result<(String, Content), CallError> {
        self.once(Operation::Describe, self.iot.describe(id)).await
    }

    /// A single attempt.
    pub async fn try_tags(&self, arn: &str) -> Result<Tags, CallError> {
        self.turn(Operation::ListTags).await;
        self.once(Operation::ListTags, self.iot.tags(arn)).await
    }

    /// A single attempt, as those below.
    pub async fn try_delete(&self, id: &str) -> Result<(), CallError> {
        self.once(Operation::Delete, self.iot.delete(id)).await
    }

    pub async fn try_tag(&self, arn: &str, tags: &Tags) -> Result<(), CallError> {
        self.once(Operation::Tag, self.iot.tag(arn, tags)).await
    }

    pub async fn try_untag(&self, arn: &str, keys: &[String]) -> Result<(), CallError> {
        self.once(Operation::Untag, self.iot.untag(arn, keys)).await
    }

    /// Waits until the pace allows this operation. Whoever looks in order to touch waits for both before the look.
    pub async fn turn(&self, operation: Operation) {
        sleep(self.pace.wait(operation, self.left())).await;
    }

    async fn until_answered<T>(
        &self,
        operation: Operation,
        attempt: impl AsyncFn() -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let nothing = async || Ok(());
        self.until_answered_after(operation, nothing, attempt).await
    }

    /// The same with a look right before each attempt. Where that fails, the attempt is not made.
    pub async fn until_answered_after<T, E: From<CallError>>(
        &self,
        operation: Operation,
        look: impl AsyncFn() -> Result<(), E>,
        attempt: impl AsyncFn() -> Result<T, CallError>,
    ) -> Result<T, E> {
        let mut tries = Tries::default();
        loop {
            self.turn(operation).await;
            look().await?;
            let error = match self.once(operation, attempt()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match tries.pause_after(&error, self.left()) {
                Some(pause) if pause < self.left() => sleep(pause).await,
                Some(_) if self.limit.get() < self.deadline => return Err(error.into()),
                // The caller drops the work in the middle of this.
                Some(pause) => sleep(pause).await,
                None => return Err(error.into()),
            }
        }
    }

    /// One attempt, which gets a share of the time, so that one that hangs does not use it up.
    async fn once<T>(
        &self,
        operation: Operation,
        attempt: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);
        const SHORTEST_ATTEMPT: Duration = Duration::from_millis(500);
        let patience = (self.left() / 3).clamp(SHORTEST_ATTEMPT, LONGEST_ATTEMPT);
        let answer = timeout(patience, attempt).await.unwrap_or_else(|_| {
            Err(CallError {
                operation: operation.name(),
                cause: Cause::Unclear,
                detail: format!("no answer from IoT in {:.1} s", patience.as_secs_f64()),
                retry_after: None,
            })
        });
        match &answer {
            Err(error) if error.cause == Cause::Throttled => self.pace.throttled(operation),
            Err(error) if error.is_transient() => {}
            _ => self.pace.went_through(operation),
        }
        if let Err(error) = &answer
            && (error.is_transient() || error.cause == Cause::Denied)
        {
            *self.last_fault.borrow_mut() = Some(error.to_string());
        }
        answer
    }

    pub fn left(&self) -> Duration {
        self.limit.get().saturating_duration_since(Instant::now())
    }

    /// Keeps this share of the time until the deadline for something else.
    pub fn keep(&self, share: f64) {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.limit.set(self.deadline - left.mul_f64(share));
    }

    /// Whether there is time for something that must not be broken off: ten seconds, or half of all where that is less.
    pub fn is_time_for_all(&self) -> bool {
        const ALL: Duration = Duration::from_secs(10);
        let whole = self.deadline.saturating_duration_since(self.started);
        self.left() >= ALL.min(whole / 2)
    }

    /// The fault met last, for the end of a sentence.
    pub fn last_fault_in_words(&self) -> String {
        match &*self.last_fault.borrow() {
            Some(fault) => format!(" (last, {fault})"),
            None => String::new(),
        }
    }
}

/// The tries at one thing, and how long to wait before the next.
#[derive(Default)]
pub struct Tries {
    backoff: Backoff,
    denied_until: Option<Instant>,
}

impl Tries {
    /// How long to wait before it is tried again; `None` if that is of no use. `left` is the time that there is.
    ///
    /// A permission that is missing may only be late: IAM is eventually consistent, and the provider's role may be some
    /// seconds old. So it is asked for again for thirty seconds.
    pub fn pause_after(&mut self, error: &CallError, left: Duration) -> Option<Duration> {
        const LATE_PERMISSION: Duration = Duration::from_secs(30);
        let asked = error.retry_after.unwrap_or_default();
        match error.cause {
            // The pace says how long.
            Cause::Throttled => Some(asked),
            Cause::NotSent | Cause::Unclear => Some(self.backoff.pause().max(asked)),
            Cause::Denied => {
                let now = Instant::now();
                // Some of the time is for the answer that says what is missing.
                let end = *self.denied_until.get_or_insert(now + LATE_PERMISSION.min(left / 2));
                let pause = self.backoff.pause().max(Backoff::FIRST);
                (now < end).then(|| pause.min(end - now))
            }
            Cause::NotFound | Cause::Conflict | Cause::Refused => None,
        }
    }

    /// How long to wait before it is looked at again whether something has come or gone by itself.
    pub fn pause(&mut self) -> Duration {
        self.backoff.pause()
    }
}

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

/// The pace of all calls to a service that throttles, remembered from event to event; of each operation by itself, for IoT
/// throttles each by itself.
///
/// A big stack calls from many environments at once, none of which knows of the others, and each call that is throttled
/// is one for nothing. A backoff that begins anew with each call never gets slow enough: 500 templates from 50
/// environments at 10 calls a second need 4.7 calls each. This one stays slow for as long as the service is busy, and
/// needs 1.35 (both simulated; tests/binary/load.rs measures). Without throttling it costs nothing.
#[derive(Debug, Default)]
pub struct Pace {
    operations: [OperationPace; 6],
    throttles: Cell<u32>,
}

#[derive(Debug, Default)]
struct OperationPace {
    /// The longest pause between two calls.
    ceiling: Cell<Duration>,
    /// When the next call may be made.
    turn: Cell<Option<Instant>>,
}

impl Pace {
    const FIRST: Duration = Duration::from_secs(3);
    const LONGEST: Duration = Duration::from_secs(30);
    const SLOWER: u32 = 3;
    const FASTER: f64 = 0.9;

    /// How long to wait before the next call; never so long that nothing comes of the time `left`.
    pub fn wait(&self, operation: Operation, left: Duration) -> Duration {
        let turn = self.of(operation).and_then(|pace| pace.turn.get());
        turn.map(|turn| turn.saturating_duration_since(Instant::now()))
            .unwrap_or_default()
            .min(left / 4)
    }

    /// The service throttled a call.
    pub fn throttled(&self, operation: Operation) {
        self.throttles.set(self.throttles.get().saturating_add(1));
        self.set(operation, |ceiling| {
            (ceiling * Self::SLOWER).clamp(Self::FIRST, Self::LONGEST)
        });
    }

    /// The service took a call.
    pub fn went_through(&self, operation: Operation) {
        self.set(operation, |ceiling| ceiling.mul_f64(Self::FASTER));
    }

    fn set(&self, operation: Operation, ceiling: impl Fn(Duration) -> Duration) {
        if let Some(pace) = self.of(operation) {
            let ceiling = ceiling(pace.ceiling.get());
            pace.ceiling.set(ceiling);
            pace.turn.set(Some(Instant::now() + jittered(ceiling)));
        }
    }

    fn of(&self, operation: Operation) -> Option<&OperationPace> {
        self.operations.get(operation as usize)
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
            pace.wait(Operation::Create, left)
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
            pace.went_through(Operation::Create);
            pace.went_through(Operation::Create);
        });

        assert_eq!(wait, Duration::ZERO);
    }

    #[test]
    fn after_throttling_the_next_call_waits_too_though_one_went_through() {
        let wait = longest_wait(PLENTY, |pace| {
            pace.throttled(Operation::Create);
            pace.went_through(Operation::Create);
        });

        assert!(wait > Pace::FIRST / 2, "{wait:?}");
        assert!(wait <= Pace::FIRST.mul_f64(Pace::FASTER), "{wait:?}");
    }

    #[test]
    fn calls_get_slower_while_they_are_throttled_up_to_a_bound() {
        let throttled = |times| {
            longest_wait(PLENTY, move |pace| {
                (0..times).for_each(|_| pace.throttled(Operation::Create));
            })
        };

        assert!(throttled(2) > throttled(1));
        assert!(throttled(100) <= Pace::LONGEST);
    }

    #[test]
    fn a_wait_leaves_time_for_the_call() {
        let left = Duration::from_secs(2);

        let wait = longest_wait(left, |pace| (0..10).for_each(|_| pace.throttled(Operation::Create)));

        assert_eq!(wait, left / 4);
    }

    #[test]
    fn throttles_are_counted_once() {
        let pace = Pace::default();
        pace.throttled(Operation::Create);
        pace.throttled(Operation::Create);

        assert_eq!(pace.take_throttles(), 2);
        assert_eq!(pace.take_throttles(), 0);
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        assert_eq!(retry_after(" 3 "), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Mon, 05 Oct 2026 07:28:00 GMT"), None);
    }

    #[test]
    fn each_operation_has_a_pace_of_its_own() {
        let pace = Pace::default();
        (0..10).for_each(|_| pace.throttled(Operation::Tag));

        assert!(pace.wait(Operation::Tag, PLENTY) > Duration::ZERO);
        assert_eq!(pace.wait(Operation::Delete, PLENTY), Duration::ZERO);
    }

    fn error(cause: Cause) -> CallError {
        CallError {
            operation: Operation::Create.name(),
            cause,
            detail: String::new(),
            retry_after: None,
        }
    }

    /// For how long something that fails like this is tried, if there is so much time.
    async fn tried_for(cause: Cause, left: Duration) -> Duration {
        let started = Instant::now();
        let mut tries = Tries::default();
        while let Some(pause) = tries.pause_after(&error(cause), left.saturating_sub(started.elapsed())) {
            sleep(pause).await;
            if started.elapsed() >= left {
                break;
            }
        }
        started.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_permission_is_asked_for_again_for_thirty_seconds_or_half_of_the_time() {
        assert_eq!(tried_for(Cause::Denied, PLENTY).await.as_secs(), 30);
        let short = tried_for(Cause::Denied, Duration::from_secs(20)).await;
        assert!(short < Duration::from_secs(20), "{short:?}");
        assert!(short > Duration::from_secs(9), "{short:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_service_refuses_is_not_asked_for_again() {
        for cause in [Cause::Refused, Cause::Conflict, Cause::NotFound] {
            assert_eq!(tried_for(cause, PLENTY).await, Duration::ZERO, "{cause:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn passing_faults_are_tried_again_until_the_time_is_over() {
        let left = Duration::from_secs(1000);

        for cause in [Cause::NotSent, Cause::Unclear] {
            assert!(tried_for(cause, left).await >= left, "{cause:?}");
        }
    }

    #[test]
    fn a_pause_that_the_service_asks_for_is_made() {
        let asked = CallError {
            retry_after: Some(Duration::from_secs(7)),
            ..error(Cause::Throttled)
        };

        assert_eq!(Tries::default().pause_after(&asked, PLENTY), asked.retry_after);
    }
}
