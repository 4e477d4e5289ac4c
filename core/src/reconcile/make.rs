//! Sees to it that a template is as wanted: creates it, changes its tags, makes it anew, or takes it over.

use super::look::tags_or_none;
use super::{Create, Failure, LONGEST_WAIT, LeftBehind, Made, Reconciler, Touched, made};
use crate::cloudformation::answer::FailureKind;
use crate::cloudformation::owner::Ownership;
use crate::iot::{CallError, Cause, JobTemplates, Operation};
use crate::job_template::{Adopt, Content, Tags, Template};
use crate::memory::{REQUEST_TAG, Words};
use crate::plan::{self, Plan, ToMake};
use crate::retry::Tries;
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A template being made as wanted, and what was met on the way.
struct Making<'a> {
    to_make: ToMake<'a>,
    tries: Tries,
    conflicts: usize,
    /// When the resource's other templates did not say that this request comes late.
    in_time: Option<Instant>,
    words_alone_since: Option<Instant>,
    /// What the plan says of what it leaves undone.
    warning: Option<String>,
    /// What a delete without an answer may have made room for: the new tags, and what was there.
    perhaps_deleted: Option<(Tags, Template)>,
}

impl Making<'_> {
    /// What takes back an Update to another id looks for ten seconds for what that may yet make: some of them do not matter.
    fn is_in_time(&self) -> bool {
        const LONG_AGO: Duration = Duration::from_secs(5);
        self.to_make.others.is_empty() || self.in_time.is_some_and(|in_time| in_time.elapsed() < LONG_AGO)
    }
}

/// What a step of making a template leads to.
pub(super) enum Next {
    Done(Made, Option<String>),
    /// A look at what is there now.
    Look {
        whole: bool,
    },
    /// What was seen on the way.
    Seen(Option<Box<Template>>),
}

impl<I: JobTemplates> Reconciler<'_, I> {
    /// Sees to it that the template is as wanted. A warning comes with it where something was left undone.
    pub(super) async fn make(&self, to_make: &ToMake<'_>) -> Result<(Made, Option<String>), Failure> {
        let mut making = Making {
            to_make: to_make.clone(),
            tries: Tries::default(),
            conflicts: 0,
            in_time: None,
            words_alone_since: None,
            warning: None,
            perhaps_deleted: None,
        };
        if !to_make.is_held() && self.origin.sent.is_perhaps_repeated {
            self.note_create(Create::Unseen);
        }
        // A Create, and an Update to another id, expect to find nothing: trying it is looking and creating in one call. But what
        // is to be taken over may be from a job or a source that is gone, for which IoT refuses a create.
        let mut next = match to_make.is_held() || to_make.properties.adopt != Adopt::No {
            true => Next::Look {
                whole: to_make.is_changed(),
            },
            false => Next::Seen(None),
        };
        loop {
            if matches!(next, Next::Look { .. }) {
                self.see_that_it_is_in_time(&mut making).await?;
            }
            let observed = match next {
                Next::Done(made, warning) => return Ok((made, warning.or(making.warning))),
                Next::Look { whole } => self.look_to_make(to_make, whole).await?,
                Next::Seen(observed) => observed.map(|template| *template),
            };
            next = self.step(&mut making, observed).await?;
        }
    }

    /// As long as a look at what is not held goes unanswered, an earlier delivery of this event may have made that, or taken it
    /// over.
    async fn look_to_make(&self, to_make: &ToMake<'_>, whole: bool) -> Result<Option<Template>, CallError> {
        let id = &to_make.id;
        let to = match whole || to_make.is_changed() {
            true => Operation::Delete,
            false => Operation::Tag,
        };
        if to_make.is_held() {
            return self.look(id, whole, to).await;
        }
        self.start(&format!("look at the job template {id}"));
        let before = self.note_create(Create::Unclear);
        let observed = self.look(id, whole, to).await;
        self.note_create(before);
        if observed.is_ok() {
            self.note_seen();
        }
        observed
    }

    /// An Update to another id that waited may have been overtaken meanwhile.
    async fn see_that_it_is_in_time(&self, making: &mut Making<'_>) -> Result<(), Failure> {
        if !making.is_in_time() {
            self.look_whether_overtaken(&making.to_make).await?;
            making.in_time = Some(Instant::now());
        }
        Ok(())
    }

    /// Does what the plan says of what was observed.
    async fn step(&self, making: &mut Making<'_>, observed: Option<Template>) -> Result<Next, Failure> {
        match (plan::plan(self.origin, &making.to_make, observed.as_ref()), observed) {
            (Plan::Refuse { kind, why }, _) => {
                self.note_plan("refuse");
                Err(Failure { kind, why })
            }
            (Plan::LeaveAsDeclared { warning }, Some(template)) => {
                self.note_plan("as declared");
                Ok(Next::Done(made(&making.to_make.id, template.arn), Some(warning)))
            }
            (Plan::Describe, Some(_)) => Ok(Next::Look { whole: true }),
            (Plan::Retag { set, remove, warning }, Some(template)) => {
                making.warning = warning;
                self.retag(making, &template.arn, &set, &remove).await
            }
            (Plan::Recreate { tags, warning }, Some(template)) => {
                making.warning = warning;
                self.recreate(making, tags, template).await
            }
            (Plan::Create { tags }, _) => self.create_where_nothing_is(making, &tags).await,
            (Plan::Adopt { tags }, Some(template)) => self.adopt(making, &template.arn, &tags).await,
            // A plan to change a template comes from a template that was seen.
            (_, None) => Ok(Next::Look { whole: false }),
        }
    }

    /// Removes tags, or sets some. Removed first, so that the limit of 50 is not met on the way; there is a look between.
    async fn retag(&self, making: &mut Making<'_>, arn: &str, set: &Tags, remove: &[String]) -> Result<Next, Failure> {
        let id = &making.to_make.id;
        let done = |warning| Next::Done(made(id, arn.to_owned()), warning);
        // The look after an adoption finds all done.
        if self.progress.borrow().plan != "adopt" {
            self.note_plan("tags");
        }
        if set.is_empty() && remove.is_empty() {
            return Ok(done(None));
        }
        self.start(&format!("change the tags of the job template {id}"));
        self.leaves_behind(LeftBehind::SomeTags);
        let words_alone =
            remove.is_empty() && set.keys().all(|key| key == REQUEST_TAG) && !making.to_make.words_must_be_left;
        if words_alone {
            making.words_alone_since.get_or_insert_with(Instant::now);
        }
        let since = making.words_alone_since.unwrap_or_else(Instant::now);
        let touched = match remove.is_empty() {
            true => {
                let attempt = self.calls.try_tag(arn, set);
                self.touch(&mut making.tries, Operation::Tag, attempt).await
            }
            false => {
                let attempt = self.calls.try_untag(arn, remove);
                self.touch(&mut making.tries, Operation::Untag, attempt).await
            }
        };
        match touched {
            Ok(Touched::Done) if set.is_empty() || remove.is_empty() => Ok(done(None)),
            Err(error) if words_alone => Ok(done(Some(without_words(id, &error)))),
            Err(error) => Err(error.into()),
            Ok(Touched::LookAgain { .. }) if words_alone && since.elapsed() > LONGEST_WAIT.min(self.calls.left()) => {
                Ok(done(Some(without_words(id, &self.calls.last_fault_in_words()))))
            }
            // It may be gone, or there are tags to set as well as to remove.
            Ok(_) => Ok(Next::Look { whole: false }),
        }
    }

    /// Deletes the template and makes it anew, with these tags.
    async fn recreate(&self, making: &mut Making<'_>, tags: Tags, template: Template) -> Result<Next, Failure> {
        let id = &making.to_make.id;
        self.note_plan("re-create");
        if !self.calls.is_time_for_all() {
            return Err(Failure {
                kind: FailureKind::OutOfTime,
                why: format!(
                    "there was too little time left to make the job template {id} anew{}; {}",
                    self.calls.last_fault_in_words(),
                    self.progress.borrow().left_behind_in_words()
                ),
            });
        }
        match self
            .try_to_delete(&mut making.tries, id, LeftBehind::PerhapsMissing)
            .await?
        {
            Touched::Done | Touched::Gone => {
                return self.fill_the_gap(&mut making.to_make, &tags, &template).await;
            }
            Touched::LookAgain { unclear } => {
                let is_perhaps = unclear || making.perhaps_deleted.is_some();
                making.perhaps_deleted = is_perhaps.then_some((tags, template));
            }
        }
        Ok(Next::Look { whole: true })
    }

    async fn create_where_nothing_is(&self, making: &mut Making<'_>, tags: &Tags) -> Result<Next, Failure> {
        if let Some((tags, old)) = making.perhaps_deleted.take() {
            return self.fill_the_gap(&mut making.to_make, &tags, &old).await;
        }
        let to_make = &making.to_make;
        self.note_plan("create");
        let created = self.create(to_make, &to_make.properties.content, tags).await;
        making.in_time = Some(Instant::now());
        match created {
            Ok(arn) => Ok(Next::Done(made(&making.to_make.id, arn), None)),
            Err(NotCreated::Untried(failure)) => Err(failure),
            Err(NotCreated::Refused(error)) if error.cause == Cause::Conflict => {
                Ok(Next::Seen(self.look_at_conflict(making).await?.map(Box::new)))
            }
            Err(NotCreated::Refused(refused)) => match self.there_all_the_same(&making.to_make).await {
                Some(template) => Ok(Next::Seen(Some(Box::new(template)))),
                None => Err(refused.into()),
            },
        }
    }

    /// Looks at what is in the way of a create.
    async fn look_at_conflict(&self, making: &mut Making<'_>) -> Result<Option<Template>, CallError> {
        if making.conflicts > 0 {
            // There a moment ago, and gone, and there again.
            sleep(making.tries.pause()).await;
        }
        making.conflicts += 1;
        let observed = self.look_to_make(&making.to_make, false).await;
        match observed {
            Ok(None) => sleep(making.tries.pause()).await,
            Ok(Some(_)) => {}
            // It is there, and may be what this event made.
            Err(_) => _ = self.note_create(Create::Unclear),
        }
        observed
    }

    /// A create that was refused may have been carried out before: by an attempt that went unanswered, by an earlier delivery of
    /// this event, or for the very state that a rollback goes back to. Its job or source, or a permission, may be gone since.
    async fn there_all_the_same(&self, to_make: &ToMake<'_>) -> Option<Template> {
        let arn = (self.arn_of)(&to_make.id)?;
        let tags = tags_or_none(self.calls.try_tags(&arn).await).ok()?;
        self.note_seen();
        let words = Words::read(&tags, self.origin.sent.latest)?;
        let is_ours = self.origin.owner.ownership(&tags) == Ownership::Ours;
        let is_wanted = words.which == self.origin.sent.which || words.fingerprint == to_make.fingerprint;
        (is_ours && is_wanted).then(|| Template::of_tags(arn, tags))
    }

    /// Gives what was known before.
    fn note_create(&self, create: Create) -> Create {
        std::mem::replace(&mut self.progress.borrow_mut().create, create)
    }

    /// What is there was seen.
    fn note_seen(&self) {
        let mut progress = self.progress.borrow_mut();
        if progress.create == Create::Unseen {
            progress.create = Create::Clear;
        }
    }

    /// Takes a template over, once at the most. Until a look shows it to be ours, it may be or not.
    async fn adopt(&self, making: &mut Making<'_>, arn: &str, tags: &Tags) -> Result<Next, Failure> {
        self.note_plan("adopt");
        if !making.is_in_time() {
            return Ok(Next::Look { whole: true });
        }
        self.start(&format!("take over the job template {}", making.to_make.id));
        let before = self.note_create(Create::Unclear);
        let attempt = self.calls.try_tag(arn, tags);
        let touched = self.touch(&mut making.tries, Operation::Tag, attempt).await;
        if matches!(&touched, Ok(Touched::Done | Touched::LookAgain { unclear: true })) {
            making.to_make.may_adopt = false;
        } else {
            self.note_create(before);
        }
        touched?;
        Ok(Next::Look { whole: false })
    }

    /// CreateJobTemplate, until it has a clear answer. While an attempt has none, it may have made the template.
    pub(super) async fn create(
        &self,
        to_make: &ToMake<'_>,
        content: &Content,
        tags: &Tags,
    ) -> Result<String, NotCreated> {
        let id = &to_make.id;
        let look = async || self.look_whether_overtaken(to_make).await.map_err(NotCreated::Untried);
        let attempt = async || {
            self.start(&format!("create the job template {id}"));
            let before = self.note_create(Create::Unclear);
            let answer = self.calls.iot.create(id, content, tags).await;
            if !matches!(&answer, Err(error) if error.cause == Cause::Unclear) {
                self.note_create(before);
            }
            answer
        };
        self.calls.until_answered_after(Operation::Create, look, attempt).await
    }
}

/// Why a create did not make the template.
pub(super) enum NotCreated {
    /// It was not asked for: this request comes late, or nobody can say.
    Untried(Failure),
    Refused(CallError),
}

impl From<CallError> for NotCreated {
    fn from(error: CallError) -> NotCreated {
        NotCreated::Refused(error)
    }
}

fn without_words(id: &str, why: &dyn fmt::Display) -> String {
    format!(
        "the job template {id} is as wanted, but its tag {REQUEST_TAG}, by which late repetitions are known, could not be \
         set: {why}"
    )
}
