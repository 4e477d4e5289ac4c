//! Deletes what the resource owns: the template that CloudFormation holds for it, or one that is only supposed to be its.

use super::look::tags_or_none;
use super::{LONGEST_WAIT, LeftBehind, Reconciler, Touched};
use crate::cloudformation::physical_id::PhysicalId;
use crate::iot::{CallError, JobTemplates, Operation};
use crate::job_template::{Desired, Template};
use crate::plan::{self, DeletePlan, Handover, ToDelete};
use crate::retry::Tries;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// For how long a template is looked for that may be made at any moment, and when that ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// One look; and where its tags cannot be had at all, it is taken for never made.
    OneLook,
    /// Until it was found and dealt with, so long at the most.
    UntilFound(Duration),
    /// To the end: another may be made after the first.
    ToTheEnd(Duration),
}

impl Patience {
    /// For what the request that was answered with this physical id, and failed, may have left.
    pub(super) fn for_what_is_left(physical_id: &PhysicalId) -> Patience {
        match physical_id {
            PhysicalId::Refused(_) => Patience::OneLook,
            _ => Patience::ToTheEnd(LONGEST_WAIT),
        }
    }
}

/// For how long a Create that CloudFormation did not wait for is looked for: it may be waiting for a permission.
const LONGEST_CANCELLED_CREATE: Duration = Duration::from_secs(40);

impl<I: JobTemplates> Reconciler<'_, I> {
    /// Gives a warning where something was left alone.
    pub(super) async fn delete(
        &self,
        physical_id: Option<&PhysicalId>,
        properties: Option<&Desired>,
    ) -> Result<Option<String>, CallError> {
        self.note_plan("nothing");
        match physical_id.and_then(|id| Some((id, plan::named_by(id)?))) {
            Some((PhysicalId::Template(_), to_delete)) => {
                if let Some(Found { warning }) = self.delete_held(&to_delete, properties).await? {
                    return Ok(warning);
                }
            }
            Some((failed, to_delete)) => {
                let patience = Patience::for_what_is_left(failed);
                return self.delete_supposed(&to_delete, properties, patience).await;
            }
            None => {}
        }
        match plan::cancelled_create(&self.origin.owner, physical_id, properties) {
            Some(to_delete) => {
                let patience = Patience::UntilFound(LONGEST_CANCELLED_CREATE);
                self.delete_supposed(&to_delete, properties, patience).await
            }
            None => Ok(None),
        }
    }

    /// `None` where nothing was there.
    async fn delete_held(
        &self,
        to_delete: &ToDelete,
        properties: Option<&Desired>,
    ) -> Result<Option<Found>, CallError> {
        let mut tries = Tries::default();
        let mut whole = false;
        let mut found = None;
        loop {
            let observed = self.look_to_delete(&to_delete.id, whole).await?;
            match plan::plan_delete(self.origin, to_delete, properties, observed.as_ref()) {
                DeletePlan::Nothing => return Ok(found),
                DeletePlan::Describe => whole = true,
                DeletePlan::NotYet { why } | DeletePlan::LeaveAlone { why } => {
                    self.note_plan("leave alone");
                    return Ok(Some(Found { warning: Some(why) }));
                }
                plan => {
                    found = Some(Found { warning: None });
                    let arn = observed.map(|template| template.arn).unwrap_or_default();
                    let touched = self.carry_out(&mut tries, &to_delete.id, &arn, &plan).await?;
                    if !matches!(touched, Touched::LookAgain { .. }) {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// A single try at what a plan says is to be done about a template that was just looked at.
    async fn carry_out(&self, tries: &mut Tries, id: &str, arn: &str, plan: &DeletePlan) -> Result<Touched, CallError> {
        let (name, doing) = match plan {
            DeletePlan::GiveBack(_) => ("give back", "give back"),
            DeletePlan::LetGo(_) => ("let go", "let go of"),
            _ => ("delete", "delete"),
        };
        self.note_plan(name);
        self.start(&format!("{doing} the job template {id}"));
        match plan {
            DeletePlan::GiveBack(Handover::Set(set)) | DeletePlan::LetGo(Handover::Set(set)) => {
                self.touch(tries, Operation::Tag, self.calls.try_tag(arn, set)).await
            }
            DeletePlan::GiveBack(Handover::Remove(remove)) | DeletePlan::LetGo(Handover::Remove(remove)) => {
                self.touch(tries, Operation::Untag, self.calls.try_untag(arn, remove))
                    .await
            }
            DeletePlan::Delete => self.try_to_delete(tries, id, LeftBehind::PerhapsDeleted).await,
            // None of the others touches anything.
            _ => Ok(Touched::Gone),
        }
    }

    /// A Delete has to succeed where nothing is there, also where tags cannot be had: one try at them, then describe.
    async fn look_to_delete(&self, id: &str, whole: bool) -> Result<Option<Template>, CallError> {
        self.start(&format!("look at the job template {id}"));
        self.calls.turn(Operation::Delete).await;
        let mut shows_no_owner = false;
        if !whole && let Some(arn) = (self.arn_of)(id) {
            match tags_or_none(self.calls.try_tags(&arn).await) {
                Ok(tags) if self.names_an_owner(&tags) => {
                    return Ok(Some(Template::of_tags(arn, tags)));
                }
                Ok(_) => shows_no_owner = true,
                Err(_) => {}
            }
        }
        self.look_whole(id, shows_no_owner).await
    }

    /// Deletes a template that is only supposed to be ours, judged by its tags alone. As long as it is looked for, one that
    /// is not there, or shows no owner, may be about to.
    pub(super) async fn delete_supposed(
        &self,
        to_delete: &ToDelete,
        properties: Option<&Desired>,
        patience: Patience,
    ) -> Result<Option<String>, CallError> {
        let Some(arn) = (self.arn_of)(&to_delete.id) else {
            return Ok(None);
        };
        let (wait, to_the_end) = match patience {
            Patience::OneLook => (Duration::ZERO, false),
            Patience::UntilFound(wait) => (wait, false),
            Patience::ToTheEnd(wait) => (wait, true),
        };
        if matches!(patience, Patience::OneLook) {
            // For the answer that it was never made.
            self.calls.keep(1.0 / 20.0);
        }
        let end = Instant::now() + wait.min(self.calls.left() * 3 / 4);
        let mut tries = Tries::default();
        let mut pause = Duration::from_secs(1);
        let mut was_seen = false;
        loop {
            self.start(&format!("look for the job template {}", to_delete.id));
            self.calls.turn(Operation::Delete).await;
            let tags = match (tags_or_none(self.calls.tags(&arn).await), patience) {
                (Ok(tags), _) => tags,
                (Err(_), Patience::OneLook) if !was_seen => return Ok(None),
                (Err(error), _) => return Err(error),
            };
            let template = (!tags.is_empty()).then(|| Template::of_tags(arn.clone(), tags));
            let mut warning = None;
            match plan::plan_delete(self.origin, to_delete, properties, template.as_ref()) {
                DeletePlan::LeaveAlone { why } if !to_the_end => {
                    self.note_plan("leave alone");
                    return Ok(Some(why));
                }
                DeletePlan::LeaveAlone { why } | DeletePlan::NotYet { why } => warning = Some(why),
                DeletePlan::Nothing | DeletePlan::Describe => {}
                plan => match self.carry_out(&mut tries, &to_delete.id, &arn, &plan).await? {
                    Touched::LookAgain { .. } => {
                        was_seen = true;
                        continue;
                    }
                    Touched::Done if !to_the_end => return Ok(None),
                    // Somebody else's doing: what made it may make it again.
                    Touched::Done | Touched::Gone => {}
                },
            }
            if Instant::now() >= end {
                return Ok(warning);
            }
            sleep_until(end.min(Instant::now() + pause)).await;
            pause *= 2;
        }
    }
}

/// That something was there; a warning says why it was left alone.
struct Found {
    warning: Option<String>,
}
