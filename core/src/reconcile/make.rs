//! Sees to it that a template is as wanted: creates it, changes its tags, makes it anew, or takes it over.

use super::{Create, Failure, LONGEST_WAIT, Leaves, Made, Reconciler, Touched, made};
use crate::cloudformation::answer::FailureKind;
use crate::cloudformation::owner::Ownership;
use crate::iot::{CallError, Cause, JobTemplates, Operation};
use crate::job_template::{Content, Tags, Template};
use crate::memory::{REQUEST_TAG, Words};
use crate::plan::{self, Plan, Wanted};
use crate::retry::Tries;
use std::fmt;
use tokio::time::{Instant, sleep};

impl<I: JobTemplates> Reconciler<'_, I> {
    /// Sees to it that the template is as wanted. A warning comes with it where something was left undone.
    pub(super) async fn make(&self, wanted: &Wanted<'_>) -> Result<(Made, Option<String>), Failure> {
        let mut wanted = wanted.clone();
        let id = &wanted.id.clone();
        let next = match wanted.is_changed() {
            true => Operation::Delete,
            false => Operation::Tag,
        };
        let mut tries = Tries::default();
        let mut conflicts = 0;
        let mut words_alone_since = None;
        // What a delete without an answer may have made room for.
        let mut perhaps_deleted = None;
        // A Create, and an Update to another id, expect to find nothing: trying it is looking and creating in one call.
        let mut observed = match wanted.is_held() {
            true => self.look(id, wanted.is_changed(), next).await?,
            false => None,
        };
        loop {
            let whole = match (plan::plan(self.origin, &wanted, observed.as_ref()), observed) {
                (Plan::Refuse { kind, why }, _) => {
                    self.note_plan("refuse");
                    return Err(Failure { kind, why });
                }
                (Plan::LeaveAsDeclared { warning }, Some(template)) => {
                    self.note_plan("as declared");
                    return Ok((made(id, template.arn), Some(warning)));
                }
                (Plan::Describe, Some(_)) => true,
                (Plan::Retag { set, remove }, Some(template)) if set.is_empty() && remove.is_empty() => {
                    // The look after an adoption finds all done.
                    if self.progress.borrow().plan != "adopt" {
                        self.note_plan("tags");
                    }
                    return Ok((made(id, template.arn), None));
                }
                (Plan::Retag { set, remove }, Some(template)) => {
                    self.note_plan("tags");
                    let words_alone = remove.is_empty() && set.keys().all(|key| key == REQUEST_TAG);
                    let since = *words_alone_since.get_or_insert_with(Instant::now);
                    match self.retag(&mut tries, id, &template.arn, &set, &remove).await {
                        Ok(Touched::Done) if set.is_empty() || remove.is_empty() => {
                            return Ok((made(id, template.arn), None));
                        }
                        Err(error) if words_alone => {
                            return Ok((made(id, template.arn), Some(without_words(id, &error))));
                        }
                        Err(error) => return Err(error.into()),
                        Ok(Touched::LookAgain { .. })
                            if words_alone && since.elapsed() > LONGEST_WAIT.min(self.calls.left()) =>
                        {
                            let why = self.calls.last_fault_in_words();
                            return Ok((made(id, template.arn), Some(without_words(id, &why))));
                        }
                        // Look again: it may be gone, or there are tags to set as well as to remove.
                        Ok(_) => false,
                    }
                }
                (Plan::Recreate { tags }, Some(template)) => {
                    self.note_plan("re-create");
                    if !self.calls.is_time_for_all() {
                        return Err(Failure {
                            kind: FailureKind::OutOfTime,
                            why: format!(
                                "there was too little time left to make the job template {id} anew{}; nothing was changed",
                                self.calls.last_fault_in_words()
                            ),
                        });
                    }
                    match self.try_to_delete(&mut tries, id, Leaves::PerhapsMissing).await? {
                        Touched::Done | Touched::Gone => {
                            let made = self.fill_the_gap(&wanted, &tags, &template).await?;
                            return Ok((made, None));
                        }
                        Touched::LookAgain { unclear } => perhaps_deleted = unclear.then_some((tags, template)),
                    }
                    true
                }
                (Plan::Create { .. }, _) if let Some((tags, old)) = perhaps_deleted.take() => {
                    let made = self.fill_the_gap(&wanted, &tags, &old).await?;
                    return Ok((made, None));
                }
                (Plan::Create { tags }, _) => {
                    self.note_plan("create");
                    match self.create(id, &wanted.properties.content, &tags).await {
                        Ok(arn) => return Ok((made(id, arn), None)),
                        Err(error) if error.cause == Cause::Conflict => {
                            observed = self.look_at_conflict(&mut tries, conflicts, id, next).await?;
                            conflicts += 1;
                            continue;
                        }
                        Err(refused) => match self.made_by_an_earlier_attempt(id).await {
                            Some(template) => {
                                observed = Some(template);
                                continue;
                            }
                            None => return Err(refused.into()),
                        },
                    }
                }
                (Plan::Adopt { tags }, Some(template)) => {
                    self.note_plan("adopt");
                    self.adopt(&mut tries, &mut wanted, &template.arn, &tags).await?;
                    false
                }
                // A plan to change a template comes from a template that was seen.
                (_, None) => false,
            };
            observed = self
                .look(id, whole, if whole { Operation::Delete } else { next })
                .await?;
        }
    }

    /// Looks at what is in the way of a create. Until that is seen, it may be what an earlier delivery of this event made.
    async fn look_at_conflict(
        &self,
        tries: &mut Tries,
        conflicts: usize,
        id: &str,
        to: Operation,
    ) -> Result<Option<Template>, CallError> {
        if conflicts > 0 {
            // There a moment ago, and gone, and there again.
            sleep(tries.pause()).await;
        }
        let before = std::mem::replace(&mut self.progress.borrow_mut().create, Create::Unclear);
        let observed = self.look(id, false, to).await?;
        self.progress.borrow_mut().create = before;
        if observed.is_none() {
            sleep(tries.pause()).await;
        }
        Ok(observed)
    }

    /// A create that was refused may have been carried out before: by an attempt that went unanswered, or by an earlier
    /// delivery of this event.
    async fn made_by_an_earlier_attempt(&self, id: &str) -> Option<Template> {
        let arn = (self.arn_of)(id)?;
        let tags = self.calls.try_tags(&arn).await.ok()?;
        let words = Words::read(&tags, self.origin.sent.latest)?;
        let is_ours = self.origin.owner.ownership(&tags) == Ownership::Ours;
        (is_ours && words.which == self.origin.sent.which).then_some(Template {
            arn,
            tags,
            content: None,
        })
    }

    /// Takes a template over, once at the most. Until a look shows it to be ours, it may be or not.
    async fn adopt(&self, tries: &mut Tries, wanted: &mut Wanted<'_>, arn: &str, tags: &Tags) -> Result<(), CallError> {
        self.start(&format!("take over the job template {}", wanted.id));
        let before = std::mem::replace(&mut self.progress.borrow_mut().create, Create::Unclear);
        match self.touch(tries, self.calls.try_tag(arn, tags)).await {
            Ok(Touched::Done | Touched::LookAgain { unclear: true }) => wanted.may_adopt = false,
            Ok(Touched::Gone | Touched::LookAgain { unclear: false }) => self.progress.borrow_mut().create = before,
            Err(error) => {
                self.progress.borrow_mut().create = before;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Removes tags, or sets some. Removed first, so that the limit of 50 is not met on the way; there is a look between.
    async fn retag(
        &self,
        tries: &mut Tries,
        id: &str,
        arn: &str,
        set: &Tags,
        remove: &[String],
    ) -> Result<Touched, CallError> {
        self.start(&format!("change the tags of the job template {id}"));
        self.leaves(Leaves::SomeTags);
        if remove.is_empty() {
            self.touch(tries, self.calls.try_tag(arn, set)).await
        } else {
            self.touch(tries, self.calls.try_untag(arn, remove)).await
        }
    }

    /// CreateJobTemplate, until it has a clear answer. While an attempt has none, it may have made the template.
    pub(super) async fn create(&self, id: &str, content: &Content, tags: &Tags) -> Result<String, CallError> {
        self.start(&format!("create the job template {id}"));
        let attempt = async || {
            let before = std::mem::replace(&mut self.progress.borrow_mut().create, Create::Unclear);
            let answer = self.calls.iot.create(id, content, tags).await;
            if !matches!(&answer, Err(error) if error.cause == Cause::Unclear) {
                self.progress.borrow_mut().create = before;
            }
            answer
        };
        self.calls.until_answered(Operation::Create, attempt).await
    }
}

fn without_words(id: &str, why: &dyn fmt::Display) -> String {
    format!(
        "the job template {id} is as wanted, but its tag {REQUEST_TAG}, by which late repetitions are known, could not be \
         set: {why}"
    )
}
