//! What is true of templates that change hands: who may touch one now, whom it was taken from, and what must outlive its
//! stack.

use crate::iot::{Account, Maker, StoredTemplate, Work};
use crate::record::{Kind, Sent};
use iot_job_template_core::job_template::Tags;
use serde_json::Value;

const STACK: &str = "cloudformation:stack-id";
const RESOURCE: &str = "cloudformation:logical-id";
const FORMER: [&str; 2] = ["cloudformation:former-stack-id", "cloudformation:former-logical-id"];

/// Tags that no properties declare.
pub fn is_internal(key: &str) -> bool {
    key == "cloudformation:request" || FORMER.contains(&key)
}

impl StoredTemplate {
    /// Whose it is now, whatever its tags say.
    pub fn holder(&self) -> &Maker {
        self.adopted.as_ref().map_or(&self.maker, |adopted| &adopted.by)
    }
}

/// That a template was taken over, as told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    pub by: Maker,
    pub from: Maker,
}

/// Why a call must not be made; `None` if it may.
pub fn forbids(template: &StoredTemplate, caller: &Maker, work: &Work, request: &Sent) -> Option<String> {
    let properties = properties(request);
    let (operation, id) = (work.operation(), work.id());
    if template.holder() != caller {
        let is_former = template.adopted.as_ref().is_some_and(|adopted| adopted.from == *caller);
        let completes_the_move = request.kind == Kind::Delete
            && matches!(work, Work::Untag { keys, .. } if keys.iter().all(|key| FORMER.contains(&&**key)));
        let may =
            is_adopting(work, caller) && is_told_to(template, &properties, request) || is_former && completes_the_move;
        return (!may).then(|| format!("{operation} of {id}, which is of {:?}", template.holder()));
    }
    let is_recreation = request.kind == Kind::Update && properties["JobTemplateId"].as_str() == Some(id);
    let has_adopt = !properties["Adopt"].is_null();
    // A Create never re-creates what carries former tags; a Delete gives back.
    let may = template.adopted.is_none() || is_recreation || (request.kind == Kind::Delete && !has_adopt);
    (matches!(work, Work::Delete { .. }) && !may).then(|| format!("{operation} of {id}, which was adopted"))
}

/// Notes what a call that was carried out means.
pub fn note(account: &mut Account, before: Option<&StoredTemplate>, work: &Work, caller: &Maker, request: &Sent) {
    let id = work.id();
    match work {
        Work::Create { .. } => {
            // In the gap of a re-create of what was adopted.
            let adopted = account.adopted.get(id).filter(|adopted| adopted.by == *caller).cloned();
            if let Some(template) = account.templates.get_mut(id) {
                template.adopted = adopted;
            }
        }
        Work::Delete { .. } if request.kind == Kind::Delete => _ = account.adopted.remove(id),
        Work::Tag { .. } | Work::Untag { .. } => {
            let Some(template) = account.templates.get_mut(id) else {
                return;
            };
            if is_adopting(work, caller) && before.is_some_and(|before| before.holder() != caller) {
                let from = before.map_or(Maker::Person, |before| before.holder().clone());
                let adopted = Adopted {
                    by: caller.clone(),
                    from,
                };
                template.adopted = Some(adopted.clone());
                account.adopted.insert(id.to_owned(), adopted);
            } else if !names(&template.tags, caller)
                && let Some(adopted) = &template.adopted
                && adopted.by == *caller
            {
                // Given back. What the stack made anew meanwhile is the former owner's all the same.
                template.maker = adopted.from.clone();
                template.adopted = None;
                template.made_by = None;
                account.adopted.remove(id);
            }
        }
        _ => {}
    }
}

/// "What was adopted is there whatever becomes of the stack", and has no tags of a stack that is gone.
pub fn lost(account: &Account) -> Option<String> {
    let gone = account
        .adopted
        .keys()
        .find(|id| !account.has_drifted(id) && !account.templates.contains_key(*id));
    gone.map(|id| format!("{id}, which was adopted, is not there"))
}

fn properties(request: &Sent) -> Value {
    let event: Value = serde_json::from_str(&request.event).expect("an event");
    event["ResourceProperties"].clone()
}

fn names(tags: &Tags, owner: &Maker) -> bool {
    let Maker::Resource { stack, logical_id } = owner else {
        return false;
    };
    tags.get(STACK) == Some(stack) && tags.get(RESOURCE) == Some(logical_id)
}

/// One TagResource call with all that it takes.
fn is_adopting(work: &Work, caller: &Maker) -> bool {
    matches!(work, Work::Tag { tags, .. } if names(tags, caller) && tags.contains_key(FORMER[0]))
}

/// Whether the request's `Adopt` takes this template, as it is tagged, and it is as declared.
fn is_told_to(template: &StoredTemplate, properties: &Value, request: &Sent) -> bool {
    let (stack, logical_id) = (template.tags.get(STACK), template.tags.get(RESOURCE));
    let is_free = stack.is_none() && logical_id.is_none();
    let owner = format!(
        "{}/{}",
        stack.map_or("", String::as_str),
        logical_id.map_or("", String::as_str)
    );
    let fits = match properties["Adopt"].as_str() {
        None | Some("false") => false,
        Some("true") => is_free,
        Some(named) if named.contains('/') => is_free || named == owner,
        Some(named) => is_free || format!("{}/{named}", request.stack) == owner,
    };
    let content = &template.content;
    fits && properties["Description"].as_str() == Some(&*content.description)
        && (properties["Document"].is_null() || properties["Document"].as_str() == content.document.as_deref())
}
