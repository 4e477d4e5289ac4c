//! The function's client: each call takes its time, meets its fate, and is held to what must hold of every call.

use crate::adoption;
use crate::calls::{Done, LateCall, Work, id_in};
use crate::clock::Clock;
use crate::iot::Account;
use crate::mishap::{Mishap, seconds};
use crate::record::{Kind, Look};
use crate::truth::{was_followed_in_silence, was_shown_otherwise};
use iot_job_template_core::iot::{CallError, Cause, JobTemplates};
use iot_job_template_core::job_template::{Content, Tags};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// To the service, and back. Time passes with each call, so that requests that overlap take turns.
const ONE_WAY: Duration = Duration::from_millis(10);
/// Less than any pause: tokio's timers are as coarse.
const NO_TIME: Duration = Duration::from_millis(2);

const HASTE: Duration = Duration::from_secs(60);

/// For one delivery.
pub struct Client {
    pub account: Rc<RefCell<Account>>,
    pub clock: Clock,
    pub delivery: usize,
    /// Tells that the function is to be killed.
    pub killed: Rc<Notify>,
    /// All is throttled.
    pub outage: Cell<bool>,
    /// How many deliveries are at work.
    pub at_work: Rc<Cell<usize>>,
}

type Answered<T> = Result<T, CallError>;

fn error<T>(work: &Work, cause: Cause) -> Answered<T> {
    Err(CallError {
        operation: work.operation(),
        cause,
        detail: format!("{cause:?}"),
        retry_after: None,
    })
}

impl Client {
    async fn call(&self, work: Work) -> Answered<Done> {
        let looked = self.begin(&work);
        if self.at_work.get() > 1 && self.lets_the_other_go_first() {
            sleep(ONE_WAY * 5 / 2).await;
        }
        sleep(ONE_WAY).await;
        let answer = self.meet(&work, looked).await;
        sleep(ONE_WAY).await;
        self.end(&work, looked, &answer);
        answer.or_else(|cause| error(&work, cause))
    }

    fn lets_the_other_go_first(&self) -> bool {
        let mut account = self.account.borrow_mut();
        account.fates.choices().is_some_and(|choices| choices.delay())
    }

    /// Holds the call to what must precede it. Gives the moment that the look which did shows: of tags and content right
    /// after one another, that of the tags, which say whose it is.
    fn begin(&self, work: &Work) -> Duration {
        let now = self.clock.now();
        let account = &mut *self.account.borrow_mut();
        // Until it is answered. Of a hanging call nothing more is heard.
        let request = account.record.request_of(self.delivery);
        let is_held = request.kind == Kind::Update && request.is_of_held(work.id());
        let delivery = &mut account.record.deliveries[self.delivery];
        match work {
            Work::Create { .. } => delivery.unclear += 1,
            // Where it cannot be looked at, no words are left on it either.
            Work::ListTags { id } if is_held => _ = delivery.words_failed.insert(id.clone()),
            Work::Tag { id, .. } | Work::Untag { id, .. } => _ = delivery.words_failed.insert(id.clone()),
            _ => {}
        }
        let look = delivery.look.take();
        let request = account.record.request_of(self.delivery);
        if !work.is_look() && request.kind != Kind::Delete && now > request.given_up() + NO_TIME {
            account.wrongs.push(format!(
                "impatient: {} of {} at {now:?}, which CloudFormation waited for until {:?}",
                work.operation(),
                work.id(),
                request.given_up()
            ));
        }
        let seen = look.as_ref().filter(|look| look.id == work.id());
        if work.is_touch() && seen.is_none_or(|look| now - look.ended > NO_TIME) {
            account.wrongs.push(format!(
                "touched unseen: {} of {} at {now:?}; the last look was {look:?}",
                work.operation(),
                work.id()
            ));
        }
        match (look, work) {
            (Some(look), Work::Describe { id }) if look.id == *id && look.of_tags && now - look.ended <= NO_TIME => {
                look.seen
            }
            (Some(look), _) if work.is_touch() => look.since,
            _ => Duration::MAX,
        }
    }

    fn end(&self, work: &Work, looked: Duration, answer: &Result<Done, Cause>) {
        let ended = self.clock.now();
        let account = &mut *self.account.borrow_mut();
        let request = account.record.request_of(self.delivery);
        let is_held = request.kind == Kind::Update && request.is_of_held(work.id());
        let delivery = &mut account.record.deliveries[self.delivery];
        match (work, answer) {
            (_, Ok(_) | Err(Cause::NotFound)) if work.is_look() => {
                delivery.could_look = true;
                // What it is to have is known, and is tried to be set next.
                if is_held && matches!(work, Work::ListTags { .. }) {
                    delivery.words_failed.remove(work.id());
                }
                delivery.look = Some(Look {
                    id: work.id().to_owned(),
                    seen: delivery.seen,
                    since: delivery.seen.min(looked),
                    of_tags: matches!(work, Work::ListTags { .. }),
                    ended,
                });
            }
            (Work::Create { .. }, Ok(_)) => delivery.unclear -= 1,
            (Work::Create { .. }, Err(cause)) if *cause != Cause::Unclear => delivery.unclear -= 1,
            (Work::Tag { id, .. } | Work::Untag { id, .. }, Ok(_)) => _ = delivery.words_failed.remove(id),
            _ => {}
        }
    }

    async fn meet(&self, work: &Work, looked: Duration) -> Result<Done, Cause> {
        let now = self.clock.now();
        let operation = work.operation();
        let mishap = self.next_mishap(work, now);
        let serve = || self.serve(work, looked);
        let if_so = |is: bool| {
            if is {
                let _ = serve();
            }
        };
        match mishap {
            None => serve(),
            Some(Mishap::Refused { lasting }) => {
                let account = &mut *self.account.borrow_mut();
                if lasting {
                    account.refused.insert(operation);
                }
                note_refusal(account, work);
                Err(Cause::Refused)
            }
            Some(Mishap::Denied { all, seconds }) => {
                self.account
                    .borrow_mut()
                    .deny((!all).then_some(operation), seconds, now);
                serve()
            }
            Some(Mishap::Down) => {
                self.account.borrow_mut().down.insert(operation);
                serve()
            }
            Some(Mishap::Throttled | Mishap::Outage) => Err(Cause::Throttled),
            Some(Mishap::NotSent) => Err(Cause::NotSent),
            Some(Mishap::Slow) => {
                sleep(seconds(3)).await;
                serve()
            }
            Some(Mishap::Failed { done } | Mishap::AnswerLost { done }) => {
                if_so(done);
                Err(Cause::Unclear)
            }
            Some(Mishap::Later { seconds: after }) => {
                let late = LateCall {
                    looked,
                    due: now + seconds(after),
                    delivery: self.delivery,
                    work: work.clone(),
                };
                self.account.borrow_mut().late.push(late);
                Err(Cause::Unclear)
            }
            Some(Mishap::Hangs { done }) => {
                if_so(done);
                pending().await
            }
            Some(Mishap::Killed { done }) => {
                if_so(done);
                self.killed.notify_one();
                pending().await
            }
            Some(Mishap::Before(deed)) => {
                self.account.borrow_mut().befall(work.id(), deed, now);
                serve()
            }
            Some(Mishap::After(deed)) => {
                let result = serve();
                self.account.borrow_mut().befall(work.id(), deed, now);
                result
            }
            Some(Mishap::ShownLate { seconds: after }) => {
                let before = self.template_tags(work.id());
                let result = serve();
                let account = &mut *self.account.borrow_mut();
                let is_changed = result.is_ok() && !work.is_look();
                if let Some(template) = account.templates.get_mut(work.id()).filter(|_| is_changed) {
                    template.shown = Some((now + seconds(after), before));
                    account.drift(work.id(), now + seconds(after));
                }
                result
            }
            Some(Mishap::Lingers { shown }) => {
                let old = self.account.borrow().templates.get(work.id()).cloned();
                let result = serve();
                if operation == "DeleteJobTemplate" && old.is_some() {
                    let shown = old.filter(|_| shown);
                    self.account.borrow_mut().linger(work.id(), now + seconds(2), shown);
                }
                result
            }
        }
    }

    fn template_tags(&self, id: &str) -> Tags {
        let account = self.account.borrow();
        account
            .templates
            .get(id)
            .map(|template| template.tags.clone())
            .unwrap_or_default()
    }

    fn next_mishap(&self, work: &Work, now: Duration) -> Option<Mishap> {
        let account = &mut *self.account.borrow_mut();
        account.catch_up(now);
        account.record.deliveries[self.delivery].acted = now;
        let number = account.calls;
        account.calls += 1;
        let is_barred = account.gate(work, now).is_some();
        let mut mishap = match is_barred {
            true => None,
            false => account.fates.of_call(number, work.operation()),
        };
        account.happened += usize::from(mishap.is_some());
        // Where CloudFormation waits for less than the function may, anything is in the way.
        // "One request adopts at most once".
        let adopts = work.is_touch() && account.record.request_of(self.delivery).adopts;
        let is_hasty = account.record.request_of(self.delivery).patience < HASTE;
        account.excused |= is_barred && is_hasty;
        let denied = account.denied_since.map_or(Duration::ZERO, |since| now - since);
        account.excused |= mishap.is_some_and(|mishap| is_hasty || adopts || mishap.is_an_excuse(denied));
        if let Some(Mishap::Denied { .. }) = mishap {
            account.denied_since.get_or_insert(now);
        }
        if mishap == Some(Mishap::Outage) {
            self.outage.set(true);
        } else if self.outage.get() {
            mishap = Some(Mishap::Outage);
        }
        account.record.trace(|| {
            let met = mishap.map(|mishap| format!(" {mishap:?}")).unwrap_or_default();
            format!(
                "    {now:?} [{}] {} {}{met}",
                self.delivery,
                work.operation(),
                work.id()
            )
        });
        mishap
    }

    fn serve(&self, work: &Work, looked: Duration) -> Result<Done, Cause> {
        let account = &mut *self.account.borrow_mut();
        account.catch_up(self.clock.now());
        let now = account.moment(self.clock.now());
        if let Some(cause) = account.gate(work, now) {
            // A permission that is late is waited for, where there is time.
            let is_hasty = account.record.request_of(self.delivery).patience < HASTE;
            if cause == Cause::Refused || cause == Cause::Denied && is_hasty {
                note_refusal(account, work);
            }
            return Err(cause);
        }
        let caller = account.record.maker(self.delivery);
        let before = account.templates.get(work.id()).cloned();
        let came_between = before.as_ref().is_some_and(|before| {
            came_between_look_and_touch(before.changed_at, looked) || was_shown_otherwise(before, looked)
        });
        if work.is_look() {
            let is_anothers = account.shown(work.id()).is_ok_and(|shown| *shown.holder() != caller);
            let delivery = &mut account.record.deliveries[self.delivery];
            delivery.seen = now;
            if is_anothers {
                delivery.met.push(work.id().to_owned());
            }
        }
        // Whose it is, and what it is, was different when it was looked at.
        if work.is_touch() && came_between {
            account.drift(work.id(), now);
            if let Some(template) = account.templates.get_mut(work.id()) {
                template.mistaken |= adoption::is_mistaken(template, work, &caller);
            }
        }
        if work.is_touch()
            && let Some(template) = &before
            && !came_between
            && let Some(why) = adoption::forbids(template, &caller, work, account.record.request_of(self.delivery))
        {
            account.wrongs.push(format!("stolen: {why}"));
        }
        let result = account.carry_out(work, self.delivery, now, false);
        if result.is_ok() && !work.is_look() {
            if was_followed_in_silence(&account.record, self.delivery, work.id()) {
                account.drift(work.id(), now);
            }
            let request = account.record.request_of(self.delivery).clone();
            adoption::note(account, before.as_ref(), work, self.delivery, &request, (now, false));
        }
        let gives_back = account.record.request_of(self.delivery).kind == Kind::Delete && work.is_touch();
        if result.is_ok() && (gives_back || matches!(work, Work::Delete { .. })) {
            account.record.deliveries[self.delivery]
                .deleted
                .push(work.id().to_owned());
        }
        result
    }
}

/// Whoever is refused twice cannot tell whether it was for the source.
fn note_refusal(account: &mut Account, work: &Work) {
    if let Work::Create { content, .. } = work
        && let Some(source) = &content.document_source
        && !account.refused_sources.insert(source.clone())
    {
        account.changed_sources.insert(source.clone());
    }
}

/// "somebody, or a cancelled request of ours, between look and touch: milliseconds, or as long as that one call takes": from
/// IoT's answer to the look until it carries out the touch. That nothing else is between the two is held to elsewhere.
fn came_between_look_and_touch(changed_at: Duration, looked: Duration) -> bool {
    changed_at > looked
}

impl JobTemplates for Client {
    async fn create(&self, id: &str, content: &Content, tags: &Tags) -> Answered<String> {
        let work = Work::Create {
            id: id.to_owned(),
            content: content.clone(),
            tags: tags.clone(),
        };
        match self.call(work).await? {
            Done::Arn(arn) => Ok(arn),
            _ => unreachable!("a create gives an ARN"),
        }
    }

    async fn describe(&self, id: &str) -> Answered<(String, Content)> {
        match self.call(Work::Describe { id: id.to_owned() }).await? {
            Done::Described(arn, content) => Ok((arn, content)),
            _ => unreachable!("a describe gives the content"),
        }
    }

    async fn delete(&self, id: &str) -> Answered<()> {
        self.call(Work::Delete { id: id.to_owned() }).await.map(drop)
    }

    async fn tags(&self, arn: &str) -> Answered<Tags> {
        match self
            .call(Work::ListTags {
                id: id_in(arn).to_owned(),
            })
            .await?
        {
            Done::Tags(tags) => Ok(tags),
            _ => unreachable!("a list of tags gives tags"),
        }
    }

    async fn tag(&self, arn: &str, tags: &Tags) -> Answered<()> {
        let work = Work::Tag {
            id: id_in(arn).to_owned(),
            tags: tags.clone(),
        };
        self.call(work).await.map(drop)
    }

    async fn untag(&self, arn: &str, keys: &[String]) -> Answered<()> {
        let work = Work::Untag {
            id: id_in(arn).to_owned(),
            keys: keys.to_vec(),
        };
        self.call(work).await.map(drop)
    }
}
