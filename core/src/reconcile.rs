//! Carries out what `plan.rs` works out: looks at what is there, does what is missing, and is sure of the outcome before
//! it says so.
//!
//! Look, then touch: a template is deleted or tagged only right after a look that showed what it is for. Every pause comes
//! before the look, and where an outcome is unclear, the next step is another look. The deadline is the caller's, who drops
//! the work when it is over and finds in `Progress` what that leaves behind.

mod delete;
mod look;
mod make;
mod recreate;

use self::delete::Patience;
use self::look::tags_or_none;
use crate::cloudformation::answer::FailureKind;
use crate::cloudformation::physical_id::{self, MadeBy, PhysicalId};
use crate::cloudformation::request::{Origin, Request};
use crate::iot::{CallError, Cause, JobTemplates, Operation};
use crate::job_template::Desired;
use crate::plan::{self, Plan, ToMake};
use crate::retry::{Calls, Tries};
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::sleep;

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The template is as wanted.
    Made {
        made: Made,
        warning: Option<String>,
    },
    /// A Delete; a warning says what was left alone.
    Gone {
        warning: Option<String>,
    },
    Failed(Failure),
}

/// A template that is now as wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: String,
    pub arn: String,
}

/// Why a request could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    pub why: String,
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Failure {
        Failure {
            kind: FailureKind::Refused,
            why: error.to_string(),
        }
    }
}

/// What is being done, and what would be left behind if it ended here.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// "create the job template fleet-Reboot".
    pub doing: String,
    pub left_behind: LeftBehind,
    /// The plan that was carried out, for the log.
    pub plan: &'static str,
    pub create: Create,
}

/// What is known of the creates of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Create {
    /// Nothing was asked of IoT.
    #[default]
    NothingAsked,
    /// Each call had a clear answer.
    Clear,
    /// An earlier delivery may have made the template, and nobody has seen yet whether it did.
    Unseen,
    /// One had none, or has none yet: it may have made the template.
    Unclear,
}

/// What a request leaves behind, for the user who wonders what to expect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeftBehind {
    /// What is there was not changed, or was put back.
    #[default]
    AsItWas,
    /// The old template is, or may be, deleted; the new one may not be there.
    PerhapsMissing,
    /// Some of the tags may be changed.
    SomeTags,
    /// The template may be deleted.
    PerhapsDeleted,
    /// The new template is there, beside the one that CloudFormation holds.
    Both,
    /// All is as wanted, but for what an earlier Update that failed may have left under another id.
    Leftover,
}

impl Progress {
    pub fn left_behind_in_words(&self) -> &'static str {
        match self.left_behind {
            LeftBehind::AsItWas if matches!(self.create, Create::Unseen | Create::Unclear) => {
                "whether the job template was created is not known; the request that takes this one back will look for it"
            }
            LeftBehind::AsItWas => "nothing was changed",
            LeftBehind::PerhapsMissing => {
                "the old job template may be deleted, and the new one not there; the update that rolls this back \
                 will create it again"
            }
            LeftBehind::SomeTags => {
                "some of its tags may be changed; the update that rolls this back will set them again"
            }
            LeftBehind::Both => {
                "the new job template is there beside the old one; the update that rolls this back will delete it"
            }
            LeftBehind::Leftover => {
                "the job template is as wanted; the one that an earlier update made under another id may still be there"
            }
            LeftBehind::PerhapsDeleted => "whether the job template was deleted is not known",
        }
    }
}

/// Carries out one request for one resource.
pub struct Reconciler<'a, I> {
    pub calls: &'a Calls<'a, I>,
    pub origin: &'a Origin,
    /// The ARN of a template of this account and region, where they are known.
    pub arn_of: &'a dyn Fn(&str) -> Option<String>,
    pub progress: &'a RefCell<Progress>,
}

/// How long something is waited for that will show without being asked to.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What came of a single try at touching a template.
enum Touched {
    Done,
    /// It is not there.
    Gone,
    /// Look again: it was not done, or, where that is `unclear`, it may be. What there was to wait has been waited.
    LookAgain {
        unclear: bool,
    },
}

impl<I: JobTemplates> Reconciler<'_, I> {
    pub async fn reconcile(&self, request: &Request) -> Outcome {
        let made = match request {
            Request::Create { properties } => {
                let to_make = ToMake::of(&self.origin.owner, properties, None);
                self.make(&to_make).await
            }
            Request::Update {
                physical_id,
                properties,
                old_properties,
            } => {
                let update_of = Some((physical_id, old_properties.as_deref()));
                let to_make = ToMake::of(&self.origin.owner, properties, update_of);
                self.update(request, physical_id, old_properties.as_deref(), &to_make)
                    .await
            }
            Request::Delete {
                physical_id,
                properties,
            } => match self.delete(physical_id.as_ref(), properties.as_ref()).await {
                Ok(warning) => return Outcome::Gone { warning },
                Err(error) => Err(error.into()),
            },
        };
        match made {
            Ok((made, warning)) => Outcome::Made { made, warning },
            Err(failure) => Outcome::Failed(failure),
        }
    }

    /// Sees to the template, and then to what an earlier request that failed may have left: the Update that this one takes back,
    /// or the Create whose failure this one does not mend.
    async fn update(
        &self,
        request: &Request,
        physical_id: &PhysicalId,
        old_properties: Option<&Desired>,
        to_make: &ToMake<'_>,
    ) -> Result<(Made, Option<String>), Failure> {
        let made = self.make(to_make).await;
        if matches!(&made, Err(failure) if failure.kind == FailureKind::Overtaken) {
            return made;
        }
        let left = match physical_id {
            PhysicalId::Template(_) => plan::left_by_failed_update(&self.origin.owner, to_make, request),
            // Where it succeeds, CloudFormation sends a Delete of that id.
            _ if made.is_err() => plan::named_by(physical_id),
            _ => None,
        };
        let Some(left) = left else { return made };
        match (&made, to_make.is_held()) {
            (Ok(_), true) => self.leaves_behind(LeftBehind::Leftover),
            (Ok(_), false) => self.leaves_behind(LeftBehind::Both),
            // Some of the time is for saying why it failed.
            (Err(_), _) => self.calls.keep(1.0 / 20.0),
        }
        if let PhysicalId::Template(held) = physical_id
            && physical_id::can_be_a_templates(held)
            && (made.is_err() || !to_make.is_held())
        {
            self.leave_words(held).await;
        }
        let patience = Patience::for_what_is_left(physical_id);
        let deleted = self.delete_supposed(&left, old_properties, patience).await;
        match (made, deleted) {
            (made, Ok(_)) => made,
            (Ok(_), Err(error)) => Err(error.into()),
            (Err(Failure { kind, why }), Err(error)) => Err(Failure {
                kind,
                why: format!("{why}. And what an earlier request left could not be deleted: {error}"),
            }),
        }
    }

    /// Looks at the resource's other templates: a later request may have seen to them.
    async fn look_whether_overtaken(&self, to_make: &ToMake<'_>) -> Result<(), Failure> {
        for id in &to_make.others {
            let Some(arn) = (self.arn_of)(id) else { continue };
            self.start(&format!("look at the job template {id}"));
            let tags = tags_or_none(self.calls.tags(&arn).await)?;
            if let Some(Plan::Refuse { kind, why }) = plan::is_overtaken_there(self.origin, id, &tags) {
                self.note_plan("refuse");
                return Err(Failure { kind, why });
            }
        }
        Ok(())
    }

    /// Leaves this request's words on a template that it does nothing else to. It is no failure if that cannot be done, and
    /// not waited for.
    async fn leave_words(&self, id: &str) {
        let Some(arn) = (self.arn_of)(id) else { return };
        let mut tries = Tries::default();
        for _ in 0..3 {
            self.calls.turn(Operation::Tag).await;
            let look = async {
                self.calls
                    .try_tags(&arn)
                    .await
                    .map(|tags| plan::words_to_leave(self.origin, &tags))
            };
            let touched = match look.await {
                Ok(Some(words)) => {
                    let attempt = self.calls.try_tag(&arn, &words);
                    self.touch(&mut tries, Operation::Tag, attempt).await
                }
                Ok(None) => return,
                Err(error) => self.touch(&mut tries, Operation::Tag, async { Err(error) }).await,
            };
            if !matches!(touched, Ok(Touched::LookAgain { .. })) {
                return;
            }
        }
    }

    /// A single try at deleting a template.
    async fn try_to_delete(&self, tries: &mut Tries, id: &str, left_behind: LeftBehind) -> Result<Touched, CallError> {
        let before = self.progress.borrow().left_behind;
        self.start(&format!("delete the job template {id}"));
        self.leaves_behind(left_behind);
        let touched = self.touch(tries, Operation::Delete, self.calls.try_delete(id)).await;
        if matches!(&touched, Err(_) | Ok(Touched::LookAgain { unclear: false })) {
            self.leaves_behind(before);
        }
        touched
    }

    /// Waits out what a try met, so that the look which follows is right before the next.
    async fn touch(
        &self,
        tries: &mut Tries,
        operation: Operation,
        attempt: impl Future<Output = Result<(), CallError>>,
    ) -> Result<Touched, CallError> {
        match attempt.await {
            Ok(()) => Ok(Touched::Done),
            Err(error) if error.cause == Cause::NotFound => Ok(Touched::Gone),
            Err(error) => match tries.pause_after(&error, self.calls.left()) {
                Some(pause) => {
                    sleep(pause).await;
                    self.calls.turn(operation).await;
                    Ok(Touched::LookAgain {
                        unclear: error.cause == Cause::Unclear,
                    })
                }
                None => Err(error),
            },
        }
    }

    /// Says what is being done. From here on something was asked of IoT.
    fn start(&self, doing: &str) {
        let mut progress = self.progress.borrow_mut();
        progress.doing = doing.to_owned();
        if progress.create == Create::NothingAsked {
            progress.create = Create::Clear;
        }
    }

    fn leaves_behind(&self, left_behind: LeftBehind) {
        self.progress.borrow_mut().left_behind = left_behind;
    }

    fn note_plan(&self, plan: &'static str) {
        self.progress.borrow_mut().plan = plan;
    }
}

fn made(id: &str, arn: String) -> Made {
    Made { id: id.to_owned(), arn }
}

/// The physical id to answer with where a request did not succeed.
///
/// A failed Update keeps the id that CloudFormation has: what it may have made under another is for the Update that
/// takes it back. But an Update of what a failed Create left is as a Create.
pub fn physical_id_after_failure(origin: &Origin, request: &Request, create: Create) -> Option<PhysicalId> {
    let as_create = |properties: &Desired| {
        let made_by = MadeBy {
            which: origin.sent.which.clone(),
            template_id: physical_id::template_id(&origin.owner, properties),
        };
        match create {
            Create::NothingAsked => PhysicalId::NothingAsked,
            Create::Clear => PhysicalId::Refused(made_by),
            Create::Unseen | Create::Unclear => PhysicalId::Unclear(made_by),
        }
    };
    match request {
        Request::Create { properties } => Some(as_create(properties)),
        Request::Update {
            physical_id: PhysicalId::Template(id),
            ..
        } => Some(PhysicalId::Template(id.clone())),
        // It names what the Create may have made.
        Request::Update { physical_id, .. } if create == Create::NothingAsked => Some(physical_id.clone()),
        Request::Update { properties, .. } => Some(as_create(properties)),
        Request::Delete { physical_id, .. } => physical_id.clone(),
    }
}
