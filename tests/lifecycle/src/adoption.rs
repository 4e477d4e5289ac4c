//! What is true of templates that change hands: who may touch one now, whom it was taken from, and what must outlive its
//! stack.

use crate::calls::Work;
use crate::history::{self, OTHER_STACK};
use crate::iot::{Account, Maker, StoredTemplate};
use crate::record::{Kind, Record, Sent, has_adopt};
use crate::tell::STRANGERS;
use iot_job_template_core::job_template::Tags;
use iot_job_template_core::memory::{Fingerprint, Moment, Words};
use serde_json::Value;
use std::time::{Duration, SystemTime};

const STACK: &str = "cloudformation:stack-id";
const RESOURCE: &str = "cloudformation:logical-id";
const FORMER: [&str; 2] = ["cloudformation:former-stack-id", "cloudformation:former-logical-id"];

/// Tags that no properties declare.
pub fn is_internal(key: &str) -> bool {
    key == "cloudformation:request" || FORMER.contains(&key)
}

/// Tags of the provider's.
pub fn is_ours(key: &str) -> bool {
    is_internal(key) || [STACK, RESOURCE].contains(&key)
}

impl StoredTemplate {
    /// Whose it is now, whatever its tags say.
    pub fn holder(&self) -> &Maker {
        self.adopted.as_ref().map_or(&self.maker, |adopted| &adopted.by)
    }

    /// When its holder got it, and whether by a call that was carried out late.
    pub fn came_to_its_holder(&self) -> (Duration, bool) {
        let adopted = self.adopted.as_ref().map(|adopted| (adopted.at, adopted.late));
        adopted.or(self.moved).unwrap_or((self.made_at, self.made_late))
    }

    /// What the stack made anew meanwhile is the former owner's all the same: "and former `none`" for whoever has it now.
    /// Gives whether an owner before that is forgotten.
    fn give_back(&mut self) -> bool {
        let Some(adopted) = self.adopted.take() else {
            return false;
        };
        self.maker = adopted.from.clone();
        self.made_by = None;
        let is_forgotten = adopted.before.as_ref().is_some_and(|before| before.knows_an_owner());
        let made_by = adopted.was_made_by.unwrap_or(adopted.delivery);
        let had = adopted.before.clone().map_or(adopted, |before| *before);
        self.adopted = names(&self.tags, &self.maker).then(|| Adopted {
            by: self.maker.clone(),
            from: Maker::Person,
            delivery: if had.by == self.maker { had.delivery } else { made_by },
            before: None,
            ..had
        });
        is_forgotten
    }

    /// All its tags are gone: it is as before anybody took it over.
    pub fn strip(&mut self) {
        self.tags.clear();
        self.stripped = true;
        while let Some(adopted) = self.adopted.take() {
            self.maker = adopted.from;
            self.made_by = None;
            self.adopted = adopted.before.map(|before| *before);
        }
    }
}

/// That a template was taken over, as told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    pub by: Maker,
    pub from: Maker,
    /// How that one had it.
    pub before: Option<Box<Adopted>>,
    /// The delivery that did.
    pub delivery: usize,
    /// The delivery that had made it for the one that it was taken from.
    pub was_made_by: Option<usize>,
    pub at: Duration,
    /// The call was carried out after it gave no answer.
    pub late: bool,
}

impl Adopted {
    fn knows_an_owner(&self) -> bool {
        self.from != Maker::Person || self.before.as_ref().is_some_and(|before| before.knows_an_owner())
    }

    /// How the one that it was taken from had taken it over. Whoever takes back what was taken over from it has it as it had
    /// it then.
    fn before_that(&self) -> Option<&Adopted> {
        let before = self.before.as_deref()?;
        match before.from == self.by {
            true => before.before_that(),
            false => Some(before),
        }
    }

    /// The former owner's own Delete. Where that was to give it back, the new one is: to whom its own `Adopt` names. Gives
    /// whether an owner before that is forgotten, too.
    fn let_go(self, request: &Sent) -> (Option<Adopted>, bool) {
        let Some(before) = self.before_that().filter(|_| request.gives_back()).cloned() else {
            return (None, false);
        };
        let named = Some(named_by(request)).filter(|named| before.from != Maker::Person && *named != self.by);
        let from = named.unwrap_or(Maker::Person);
        let is_forgotten = before.from != from && before.from != self.by && before.from != Maker::Person
            || before.before.is_some_and(|before| before.knows_an_owner());
        let before = None;
        (Some(Adopted { from, before, ..self }), is_forgotten)
    }
}

/// Whether tags were set or removed for what is not so any more: what came between look and touch is another's, or changes hands now.
pub fn is_mistaken(template: &StoredTemplate, work: &Work, caller: &Maker) -> bool {
    match work {
        Work::Tag { tags, .. } => template.holder() != caller || FORMER.iter().any(|key| tags.contains_key(*key)),
        Work::Untag { keys, .. } => {
            template.holder() != caller || template.adopted.is_none() && keys.iter().any(|key| key == STACK)
        }
        _ => false,
    }
}

/// Why a call must not be made; `None` if it may.
pub fn forbids(template: &StoredTemplate, caller: &Maker, work: &Work, request: &Sent) -> Option<String> {
    let properties = properties(request);
    let (operation, id) = (work.operation(), work.id());
    if template.holder() != caller && !template.mistaken && !is_recognised(template, id, request) {
        let is_former = template.adopted.as_ref().is_some_and(|adopted| adopted.from == *caller)
            || former(&template.tags) == *caller;
        let completes_the_move = request.kind == Kind::Delete
            && match work {
                Work::Untag { keys, .. } => keys.iter().all(|key| FORMER.contains(&&**key)),
                Work::Tag { tags, .. } => tags.keys().all(|key| FORMER.contains(&&**key)),
                _ => false,
            };
        let may = is_adopting(work, caller) && is_told_to(template, &properties, &request.stack)
            || is_former && completes_the_move;
        return (!may).then(|| format!("{operation} of {id}, which is of {:?}", template.holder()));
    }
    let is_recreation = request.kind == Kind::Update && properties["JobTemplateId"].as_str() == Some(id);
    // A Create never re-creates what carries former tags; a Delete gives back.
    let may = template.mistaken
        || template.adopted.is_none()
        || is_recreation
        || (request.kind == Kind::Delete && !request.gives_back());
    (matches!(work, Work::Delete { .. }) && !may).then(|| format!("{operation} of {id}, which was adopted"))
}

/// Notes what a call that was carried out means.
pub fn note(
    account: &mut Account,
    before: Option<&StoredTemplate>,
    work: &Work,
    delivery: usize,
    request: &Sent,
    (now, late): (Duration, bool),
) {
    let caller = &account.record.maker(delivery);
    let id = work.id();
    match work {
        Work::Create { tags, .. } => {
            // In the gap of a re-create of what was adopted; or a stranger deleted that. To any but an Update of it "with `Adopt`
            // and nothing there, the template is created like any other".
            let has_marks = FORMER.iter().any(|key| tags.contains_key(*key));
            // Where the old properties are of another id, and the gap is all that there is, nothing says that it was adopted.
            let is_its_own = |adopted: &&Adopted| {
                adopted.by == *caller && request.is_of_held(id) && (has_marks || !was_of_another_id(request, id))
            };
            let known = account.adopted.get(id).filter(is_its_own).cloned();
            let anew = || Adopted {
                by: caller.clone(),
                from: former(tags),
                before: None,
                delivery,
                was_made_by: None,
                at: now,
                late,
            };
            let adopted = match &known {
                Some(known) if !has_marks || known.from == former(tags) => Some(known.clone()),
                _ => (has_marks && request.is_of_held(id)).then(anew),
            };
            if let Some(template) = account.templates.get_mut(id) {
                template.adopted.clone_from(&adopted);
            }
            if adopted.is_none() {
                account.forgotten.remove(id);
            }
            match (known, adopted) {
                (Some(known), Some(adopted)) => {
                    // "An Update with `Adopt` that finds nothing under its id creates it with former `none`."
                    if known.from != adopted.from {
                        account.forgotten.insert(id.to_owned());
                    }
                    account.adopted.insert(id.to_owned(), adopted);
                }
                // What it makes of its own need not outlive it.
                _ => _ = account.adopted.remove(id),
            }
        }
        Work::Delete { .. } if request.kind == Kind::Delete => _ = account.adopted.remove(id),
        Work::Tag { .. } | Work::Untag { .. } => {
            let Some(template) = account.templates.get_mut(id) else {
                return;
            };
            // Its own is taken for nobody's only where somebody stripped it, or IoT has shown its tags late.
            let is_others = |before: &StoredTemplate| {
                let may_be_without_tags = before.shown.is_some() || before.stripped;
                before.holder() != caller || before.adopted.is_none() && may_be_without_tags
            };
            if is_adopting(work, caller) && before.is_some_and(is_others) {
                let holder = before.map(StoredTemplate::holder).filter(|holder| *holder != caller);
                // What came between look and touch was not taken over as told: whose it was, only the tags say.
                let is_as_told = !template.mistaken || before.is_some_and(|before| before.mistaken);
                let was = template.adopted.take().filter(|_| is_as_told);
                let adopted = Adopted {
                    by: caller.clone(),
                    from: match is_as_told {
                        true => holder.unwrap_or(&Maker::Person).clone(),
                        false => former(&template.tags),
                    },
                    before: was.map(Box::new),
                    delivery,
                    was_made_by: template.made_by,
                    at: now,
                    late,
                };
                template.came_with = before.map(|before| before.tags.clone()).unwrap_or_default();
                account.taken.insert((id.to_owned(), adopted.from.clone()));
                account.takings.push((id.to_owned(), now));
                template.adopted = Some(adopted.clone());
                // What it had made itself need not outlive it.
                if holder.is_some() {
                    account.adopted.insert(id.to_owned(), adopted);
                }
            } else if names(&template.tags, caller) && before.is_some_and(|it| is_recognised(it, id, request)) {
                template.maker = caller.clone();
                template.adopted = None;
                account.adopted.remove(id);
            } else if let Some(adopted) = template.adopted.clone() {
                let (mut is_forgotten, mut is_changed) = (false, false);
                if adopted.from == *caller {
                    (template.maker, template.made_by) = (adopted.by.clone(), Some(adopted.delivery));
                    template.moved = Some((adopted.at, adopted.late));
                    (template.adopted, is_forgotten) = adopted.let_go(request);
                } else if adopted.by == *caller && !names(&template.tags, caller) {
                    is_forgotten = template.give_back();
                    is_changed = has_updated(&adopted, &account.record);
                }
                if is_forgotten {
                    account.forgotten.insert(id.to_owned());
                }
                match &template.adopted {
                    Some(adopted) => _ = account.adopted.insert(id.to_owned(), adopted.clone()),
                    None => _ = account.adopted.remove(id),
                }
                // It is given back as it is.
                if is_changed {
                    let tags = account.templates[id]
                        .tags
                        .keys()
                        .map(|key| (id.to_owned(), key.clone()));
                    account.left_by_others.extend(tags);
                    account.drift(id, now);
                }
            }
        }
        _ => {}
    }
    if let Some(template) = account.templates.get(id) {
        account.taken.remove(&(id.to_owned(), template.holder().clone()));
    }
}

fn has_updated(adopted: &Adopted, record: &Record) -> bool {
    let is_its_update = |(number, request): (usize, &Sent)| {
        request.kind == Kind::Update && request.sent > adopted.at && record.maker_of(number) == adopted.by
    };
    record.requests.iter().enumerate().any(is_its_update)
}

/// "What was adopted is there whatever becomes of the stack": until its holder drops `Adopt` and is deleted.
pub fn lost(account: &Account) -> Option<String> {
    let is_gone = |id: &String| !account.has_drifted(id) && !account.templates.contains_key(id);
    let mut all = account.adopted.iter();
    let (gone, _) = all.find(|(id, adopted)| {
        is_gone(id) && !was_ones_own(id, adopted, &account.record) && !was_never_put_back(id, adopted, &account.record)
    })?;
    Some(format!("{gone}, which was adopted, is not there"))
}

/// A re-create was killed in its gap, or could not put the template back, and said so; and no later request for it succeeded:
/// "at the latest once CloudFormation's own rollback is through", and that was none, or for another id.
fn was_never_put_back(id: &str, adopted: &Adopted, record: &Record) -> bool {
    let is_not_there = format!("{id} is not there now");
    let mut is_gone = false;
    for (number, request) in record.requests.iter().enumerate() {
        if record.maker_of(number) != adopted.by || request.kind == Kind::Delete {
            continue;
        }
        let deliveries = || record.deliveries.iter().filter(|delivery| delivery.request == number);
        let replies = || deliveries().filter_map(|delivery| delivery.reply.as_ref());
        is_gone |= deliveries().any(|delivery| delivery.ended.is_some() && delivery.reply.is_none())
            || replies().any(|reply| reply.reason.contains(&is_not_there));
        is_gone &= !replies().any(|reply| reply.succeeded && reply.physical_id == id);
    }
    is_gone
}

fn was_ones_own(id: &str, adopted: &Adopted, record: &Record) -> bool {
    record.requests.iter().enumerate().any(|(number, request)| {
        request.kind == Kind::Delete
            && request.is_of_held(id)
            && !request.gives_back()
            && request.sent > adopted.at
            && record.maker_of(number) == adopted.by
    })
}

fn properties(request: &Sent) -> Value {
    request.members()["ResourceProperties"].take()
}

pub fn names(tags: &Tags, owner: &Maker) -> bool {
    let Maker::Resource { stack, logical_id } = owner else {
        return false;
    };
    tags.get(STACK) == Some(stack) && tags.get(RESOURCE) == Some(logical_id)
}

fn was_of_another_id(request: &Sent, id: &str) -> bool {
    let old = request.members()["OldResourceProperties"].take();
    !old.is_null() && old["JobTemplateId"].as_str() != Some(id)
}

/// "the request is an Update or Delete of the physical id that CloudFormation holds for us, the template is free, and its
/// content is that of the request's new or old properties": whoever made it, it is taken for ours.
fn is_recognised(template: &StoredTemplate, id: &str, request: &Sent) -> bool {
    let event = request.members();
    let of_this_id = |properties: &&Value| properties["JobTemplateId"].as_str().is_none_or(|given| given == id);
    let all = ["ResourceProperties", "OldResourceProperties"].map(|member| Some(&event[member]).filter(of_this_id));
    let all: Vec<_> = all.into_iter().flatten().collect();
    let is_free = !template.tags.contains_key(STACK) && !template.tags.contains_key(RESOURCE);
    request.is_of_held(id)
        && is_free
        && !all.iter().any(|properties| has_adopt(properties))
        && all
            .iter()
            .any(|properties| properties["JobArn"].is_null() && is_as_declared(template, properties))
}

/// Whom the tags say that it was taken from.
fn former(tags: &Tags) -> Maker {
    let [stack, logical_id] = FORMER.map(|key| tags.get(key).map(String::as_str).unwrap_or_default());
    match stack.split(' ').next().unwrap_or_default() {
        "none" => Maker::Person,
        stack if stack.starts_with(OTHER_STACK) => Maker::Person,
        stack => Maker::of(stack, logical_id),
    }
}

/// Whom the `Adopt` of a Delete names, if its properties are for what it is to delete.
fn named_by(request: &Sent) -> Maker {
    let properties = properties(request);
    let is_for_it = properties["JobTemplateId"].as_str() == request.physical_id.as_deref();
    match properties["Adopt"]
        .as_str()
        .filter(|_| is_for_it && request.is_readable)
    {
        None | Some("true" | "false") => Maker::Person,
        Some(STRANGERS) => Maker::Person,
        Some(named) => {
            let (stack, logical_id) = named.rsplit_once('/').unwrap_or((&request.stack, named));
            Maker::of(stack, logical_id)
        }
    }
}

/// "the content (by its fingerprint where the template carries one, else as IoT shows it)".
fn is_made_from(template: &StoredTemplate, properties: &Value) -> bool {
    let words = Words::read(&template.tags, Moment::of(SystemTime::UNIX_EPOCH));
    match words.filter(|_| history::is_readable(properties)) {
        Some(words) => words.fingerprint == Fingerprint::of(&history::desired(properties)),
        None => is_as_declared(template, properties),
    }
}

pub fn is_as_declared(template: &StoredTemplate, properties: &Value) -> bool {
    let content = &template.content;
    let source = properties["DocumentSource"].as_str();
    properties["Description"].as_str() == Some(&*content.description)
        && (source.is_none() || source == content.document_source.as_deref())
        && (properties["Document"].is_null() || properties["Document"].as_str() == content.document.as_deref())
}

/// One TagResource call with all that it takes.
fn is_adopting(work: &Work, caller: &Maker) -> bool {
    matches!(work, Work::Tag { tags, .. } if names(tags, caller) && tags.contains_key(FORMER[0]))
}

/// Whether the properties' `Adopt` takes this template, as it is tagged, and it is as declared.
pub fn is_told_to(template: &StoredTemplate, properties: &Value, stack_id: &str) -> bool {
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
        Some(named) => is_free || format!("{stack_id}/{named}") == owner,
    };
    let tags = properties["Tags"].as_object();
    let has = |(key, value): (&String, &Value)| template.tags.get(key).map(String::as_str) == value.as_str();
    fits && is_made_from(template, properties) && tags.is_none_or(|tags| tags.iter().all(has))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{BY_HAND, Props};
    use crate::mishap::Deed;
    use crate::tell::{PLAIN, adopting, changed};
    use serde_json::json;

    const ID: &str = "shared-a";

    fn us() -> Maker {
        Maker::of("fleet", "Reboot")
    }

    fn request(kind: &str, props: &Props) -> Sent {
        let event = json!({
            "RequestType": kind, "StackId": "fleet", "LogicalResourceId": "Reboot", "ResourceProperties": props.json(),
            "PhysicalResourceId": ID
        });
        let mut record = crate::record::Record::default();
        record.send(&event, Duration::ZERO);
        record.requests.remove(0)
    }

    /// A world in which a stranger made a template.
    fn account(deed: Deed) -> Account {
        let mut account = Account::new();
        account.befall(ID, deed, Duration::ZERO);
        account.record.requests.push(request("Create", &PLAIN));
        account.record.begin(0, Duration::ZERO);
        account
    }

    fn tag(pairs: &[(&str, &str)]) -> Work {
        let tags = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Work::Tag { id: ID.into(), tags }
    }

    fn adopt() -> Work {
        tag(&[
            (STACK, "fleet"),
            (RESOURCE, "Reboot"),
            (FORMER[0], "none"),
            (FORMER[1], "none"),
        ])
    }

    /// Carries it out, as the service would.
    fn call(account: &mut Account, work: &Work, request: &Sent) -> Result<(), String> {
        let before = account.templates[ID].clone();
        let forbidden = forbids(&before, &us(), work, request);
        account.carry_out(work, 0, Duration::ZERO, false).expect("it is there");
        note(account, Some(&before), work, 0, request, (Duration::ZERO, false));
        forbidden.map_or(Ok(()), Err)
    }

    #[test]
    fn what_is_free_can_be_adopted_and_given_back() {
        let mut account = account(Deed::Make);
        call(&mut account, &adopt(), &request("Create", &adopting("true"))).expect("it was told to");
        assert_eq!(*account.templates[ID].holder(), us());

        let keys = vec![
            STACK.to_owned(),
            RESOURCE.to_owned(),
            FORMER[0].to_owned(),
            FORMER[1].to_owned(),
        ];
        let back = Work::Untag { id: ID.into(), keys };
        call(&mut account, &back, &request("Delete", &adopting("true"))).expect("it gives back");
        assert_eq!(*account.templates[ID].holder(), Maker::Person);
        assert!(account.adopted.is_empty());
    }

    #[test]
    fn what_is_anothers_is_adopted_only_from_whom_was_named() {
        let named = "arn:aws:cloudformation:eu-central-1:123456789012:stack/stranger/1/Reboot";
        assert!(named.starts_with(OTHER_STACK));
        for (adopt_from, may) in [("true", false), ("false", false), (named, true), ("Reboot", false)] {
            let request = request("Create", &adopting(adopt_from));
            assert_eq!(
                call(&mut account(Deed::MakeForAStack), &adopt(), &request).is_ok(),
                may,
                "{adopt_from}"
            );
        }
    }

    #[test]
    fn what_is_not_as_declared_is_not_adopted() {
        assert_ne!(PLAIN.json()["Description"], BY_HAND);
        let other = changed(|props| props.adopt = Some("true"));
        assert!(call(&mut account(Deed::Make), &adopt(), &request("Create", &other)).is_err());
    }

    #[test]
    fn what_was_adopted_is_deleted_only_once_it_is_ones_own_or_to_be_made_anew() {
        for (kind, props, may) in [
            ("Delete", adopting("true"), false),
            ("Delete", PLAIN, true),
            ("Update", adopting("true"), true),
            ("Update", changed(|props| props.id = Some(1)), false),
        ] {
            let mut account = account(Deed::Make);
            call(&mut account, &adopt(), &request("Create", &adopting("true"))).expect("it was told to");
            let template = account.templates[ID].clone();
            let delete = Work::Delete { id: ID.into() };
            assert_eq!(
                forbids(&template, &us(), &delete, &request(kind, &props)).is_none(),
                may,
                "{kind}"
            );
        }
    }
}
