//! The function as CloudFormation reaches it through Lambda: requests are delivered, again where the function was killed,
//! and sometimes once more. Each delivery is answered by the core, over the model of IoT, in time that passes by itself.

use crate::client::Client;
use crate::clock::{Clock, wall};
use crate::cloudformation::{Function, Reply};
use crate::history::Repeat;
use crate::iot::Account;
use crate::record::Kind;
use crate::snapshot::{Snapshot, Stop};
use iot_job_template_core::cloudformation::event::Event;
use iot_job_template_core::cloudformation::sent::Sent;
use iot_job_template_core::respond::{Deadlines, Means};
use iot_job_template_core::retry::Pace;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio::time::sleep_until;

/// How long the function may take, and what of that is for the work, when the answer's share is taken.
const TIMEOUT: Duration = Duration::from_secs(60);
const TIME_TO_WORK: Duration = Duration::from_secs(55);
/// Lambda delivers an event that failed two more times: a minute later, and then two.
const DELIVERIES: u32 = 3;
/// A duplicate is delivered once more, where it is killed.
const DUPLICATE: u32 = DELIVERIES - 2;
const BEFORE_REDELIVERY: Duration = Duration::from_secs(60);
/// More than the model's own small times.
const SLACK: Duration = Duration::from_millis(100);

/// A release of the function. Until there is one, both are today's: an old one can be put in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    Today,
    TodayAgain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    pub due: Duration,
    pub request: usize,
    pub attempt: u32,
}

pub struct Lambda {
    pub account: Rc<RefCell<Account>>,
    pub queue: Rc<RefCell<Vec<Pending>>>,
    /// Each event is delivered once more after it was answered.
    pub twice: bool,
    /// Duplicates by the number of the request in an operation.
    pub repeats: Vec<(usize, Repeat)>,
    /// Which build gets which delivery: a bit for each.
    pub builds: u64,
    pub sends: usize,
    /// Requests are sent at whole multiples of so many seconds.
    pub slot: u64,
    /// Replies that CloudFormation had in an execution that this one continues, and all that it had.
    pub known: VecDeque<Option<Reply>>,
    pub replies: Vec<Option<Reply>>,
    /// Whether what happens now has not happened before.
    pub live: bool,
    /// Whether the search continues elsewhere from the next request on.
    pub stops: bool,
    pub stopped: Option<Box<Snapshot>>,
    clock: Clock,
    at_work: Rc<Cell<usize>>,
    changed: Rc<Notify>,
    local: LocalSet,
    runtime: Runtime,
}

impl Lambda {
    pub fn new(account: Account, now: Duration) -> Lambda {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let clock = runtime.block_on(async { Clock::set_to(now) });
        Lambda {
            account: Rc::new(RefCell::new(account)),
            queue: Rc::default(),
            twice: false,
            repeats: Vec::new(),
            builds: 0,
            sends: 0,
            slot: 1,
            known: VecDeque::new(),
            replies: Vec::new(),
            live: true,
            stops: false,
            stopped: None,
            clock,
            at_work: Rc::default(),
            changed: Rc::default(),
            local: LocalSet::new(),
            runtime,
        }
    }

    pub fn now(&self) -> Duration {
        self.runtime.block_on(async { self.clock.now() })
    }

    /// Whether nothing is at work, or will be.
    pub fn is_quiet(&self) -> bool {
        self.at_work.get() == 0 && self.queue.borrow().is_empty() && self.account.borrow().late.is_empty()
    }

    /// Lets time pass until all is quiet.
    pub fn settle(&mut self) {
        while !self.is_quiet() {
            let late = self.account.borrow().late.iter().map(|late| late.due).max();
            let until = self.now().max(late.unwrap_or_default()) + Duration::from_secs(1);
            self.pass(until, |_| false);
            let now = self.now();
            self.account.borrow_mut().catch_up(now);
        }
    }

    /// Lets time pass until it is over, or something holds. What is due meanwhile is delivered.
    pub fn pass(&mut self, until: Duration, holds: impl Fn(&Account) -> bool) {
        loop {
            let now = self.now();
            while let Some(due) = self.take_due(now) {
                self.deliver(due);
            }
            if now >= until || holds(&self.account.borrow()) {
                return;
            }
            let next = self.queue.borrow().iter().map(|pending| pending.due).min();
            let next = self.clock.instant(next.map_or(until, |next| next.min(until)));
            let changed = self.changed.clone();
            self.local.block_on(&self.runtime, async {
                tokio::select! {
                    () = changed.notified() => {}
                    () = sleep_until(next) => {}
                }
            });
        }
    }

    fn take_due(&self, now: Duration) -> Option<Pending> {
        let mut queue = self.queue.borrow_mut();
        let due = (0..queue.len())
            .filter(|n| queue[*n].due <= now)
            .min_by_key(|n| queue[*n].due)?;
        Some(queue.remove(due))
    }

    /// Starts a delivery.
    pub fn deliver(&self, Pending { request, attempt, .. }: Pending) {
        let (account, queue) = (self.account.clone(), self.queue.clone());
        let (at_work, changed, clock) = (self.at_work.clone(), self.changed.clone(), self.clock);
        let started = self.now();
        let delivery = account.borrow_mut().record.begin(request, started);
        let build = if self.builds >> (delivery % 64) & 1 == 0 {
            Build::Today
        } else {
            Build::TodayAgain
        };
        at_work.set(at_work.get() + 1);
        self.local.spawn_local(async move {
            let reply = answer(build, &account, clock, delivery, &at_work).await;
            let now = clock.now();
            let again = reply.is_none() && attempt + 1 < DELIVERIES;
            hold_to_its_time(&mut account.borrow_mut(), delivery, reply.is_some(), now);
            account.borrow_mut().end(delivery, reply, now);
            if again {
                let due = now + BEFORE_REDELIVERY * (attempt + 1);
                queue.borrow_mut().push(Pending {
                    due,
                    request,
                    attempt: attempt + 1,
                });
            }
            at_work.set(at_work.get() - 1);
            changed.notify_one();
        });
    }

    /// Delivers a duplicate, and lets it finish.
    pub fn deliver_alone(&mut self, request: usize) -> usize {
        let due = self.now();
        self.deliver(Pending {
            due,
            request,
            attempt: DUPLICATE,
        });
        let delivery = self.account.borrow().record.deliveries.len() - 1;
        let patience = due + TIME_TO_WORK * 2;
        self.pass(patience, |account| account.record.deliveries[delivery].ended.is_some());
        delivery
    }

    /// The end of what a search need not do twice: CloudFormation is about to send something, and nothing is at work.
    fn boundary(&mut self) {
        self.live = true;
        if self.stops && self.at_work.get() == 0 {
            self.stopped = Some(Box::new(Snapshot::of(self)));
            std::panic::resume_unwind(Box::new(Stop));
        }
        self.stops = self.account.borrow_mut().fates.choices().is_some();
    }

    /// No two requests are sent within one second.
    fn await_the_next_slot(&mut self) {
        let last = self
            .account
            .borrow()
            .record
            .requests
            .last()
            .map(|request| request.sent.as_secs() + 1);
        let earliest = last.unwrap_or(0).max(self.now().as_millis().div_ceil(1000) as u64);
        self.pass(Duration::from_secs(earliest.div_ceil(self.slot) * self.slot), |_| false);
    }

    /// What is to be repeated around the next request.
    fn next_repeat(&mut self) -> Option<Repeat> {
        let number = self.sends;
        self.sends += 1;
        let mut account = self.account.borrow_mut();
        let sent = account.record.requests.len();
        match account.fates.choices() {
            None => self
                .repeats
                .iter()
                .find(|(at, _)| *at == number)
                .map(|(_, repeat)| *repeat),
            Some(choices) => choices
                .deviate(2 * sent + 1)
                .map(|choice| match choice.checked_sub(sent + 1) {
                    None => Repeat::Together(choice),
                    Some(back) => Repeat::Before(back + 1),
                }),
        }
    }

    fn note_leftovers(&self, repeated: usize) {
        let account = &mut *self.account.borrow_mut();
        let leaves = crate::repeatable::may_leave_something(account, repeated);
        if leaves {
            let maker = account.record.maker_of(repeated);
            account.leftovers.push(maker);
        }
        // What somebody made of its template meanwhile, it may put right, or take over, for its own resource.
        let reply = account.record.requests[repeated].reply.as_ref();
        let is_drifted = reply.is_some_and(|reply| account.has_drifted(&reply.physical_id));
        let may_succeed_now = reply.is_some_and(|reply| !reply.succeeded);
        account.excused |= leaves || is_drifted || may_succeed_now;
    }

    /// Sends a request, with what is repeated around it. Gives its number.
    fn post(&mut self, event: &Value) -> usize {
        self.boundary();
        self.await_the_next_slot();
        let sent = self.account.borrow().record.requests.len();
        let repeat = self.next_repeat();
        if let Some(Repeat::Before(back)) = repeat
            && let Some(request) = sent.checked_sub(back)
            && back > 0
        {
            self.note_leftovers(request);
            crate::repeatable::repeat_alone(self, request);
            self.await_the_next_slot();
        }
        let now = self.now();
        let request = self.account.borrow_mut().record.send(event, now);
        self.deliver(Pending {
            due: now,
            request,
            attempt: 0,
        });
        // What is repeated together with its own Delete may come after it, too.
        if let Some(Repeat::Before(back) | Repeat::Together(back)) = repeat
            && let Some(repeated) = request.checked_sub(back).filter(|repeated| *repeated < request)
        {
            self.note_leftovers(repeated);
        }
        if let Some(Repeat::Together(back)) = repeat
            && let Some(repeated) = request.checked_sub(back)
        {
            self.deliver(Pending {
                due: now,
                request: repeated,
                attempt: DUPLICATE,
            });
        }
        request
    }

    /// CloudFormation waits for the answer, as long as it has patience.
    fn wait(&mut self, request: usize) -> Option<Reply> {
        let given_up = self.account.borrow().record.requests[request].given_up();
        self.pass(given_up, |account| account.record.requests[request].reply.is_some());
        let reply = self.account.borrow().record.requests[request].reply.clone();
        self.replies.push(reply.clone());
        reply
    }

    fn already_known(&mut self) -> Option<Option<Reply>> {
        let reply = self.known.pop_front()?;
        self.replies.push(reply.clone());
        Some(reply)
    }
}

/// One delivery's answer; `None` if the function was killed.
async fn answer(
    build: Build,
    account: &Rc<RefCell<Account>>,
    clock: Clock,
    delivery: usize,
    at_work: &Rc<Cell<usize>>,
) -> Option<Reply> {
    // Backoff has jitter; with it a history would not be the same twice.
    fastrand::seed(0);
    let event = account.borrow().record.request_of(delivery).event.clone();
    let event = Event::read(&event).expect("an event");
    let killed = Rc::new(Notify::new());
    let client = Client {
        account: account.clone(),
        clock,
        delivery,
        killed: killed.clone(),
        outage: Cell::new(false),
        at_work: at_work.clone(),
    };
    let sent = Sent::read(&event, wall(clock.now()));
    let pace = Pace::default();
    // The one place where it is made.
    let means = Means {
        iot: &client,
        pace: &pace,
        invocation_id: "invocation",
        function_arn: "arn:aws:lambda:eu-central-1:123456789012:function:iot-job-template",
        deadline: Deadlines::of(clock.instant(clock.now()), TIMEOUT, &sent).work,
        sent: &sent,
    };
    let answer = match build {
        Build::Today | Build::TodayAgain => means.respond(&event),
    };
    tokio::select! {
        biased;
        () = killed.notified() => None,
        answer = answer => Some(Reply {
            succeeded: answer.failed.is_none(),
            physical_id: answer.physical_id,
            reason: answer.reason.join("; "),
        }),
    }
}

/// Answered before the function's deadline, and before CloudFormation gives up, if there was any time at all.
fn hold_to_its_time(account: &mut Account, delivery: usize, answered: bool, now: Duration) {
    let started = account.record.deliveries[delivery].started;
    let request = account.record.request_of(delivery);
    let given_up = match request.kind {
        Kind::Delete => Duration::MAX,
        _ => request.given_up().max(started),
    };
    let deadline = given_up.min(started + TIME_TO_WORK) + SLACK;
    if answered && now > deadline {
        account
            .wrongs
            .push(format!("unanswered: it answers at {now:?}, and had to by {deadline:?}"));
    }
}

impl Function for Lambda {
    fn send(&mut self, event: &Value) -> Option<Reply> {
        if let Some(reply) = self.already_known() {
            return reply;
        }
        let request = self.post(event);
        let reply = self.wait(request);
        if self.twice && reply.as_ref().is_some_and(|reply| reply.succeeded) {
            crate::repeatable::repeat_alone(self, request);
        }
        reply
    }

    fn cancel(&mut self, create: &Value, after: Duration, delete: &Value) -> Option<Reply> {
        if let Some(reply) = self.already_known() {
            return reply;
        }
        self.post(create);
        // The Delete is of another second.
        let until = self.now() + after;
        self.pass(until, |_| false);
        self.await_the_next_slot();
        let now = self.now();
        let request = self.account.borrow_mut().record.send(delete, now);
        self.deliver(Pending {
            due: now,
            request,
            attempt: 0,
        });
        self.wait(request)
    }

    fn heal(&mut self) {
        if self.live {
            self.account.borrow_mut().heal();
        }
    }
}
