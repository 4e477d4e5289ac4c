//! Carries out what `plan.rs` works out: looks at what is there, does what is missing, and is sure of the outcome before
//! it says so.
//!
//! Every step is safe to repeat. Transient faults are tried again for as long as the deadline allows; the deadline itself
//! is the caller's, who drops the work when it is over and finds in `Progress` what that leaves behind.

use crate::cloudformation::owner::Owner;
use crate::cloudformation::physical_id::{self, PhysicalId};
use crate::cloudformation::request::Request;
use crate::iot::{CallError, Cause, JobTemplates};
use crate::job_template::{Content, Desired, Tags, Template};
use crate::plan::{self, DeletePlan, Plan, Subject, Wanted};
use crate::retry::{Backoff, Pace};
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A template that is now as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: String,
    pub arn: String,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Made(Made),
    /// A Delete. It succeeds whatever was found; a warning says what was left alone.
    Gone {
        warning: Option<String>,
    },
    Failed {
        physical_id: PhysicalId,
        why: String,
    },
}

/// What is being done, and what would be left behind if it ended here.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// "create the job template fleet-Reboot".
    pub doing: String,
    pub leaves: Leaves,
    /// The transient fault that was met last.
    pub last_fault: Option<String>,
    /// The plan that was carried out, for the log.
    pub plan: &'static str,
}

impl Progress {
    /// The fault met last, for the end of a sentence.
    pub fn last_fault_in_words(&self) -> String {
        match &self.last_fault {
            Some(fault) => format!(" (last, {fault})"),
            None => String::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaves {
    /// What is there was not changed, or was put back. It may be a template of ours.
    #[default]
    AsItWas,
    /// Nothing was changed, and nothing of ours is under the template's id: that was looked at.
    NothingOfOurs,
    /// The template may have been made, now or by an earlier delivery of this event, or may yet be.
    PerhapsMade,
    /// The old template is, or may be, deleted; the new one may not be there.
    PerhapsMissing,
    /// Some of the tags may be changed.
    SomeTags,
    /// The template may be deleted, or may yet be.
    PerhapsDeleted,
}

impl Leaves {
    /// For the user, who wonders what to expect.
    pub fn in_words(self) -> &'static str {
        match self {
            Leaves::AsItWas | Leaves::NothingOfOurs => "nothing was changed",
            Leaves::PerhapsMade => {
                "whether the job template was created is not known; the request that takes this one back will look for it"
            }
            Leaves::PerhapsMissing => {
                "the old job template is deleted, and the new one may not be there; the update that rolls this back \
                 will create it again"
            }
            Leaves::SomeTags => "some of its tags may be changed; the update that rolls this back will set them again",
            Leaves::PerhapsDeleted => "whether the job template was deleted is not known",
        }
    }
}

/// Carries out one request for one resource.
pub struct Reconciler<'a, I> {
    pub iot: &'a I,
    pub owner: &'a Owner,
    /// The ARN of a template of this account and region, where they are known.
    pub arn_of: &'a dyn Fn(&str) -> Option<String>,
    /// When the caller will drop the work.
    pub deadline: Instant,
    pub pace: &'a Pace,
    pub progress: &'a RefCell<Progress>,
}

/// How long something is waited for that will show, or go, without being asked to.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Why a template could not be made as wanted.
struct Failure {
    why: String,
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Failure {
        Failure { why: error.to_string() }
    }
}

impl<I: JobTemplates> Reconciler<'_, I> {
    pub async fn reconcile(&self, request: &Request) -> Outcome {
        let made = match request {
            Request::Create { properties } => self.make(&plan::wanted(self.owner, properties, None)).await,
            Request::Update {
                physical_id,
                properties,
                old_properties,
            } => {
                let update_of = Some((physical_id, old_properties.as_deref()));
                let wanted = plan::wanted(self.owner, properties, update_of);
                self.update(request, &wanted).await
            }
            Request::Delete {
                physical_id,
                properties,
            } => match self.delete(physical_id, properties.as_ref()).await {
                Ok(warning) => return Outcome::Gone { warning },
                Err(error) => Err(error.into()),
            },
        };
        match made {
            Ok(made) => Outcome::Made(made),
            Err(failure) => Outcome::Failed {
                physical_id: physical_id_after_failure(self.owner, request, self.leaves()),
                why: failure.why,
            },
        }
    }

    async fn update(&self, request: &Request, wanted: &Wanted<'_>) -> Result<Made, Failure> {
        let made = self.make(wanted).await?;
        if let Some(abandoned) = plan::abandoned(self.owner, wanted, request) {
            let plan = self.plan_delete(&abandoned, None).await?;
            if plan == DeletePlan::Delete {
                self.delete_template(&abandoned.id, Leaves::PerhapsDeleted).await?;
            }
        }
        Ok(made)
    }

    /// Sees to it that the template is as wanted.
    async fn make(&self, wanted: &Wanted<'_>) -> Result<Made, Failure> {
        // A Create, and an Update to another id, expect to find nothing: trying it is looking and creating in one call.
        let mut observed = match wanted.held {
            plan::Held::No => None,
            plan::Held::Yes { .. } => self.see(wanted).await?,
        };
        let mut backoff = Backoff::default();
        loop {
            let template = observed.as_ref().map(|(_, template)| template);
            match (plan::plan(self.owner, wanted, template), observed) {
                (Plan::Refuse { why }, _) => {
                    self.note_plan("refuse");
                    return Err(Failure { why });
                }
                (Plan::Retag { set, remove }, Some((arn, _))) => {
                    self.note_plan("tags");
                    match self.retag(&wanted.id, &arn, &set, &remove).await {
                        Ok(()) => return Ok(made(&wanted.id, arn)),
                        // Deleted since it was seen.
                        Err(error) if error.cause == Cause::NotFound => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                (Plan::Recreate { tags }, Some((_, old))) => {
                    self.note_plan("re-create");
                    return self.recreate(wanted, &tags, &old).await;
                }
                (Plan::Create { tags }, _) => {
                    self.note_plan("create");
                    // This is said before the first attempt: an earlier delivery of this very event may have made it.
                    self.set_leaves(Leaves::PerhapsMade);
                    let content = &wanted.properties.content;
                    match self.create(&wanted.id, content, &tags).await {
                        Ok(arn) => return Ok(made(&wanted.id, arn)),
                        Err(refused) if refused.cause != Cause::Conflict => {
                            observed = self.see_after_refusal(wanted, refused).await?;
                            continue;
                        }
                        Err(_) => {}
                    }
                }
                // A plan to change a template comes from a template that was seen.
                (Plan::Retag { .. } | Plan::Recreate { .. }, None) => {}
            }
            observed = self.see(wanted).await?;
            if observed.is_none() {
                // There a moment ago, and gone now.
                sleep(backoff.pause()).await;
            }
        }
    }

    /// What is under the wanted id, and with it what is left there if the request ends now.
    async fn see(&self, wanted: &Wanted<'_>) -> Result<Option<(String, Template)>, CallError> {
        let observed = self.look(&wanted.id).await?;
        self.set_leaves(match &observed {
            Some((_, template)) if plan::is_ours(self.owner, wanted, template) => Leaves::AsItWas,
            _ => Leaves::NothingOfOurs,
        });
        Ok(observed)
    }

    /// A create that was refused may have been carried out before: by an attempt that went unanswered, or by an earlier
    /// delivery of the event. Gives the template that is there; where there is none, it is the refusal that counts.
    async fn see_after_refusal(
        &self,
        wanted: &Wanted<'_>,
        refused: CallError,
    ) -> Result<Option<(String, Template)>, CallError> {
        match self.see(wanted).await {
            Ok(Some(observed)) => Ok(Some(observed)),
            Ok(None) => Err(refused),
            // Without permission nothing can have been made, nor can it be looked at: the Delete has to succeed all the same.
            Err(look) if look.cause == Cause::Denied && refused.cause == Cause::Denied => {
                self.set_leaves(Leaves::NothingOfOurs);
                Err(refused)
            }
            Err(_) => Err(refused),
        }
    }

    /// Delete, then create. If the new template cannot be created, what was there is restored.
    async fn recreate(&self, wanted: &Wanted<'_>, tags: &Tags, old: &Template) -> Result<Made, Failure> {
        let id = &wanted.id;
        self.delete_template(id, Leaves::PerhapsMissing).await?;

        // What is left after this is for the restoring, should it come to that.
        let share = self.left() * 2 / 3;
        let content = &wanted.properties.content;
        let why = match timeout(share, self.create_in_place(wanted, content, tags)).await {
            Ok(Ok(InPlace::Created(arn) | InPlace::AsWanted(arn))) => return Ok(made(id, arn)),
            Ok(Err(failure)) => failure.why,
            Err(_) => format!(
                "there was no time left for it{}",
                self.progress.borrow().last_fault_in_words()
            ),
        };
        match self.restore(wanted, old).await {
            Ok((InPlace::AsWanted(arn), _)) => Ok(made(id, arn)),
            Ok((InPlace::Created(_), how)) => {
                self.set_leaves(Leaves::AsItWas);
                Err(Failure {
                    why: format!("{why}. The old job template was restored{how}"),
                })
            }
            Err(failure) => {
                self.await_gone(wanted).await;
                Err(Failure {
                    why: format!(
                        "{why}. The old job template could not be restored: {}. {id} is not there now; the update that \
                         rolls this back will create it again",
                        failure.why
                    ),
                })
            }
        }
    }

    /// Waits until IoT does not show the template that was deleted any more: the update that rolls this back comes at
    /// once, and would find nothing to do.
    async fn await_gone(&self, wanted: &Wanted<'_>) {
        let gone = async {
            let mut backoff = Backoff::default();
            while let Ok(Some((_, template))) = self.look(&wanted.id).await
                && plan::is_ours(self.owner, wanted, &template)
            {
                sleep(backoff.pause()).await;
            }
        };
        // The answer is the same if it does not go.
        let _ = timeout(LONGEST_WAIT.min(self.left() / 2), gone).await;
    }

    /// Puts back what was there before a re-create: content and tags, as they were described. Says how, if that is not
    /// quite as it was.
    async fn restore(&self, wanted: &Wanted<'_>, old: &Template) -> Result<(InPlace, &'static str), Failure> {
        let tags = plan::settable(&old.tags);
        let (content, text_only) = restorable(&old.content);
        match (self.create_in_place(wanted, &content, &tags).await, text_only) {
            (Ok(restored), _) => Ok((restored, "")),
            // The source cannot be read any more, but its text is known.
            (Err(_), Some(content)) => Ok((
                self.create_in_place(wanted, &content, &tags).await?,
                ", with the text of its document, since its DocumentSource could not be read",
            )),
            (Err(failure), None) => Err(failure),
        }
    }

    /// Creates a template where ours was just deleted: the new one, or the old one again. A conflict may be with the old
    /// one, not quite gone yet; or with one that an attempt made which went unanswered; or with another's, made in
    /// between.
    async fn create_in_place(&self, wanted: &Wanted<'_>, content: &Content, tags: &Tags) -> Result<InPlace, Failure> {
        let mut backoff = Backoff::default();
        loop {
            match self.create(&wanted.id, content, tags).await {
                Ok(arn) => return Ok(InPlace::Created(arn)),
                Err(refused) if refused.cause == Cause::Conflict => {}
                Err(refused) => return Err(refused.into()),
            }
            if let Some((arn, template)) = self.look(&wanted.id).await? {
                if let Plan::Refuse { why } = plan::plan(self.owner, wanted, Some(&template)) {
                    return Err(Failure { why });
                }
                if plan::is_as_wanted(wanted, &template) {
                    return Ok(InPlace::AsWanted(arn));
                }
                // The old one: put back by an attempt, or just deleted and shown still. To look does not tell which, but
                // to delete it and to create it until that is answered does.
                self.delete_template(&wanted.id, Leaves::PerhapsMissing).await?;
            }
            sleep(backoff.pause()).await;
        }
    }

    async fn retag(&self, id: &str, arn: &str, set: &Tags, remove: &[String]) -> Result<(), CallError> {
        let doing = format!("change the tags of the job template {id}");
        // Removed first, so that the limit of 50 is not met on the way.
        if !remove.is_empty() {
            self.start(&doing, Leaves::SomeTags);
            self.persist(async || self.iot.untag(arn, remove).await).await?;
        }
        if !set.is_empty() {
            self.start(&doing, Leaves::SomeTags);
            self.persist(async || self.iot.tag(arn, set).await).await?;
        }
        Ok(())
    }

    /// Deletes what the resource owns. Gives a warning where something was left alone.
    async fn delete(
        &self,
        physical_id: &PhysicalId,
        properties: Option<&Desired>,
    ) -> Result<Option<String>, CallError> {
        let mut found = None;
        if let Some(subject) = plan::subject(physical_id) {
            let plan = self.plan_delete(&subject, properties).await?;
            found = (plan != DeletePlan::Nothing).then_some((subject, plan));
        }
        if found.is_none()
            && let Some(candidate) = plan::cancelled_create(self.owner, physical_id, properties)
        {
            let plan = self.await_cancelled_create(&candidate).await?;
            found = Some((candidate, plan));
        }
        match found {
            Some((subject, plan)) => self.carry_out_delete(&subject, plan).await,
            None => {
                self.note_plan("nothing");
                Ok(None)
            }
        }
    }

    /// What a cancelled create made. CloudFormation did not wait for it, so it may be at work still: it is looked for
    /// until it shows, or until a create that nothing slows down would long be over.
    async fn await_cancelled_create(&self, candidate: &Subject) -> Result<DeletePlan, CallError> {
        let end = Instant::now() + LONGEST_WAIT.min(self.left() / 2);
        let mut pause = Duration::from_secs(1);
        loop {
            let plan = self.plan_delete(candidate, None).await?;
            if plan != DeletePlan::Nothing || Instant::now() >= end {
                return Ok(plan);
            }
            sleep_until(end.min(Instant::now() + pause)).await;
            pause *= 2;
        }
    }

    async fn plan_delete(&self, subject: &Subject, properties: Option<&Desired>) -> Result<DeletePlan, CallError> {
        self.start(&format!("look at the job template {}", subject.id), self.leaves());
        // The tags alone mostly decide it, which saves a call. Where they cannot be had, the template is absent, or this
        // is not its ARN after all: describing it tells.
        if let Some(arn) = (self.arn_of)(&subject.id)
            && let Ok(tags) = self.persist(async || self.iot.tags(&arn).await).await
            && let Some(plan) = plan::plan_delete_by_tags(self.owner, subject, &tags)
        {
            return Ok(plan);
        }
        let observed = self.look(&subject.id).await?;
        let template = observed.as_ref().map(|(_, template)| template);
        Ok(plan::plan_delete(self.owner, subject, properties, template))
    }

    async fn carry_out_delete(&self, subject: &Subject, plan: DeletePlan) -> Result<Option<String>, CallError> {
        match plan {
            DeletePlan::Delete => {
                self.note_plan("delete");
                self.delete_template(&subject.id, Leaves::PerhapsDeleted).await?;
                Ok(None)
            }
            DeletePlan::Nothing => {
                self.note_plan("nothing");
                Ok(None)
            }
            DeletePlan::LeaveAlone { why } => {
                self.note_plan("leave alone");
                Ok(Some(why))
            }
        }
    }

    /// Deletes a template. One that is gone already counts as deleted.
    async fn delete_template(&self, id: &str, leaves: Leaves) -> Result<(), CallError> {
        let before = self.leaves();
        self.start(&format!("delete the job template {id}"), leaves);
        match self.persist(async || self.iot.delete(id).await).await {
            Ok(()) => Ok(()),
            Err(error) if error.cause == Cause::NotFound => Ok(()),
            Err(error) => {
                self.set_leaves(before);
                Err(error)
            }
        }
    }

    /// The template under an id, with its ARN; `None` if there is none.
    async fn look(&self, id: &str) -> Result<Option<(String, Template)>, CallError> {
        self.start(&format!("look at the job template {id}"), self.leaves());
        let described = self.persist(async || self.iot.describe(id).await).await;
        let (arn, content) = match described {
            Ok(described) => described,
            Err(error) if error.cause == Cause::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match self.persist(async || self.iot.tags(&arn).await).await {
            Ok(tags) => Ok(Some((arn, Template { content, tags }))),
            // Deleted between the two calls.
            Err(error) if error.cause == Cause::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// CreateJobTemplate. An error tells of the last attempt only: one before, unanswered, may have made the template.
    async fn create(&self, id: &str, content: &Content, tags: &Tags) -> Result<String, CallError> {
        let doing = format!("create the job template {id}");
        self.progress.borrow_mut().doing = doing;
        self.persist(async || self.iot.create(id, content, tags).await).await
    }

    /// Repeats a call until it gives a clear answer. Each attempt gets a share of the time, so that one that hangs does
    /// not use it up.
    async fn persist<T>(&self, attempt: impl AsyncFn() -> Result<T, CallError>) -> Result<T, CallError> {
        const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);
        const SHORTEST_ATTEMPT: Duration = Duration::from_millis(500);
        let mut backoff = Backoff::default();
        loop {
            sleep(self.pace.wait(self.left())).await;
            let patience = (self.left() / 3).clamp(SHORTEST_ATTEMPT, LONGEST_ATTEMPT);
            let (fault, pause) = match timeout(patience, attempt()).await {
                Ok(Err(error)) if error.cause == Cause::Throttled => {
                    self.pace.throttled();
                    (error.to_string(), error.retry_after.unwrap_or_default())
                }
                Ok(Err(error)) if error.is_transient() => {
                    let asked = error.retry_after.unwrap_or_default();
                    (error.to_string(), backoff.pause().max(asked))
                }
                Ok(result) => {
                    self.pace.went_through();
                    return result;
                }
                Err(_) => {
                    let seconds = patience.as_secs_f64();
                    let fault = format!("no answer from IoT in {seconds:.1} s");
                    (fault, backoff.pause())
                }
            };
            self.progress.borrow_mut().last_fault = Some(fault);
            sleep(pause).await;
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn start(&self, doing: &str, leaves: Leaves) {
        let mut progress = self.progress.borrow_mut();
        progress.doing = doing.to_owned();
        progress.leaves = leaves;
    }

    fn note_plan(&self, plan: &'static str) {
        self.progress.borrow_mut().plan = plan;
    }

    fn leaves(&self) -> Leaves {
        self.progress.borrow().leaves
    }

    fn set_leaves(&self, leaves: Leaves) {
        self.progress.borrow_mut().leaves = leaves;
    }
}

/// What is there after a create in place.
enum InPlace {
    Created(String),
    /// The new template, whatever was to be created: an attempt that went unanswered had made it.
    AsWanted(String),
}

fn made(id: &str, arn: String) -> Made {
    Made { id: id.to_owned(), arn }
}

/// What to create so that a described content is there again: IoT takes the source or the text, not both. With the
/// source, the text is for when it cannot be read any more.
fn restorable(content: &Content) -> (Content, Option<Content>) {
    match (&content.document, &content.document_source) {
        (Some(_), Some(_)) => (
            Content {
                document: None,
                ..content.clone()
            },
            Some(Content {
                document_source: None,
                ..content.clone()
            }),
        ),
        _ => (content.clone(), None),
    }
}

/// The physical id to answer with where a request did not succeed.
///
/// A failed Update keeps the id that CloudFormation has: what it may have made under another is for the Update that
/// takes it back (`plan::abandoned`). Were the other id named here, as a Create does it, then a later Update that makes
/// the same template for good would look like its replacement, and CloudFormation would have it deleted.
pub fn physical_id_after_failure(owner: &Owner, request: &Request, leaves: Leaves) -> PhysicalId {
    match request {
        Request::Create { .. } if leaves == Leaves::NothingOfOurs => PhysicalId::NothingMade,
        Request::Create { properties } => PhysicalId::OutcomeUnknown {
            candidate: physical_id::template_id(owner, properties),
        },
        Request::Update { physical_id, .. } | Request::Delete { physical_id, .. } => physical_id.clone(),
    }
}
