//! Looks at a template: mostly its tags say enough.

use super::Reconciler;
use crate::cloudformation::owner::Ownership;
use crate::iot::{CallError, Cause, JobTemplates, Operation};
use crate::job_template::{Content, Tags, Template};
use crate::retry::Tries;
use tokio::time::sleep;

impl<I: JobTemplates> Reconciler<'_, I> {
    /// The template under an id; `None` if there is none. Its tags alone mostly decide, which saves a call; `whole` is
    /// with its content. `to` is what will be done next, if what is seen allows it: all that there is to wait for that is
    /// waited for before the look.
    pub(super) async fn look(&self, id: &str, whole: bool, to: Operation) -> Result<Option<Template>, CallError> {
        self.start(&format!("look at the job template {id}"));
        self.calls.turn(to).await;
        if whole {
            return self.look_whole(id, false).await;
        }
        if let Some(arn) = (self.arn_of)(id) {
            let tags = tags_or_none(self.calls.tags(&arn).await)?;
            if self.names_an_owner(&tags) {
                return Ok(Some(Template::of_tags(arn, tags)));
            }
        }
        // An ARN that names nothing has no tags, and neither may one that is not the template's after all.
        self.look_whole(id, true).await
    }

    /// Between a describe and a look at the tags a twin of this request may have made the template anew. So before it is
    /// taken for one without an owner, two looks at its tags say so; and as it is then known by its content alone, the
    /// last look is at that. Where it has to be repeated, so have those at the tags.
    pub(super) async fn look_whole(&self, id: &str, mut shows_no_owner: bool) -> Result<Option<Template>, CallError> {
        let mut tries = Tries::default();
        loop {
            let Some((arn, content)) = self.describe_or_none(id).await? else {
                return Ok(None);
            };
            if shows_no_owner {
                // For the look at its content, which is to be right after that at its tags.
                self.calls.turn(Operation::Describe).await;
            }
            let tags = tags_or_none(self.calls.tags(&arn).await)?;
            if self.names_an_owner(&tags) {
                return Ok(Some(Template {
                    arn,
                    tags,
                    content: Some(content),
                }));
            }
            if shows_no_owner {
                match self.calls.try_describe(id).await {
                    Ok((arn, content)) => {
                        return Ok(Some(Template {
                            arn,
                            tags,
                            content: Some(content),
                        }));
                    }
                    Err(error) if error.cause == Cause::NotFound => return Ok(None),
                    Err(error) => match tries.pause_after(&error, self.calls.left()) {
                        Some(pause) => sleep(pause).await,
                        None => return Err(error),
                    },
                }
            }
            shows_no_owner = true;
        }
    }

    async fn describe_or_none(&self, id: &str) -> Result<Option<(String, Content)>, CallError> {
        match self.calls.describe(id).await {
            Ok(described) => Ok(Some(described)),
            Err(error) if error.cause == Cause::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn names_an_owner(&self, tags: &Tags) -> bool {
        self.origin.owner.ownership(tags) != Ownership::Free
    }
}

/// IoT answers for an ARN that names nothing with no tags, or that it is not found.
pub(super) fn tags_or_none(tags: Result<Tags, CallError>) -> Result<Tags, CallError> {
    match tags {
        Err(error) if error.cause == Cause::NotFound => Ok(Tags::new()),
        tags => tags,
    }
}
