//! The gap of a re-create: the old template is deleted, and the new one has to be there, or the old one again.

use super::make::{Next, NotCreated};
use super::{Failure, LeftBehind, Reconciler, Touched, made};
use crate::iot::{CallError, Cause, JobTemplates, Operation};
use crate::job_template::{Content, Tags, Template};
use crate::plan::{self, Plan, ToMake};
use crate::retry::Tries;
use tokio::time::sleep;

/// What is there after a create in the gap.
enum Filled {
    Created(String),
    /// The new template but for its tags, whatever was to be created: an attempt that went unanswered had made it, a twin of
    /// this request, or a repetition of an earlier one that had the same content.
    AsWanted(Box<Template>),
    /// Something that is not this request's to touch.
    Taken(Failure),
}

impl<I: JobTemplates> Reconciler<'_, I> {
    /// Creates the template where the `old` one was just deleted. If that fails, what was there is put back. What is in the gap
    /// is never taken over.
    pub(super) async fn fill_the_gap(
        &self,
        to_make: &mut ToMake<'_>,
        tags: &Tags,
        old: &Template,
    ) -> Result<Next, Failure> {
        to_make.may_adopt = false;
        let to_make = &*to_make;
        // A third is for the restoring, should it come to that.
        self.calls.keep(1.0 / 3.0);
        let failure = match self.create_in_the_gap(to_make, &to_make.properties.content, tags).await {
            Ok(Filled::Created(arn)) => return Ok(Next::Done(made(&to_make.id, arn), None)),
            Ok(Filled::AsWanted(template)) => return Ok(Next::Seen(Some(template))),
            Ok(Filled::Taken(failure)) => return Err(failure),
            Err(refused) => refused.into(),
        };
        // The answer needs some of the time that is left.
        self.calls.keep(1.0 / 20.0);
        self.restore(to_make, old, failure).await
    }

    /// Puts back what was there: content and tags, its words too, as they were seen. It was accepted before, so what
    /// refuses it now (a quota filled by somebody, a permission taken away) may pass: it is tried again until the time is
    /// over.
    async fn restore(&self, to_make: &ToMake<'_>, old: &Template, failure: Failure) -> Result<Next, Failure> {
        let Failure { kind, why } = failure;
        let id = &to_make.id;
        let failed = |what: String| Failure {
            kind,
            why: format!("{why}. {what}"),
        };
        let tags = plan::tags_to_restore(self.origin, &old.tags);
        let mut tries = Tries::default();
        let mut rounds = 0;
        loop {
            let mut refusal = None;
            for (content, how) in restorable(old.content.clone().unwrap_or_default(), rounds) {
                match self.create_in_the_gap(to_make, &content, &tags).await {
                    Ok(Filled::AsWanted(template)) => return Ok(Next::Seen(Some(template))),
                    Ok(Filled::Created(_)) => {
                        self.leaves_behind(LeftBehind::AsItWas);
                        return Err(failed(format!("The old job template was restored{how}")));
                    }
                    Ok(Filled::Taken(Failure { why, .. })) => {
                        return Err(failed(format!("The old job template could not be restored: {why}")));
                    }
                    Err(refused) => refusal = refusal.or(Some(refused)),
                }
            }
            rounds += 1;
            let pause = tries.pause();
            if pause >= self.calls.left() {
                let why = refusal.map(|refusal| refusal.to_string()).unwrap_or_default();
                return Err(failed(format!(
                    "The old job template could not be restored: {why}. {id} is not there now; the update that rolls this \
                     back will create it again"
                )));
            }
            sleep(pause).await;
        }
    }

    /// Creates a template where ours was just deleted: the new one, or the old one again. A conflict may be with the old
    /// one, not quite gone yet; or with one that an attempt made which went unanswered; or with a twin's, or another's,
    /// made in between.
    async fn create_in_the_gap(
        &self,
        to_make: &ToMake<'_>,
        content: &Content,
        tags: &Tags,
    ) -> Result<Filled, CallError> {
        let mut tries = Tries::default();
        loop {
            match self.create(to_make, content, tags).await {
                Ok(arn) => return Ok(Filled::Created(arn)),
                Err(NotCreated::Untried(failure)) => return Ok(Filled::Taken(failure)),
                Err(NotCreated::Refused(error)) if error.cause == Cause::Conflict => {}
                Err(NotCreated::Refused(refused)) => return Err(refused),
            }
            sleep(tries.pause()).await;
            if let Some(template) = self.look(&to_make.id, true, Operation::Delete).await? {
                match plan::plan(self.origin, to_make, Some(&template)) {
                    Plan::Refuse { kind, why } => return Ok(Filled::Taken(Failure { kind, why })),
                    Plan::LeaveAsDeclared { .. } | Plan::Retag { .. } => {
                        return Ok(Filled::AsWanted(Box::new(template)));
                    }
                    // The old one: put back by an attempt, or just deleted and shown still. To look does not tell which,
                    // but to delete it and to create it until that is answered does.
                    Plan::Recreate { .. } => {
                        let touched = self
                            .try_to_delete(&mut tries, &to_make.id, LeftBehind::PerhapsMissing)
                            .await?;
                        if matches!(touched, Touched::LookAgain { .. }) {
                            continue;
                        }
                    }
                    Plan::Create { .. } | Plan::Describe | Plan::Adopt { .. } => {}
                }
            }
            if self.calls.left().is_zero() {
                return Err(CallError {
                    operation: Operation::Create.name(),
                    cause: Cause::Unclear,
                    detail: format!("there was no time left for it{}", self.calls.last_fault_in_words()),
                    retry_after: None,
                });
            }
        }
    }
}

/// What to create so that a described content is there again, with how that is other than it was: IoT takes the source or
/// the text, not both. The text is for when the source cannot be read any more: one refusal may be for something else.
fn restorable(content: Content, rounds: usize) -> Vec<(Content, &'static str)> {
    if content.document.is_none() || content.document_source.is_none() {
        return vec![(content, "")];
    }
    let from_source = Content {
        document: None,
        ..content.clone()
    };
    if rounds == 0 {
        return vec![(from_source, "")];
    }
    let from_text = Content {
        document_source: None,
        ..content
    };
    vec![
        (from_source, ""),
        (
            from_text,
            ", with the text of its document, since its DocumentSource could not be read",
        ),
    ]
}
