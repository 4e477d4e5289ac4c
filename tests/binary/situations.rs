//! One table of situations: what is there, what is asked, the calls that it takes and the plan that the log names.
//!
//! `requests.rs` holds the function to the calls and the plan, `faults.rs` lets everything fail at each of the calls.

use crate::stand_ins::{DOCUMENT_TEXT, Event, Operation, Stack, StoredTemplate};
use iot_job_template_core::memory::{Fingerprint, Moment, REQUEST_TAG, Which};
use iot_job_template_core::properties;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

pub type Templates = BTreeMap<String, StoredTemplate>;

#[derive(Clone)]
pub struct Situation {
    pub name: &'static str,
    /// What is there.
    pub templates: Templates,
    pub event: Event,
    /// What it takes if nothing fails.
    pub calls: Vec<Operation>,
    /// The last call is made again and again, for as long as something may still show.
    pub waits: bool,
    /// The `plan` of the log's `answer`; empty where it does not come to one.
    pub plan: &'static str,
}

impl fmt::Debug for Situation {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

/// A Create, and an Update to another id, look by trying. What is to be changed must have been seen before; of what is to
/// be deleted, the tags mostly say enough.
#[rustfmt::skip] // A row is one line, or two.
pub fn situations() -> Vec<Situation> {
    let create = |properties| fleet().create("Reboot", properties);
    let update = |new| fleet().update("Reboot", "reboot", new, old());
    let rollback = || fleet().update("Reboot", "reboot", old(), renamed());
    let delete = |id: &str| fleet().delete("Reboot", id, old());
    let give_back = || fleet().delete("Reboot", "reboot", adopting());
    let made_up = &fleet().made_up_id("Reboot");
    let refused_id = &format!("refused:{}:reboot", Which::of(BEFORE));
    let unclear_id = &format!("unclear:{}:reboot", Which::of(BEFORE));

    let absent = &Templates::new();
    let stripped = &there([("reboot", free())]);
    let theirs = &there([("reboot", anothers())]);
    let by_hand = &there([("reboot", a_persons())]);
    let wordless = &there([("reboot", without_words())]);
    let seen_to = &there([("reboot", seen_to_later())]);
    let adopted = &there([("reboot", adopted_from("none", "none"))]);
    let adopted_from_them = &there([("reboot", adopted_from(&Stack::named("factory").id, "Reboot"))]);
    let taken_from_us = &there([("reboot", taken_over_by_another(&fleet().id))]);
    let with_what_was_nobodys = taken_over_by_another(&format!("{} {}", fleet().id, Which::of("none none")));
    let what_was_nobodys = &there([("reboot", with_what_was_nobodys)]);
    let both = &there([("reboot", ours()), ("restart", ours_renamed())]);
    let and_theirs = &there([("reboot", ours()), ("restart", anothers())]);
    let ours = &there([("reboot", ours())]);
    // Where only its content tells whose it is.
    let recognise = "list-tags describe list-tags describe";
    [
        ("create, absent", absent, create(old()), "create", "create"),
        ("create, ours, same content", ours, create(old()), "create list-tags tag", "tags"),
        ("create, ours, a tag set", ours, create(tagged()), "create list-tags tag", "tags"),
        ("create, ours, other tags", ours, create(retagged()), "create list-tags tag", "tags"),
        ("create, ours, other content", ours, create(changed()),
            "create list-tags describe list-tags delete create", "re-create"),
        ("create, ours, without words", wordless, create(old()), "create list-tags describe list-tags tag", "tags"),
        ("create, refused content", absent, create(refused()), "create list-tags", "create"),
        ("create, bad properties", absent, create(json!({})), "", ""),
        ("create, free", stripped, create(old()), &format!("create {recognise}"), "refuse"),
        ("create, another's", theirs, create(old()), "create list-tags", "refuse"),
        ("create, overtaken", seen_to, create(old()), "create list-tags", "refuse"),
        ("create, adopts a free one", stripped, create(adopting()),
            &format!("{recognise} tag list-tags"), "adopt"),
        ("create, adopts another's", theirs, create(adopting_theirs()), "list-tags tag list-tags", "adopt"),
        ("create, adopts what is not as declared", by_hand, create(adopting()), recognise, "refuse"),
        ("create, adopts, absent", absent, create(adopting()), "list-tags describe create", "create"),
        ("update, absent", absent, update(old()), "list-tags describe create", "create"),
        ("update, ours, the same", ours, update(old()), "list-tags tag", "tags"),
        ("update, ours, a tag set", ours, update(tagged()), "list-tags tag", "tags"),
        ("update, ours, a tag removed", ours, update(untagged()), "list-tags untag list-tags tag", "tags"),
        ("update, ours, other tags", ours, update(retagged()), "list-tags untag list-tags tag", "tags"),
        ("update, ours, without words", wordless, update(old()), "list-tags describe list-tags tag", "tags"),
        ("update, ours, other content", ours, update(changed()), "describe list-tags delete create", "re-create"),
        ("update, ours, refused content", ours, update(refused()),
            "describe list-tags delete create create", "re-create"),
        ("update, stripped of its tags", stripped, update(retagged()),
            &format!("{recognise} untag {recognise} tag"), "tags"),
        ("update, a person's", by_hand, update(changed()), "describe list-tags describe list-tags describe", "refuse"),
        ("update, another's", theirs, update(changed()), "describe list-tags", "refuse"),
        ("update, another's, as declared", theirs, update(old()), "list-tags", "as declared"),
        ("update, overtaken", seen_to, update(old()), "list-tags", "refuse"),
        ("update, other id", ours, update(renamed()), "list-tags create", "create"),
        ("update, other id, another's", and_theirs, update(renamed()), "list-tags create list-tags", "refuse"),
        ("update, other id, overtaken", seen_to, update(renamed()), "list-tags", "refuse"),
        ("rollback from another id", both, rollback(),
            "list-tags tag list-tags delete list-tags ...", "delete"),
        ("rollback from another id, never made", ours, rollback(),
            "list-tags tag list-tags ...", "tags"),
        ("delete, ours", ours, delete("reboot"), "list-tags delete", "delete"),
        ("delete, absent", absent, delete("reboot"), "list-tags describe", "nothing"),
        ("delete, stripped of its tags", stripped, delete("reboot"), &format!("{recognise} delete"), "delete"),
        ("delete, a person's", by_hand, delete("reboot"), recognise, "leave alone"),
        ("delete, another's", theirs, delete("reboot"), "list-tags", "leave alone"),
        ("delete, overtaken", seen_to, delete("reboot"), "list-tags", "leave alone"),
        ("delete, adopted from nobody", adopted, give_back(), "list-tags untag", "give back"),
        ("delete, adopted from another", adopted_from_them, give_back(), "list-tags tag", "give back"),
        ("delete, adopted, Adopt dropped", adopted, delete("reboot"), "list-tags delete", "delete"),
        ("delete, taken over by another", taken_from_us, delete("reboot"), "list-tags untag", "let go"),
        ("delete, taken over by another, was nobody's", what_was_nobodys, give_back(), "list-tags tag", "let go"),
        ("delete, nothing asked", ours, delete("nothing-asked:Reboot"), "", "nothing"),
        ("delete, nothing asked, stripped", stripped, delete("nothing-asked:Reboot"), "", "nothing"),
        ("delete, refused", ours, delete(refused_id), "list-tags delete", "delete"),
        ("delete, refused, absent", absent, delete(refused_id), "list-tags", "nothing"),
        ("delete, refused, made by another request", seen_to, delete(refused_id), "list-tags", "leave alone"),
        ("delete, unclear", ours, delete(unclear_id), "list-tags delete list-tags ...", "delete"),
        ("delete, unclear, absent", absent, delete(unclear_id), "list-tags ...", "nothing"),
        ("delete, made-up id", ours, delete(made_up), "list-tags describe list-tags delete", "delete"),
        ("delete, made-up id, absent", absent, delete(made_up), "list-tags describe list-tags ...", "nothing"),
        ("delete, no id", ours, delete("").without("PhysicalResourceId"), "list-tags delete", "delete"),
    ]
    .map(|(name, there, event, calls, plan)| Situation {
        name,
        templates: there.clone(),
        event,
        calls: calls.trim_end_matches(AND_SO_ON).split_whitespace().map(operation).collect(),
        waits: calls.ends_with(AND_SO_ON),
        plan,
    })
    .into()
}

const AND_SO_ON: &str = "...";

/// The operation that the table has under this short name.
fn operation(name: &str) -> Operation {
    match name {
        "create" => Operation::CreateJobTemplate,
        "describe" => Operation::DescribeJobTemplate,
        "delete" => Operation::DeleteJobTemplate,
        "tag" => Operation::TagResource,
        "untag" => Operation::UntagResource,
        "list-tags" => Operation::ListTagsForResource,
        _ => panic!("{name} is no operation"),
    }
}

pub fn fleet() -> Stack {
    Stack::named("fleet")
}

// ---- What is asked ----

fn properties(timeout: u32, tags: Value) -> Value {
    json!({
        "JobTemplateId": "reboot",
        "Description": "Reboot",
        "Document": document(),
        "TimeoutConfig": {"InProgressTimeoutInMinutes": timeout},
        "Tags": tags,
    })
}

fn document() -> String {
    format!("{{\"operation\":\"{DOCUMENT_TEXT}\"}}")
}

fn old() -> Value {
    properties(60, json!({"team": "fleet", "old": "1"}))
}

fn tagged() -> Value {
    properties(60, json!({"team": "fleet", "old": "1", "new": "1"}))
}

fn untagged() -> Value {
    properties(60, json!({"team": "fleet"}))
}

fn retagged() -> Value {
    properties(60, json!({"team": "factory"}))
}

fn changed() -> Value {
    properties(90, json!({"team": "factory"}))
}

fn renamed() -> Value {
    let mut properties = changed();
    properties["JobTemplateId"] = json!("restart");
    properties
}

fn adopting() -> Value {
    let mut properties = old();
    properties["Adopt"] = json!(true);
    properties
}

fn adopting_theirs() -> Value {
    let mut properties = old();
    properties["Adopt"] = json!(format!("{}/Reboot", Stack::named("factory").id));
    properties
}

/// Content that only IoT can refuse: a source that is not there.
fn refused() -> Value {
    let mut properties = changed();
    properties.as_object_mut().unwrap().remove("Document");
    properties["DocumentSource"] = json!("https://s3.amazonaws.com/my-bucket/gone.json");
    properties
}

// ---- What is there ----

fn there<const N: usize>(templates: [(&str, StoredTemplate); N]) -> Templates {
    templates.map(|(id, template)| (id.to_owned(), template)).into()
}

/// The template of `old`, without the tags that say whose it is.
pub fn free() -> StoredTemplate {
    StoredTemplate::new(json!({
        "description": "Reboot",
        "document": document(),
        "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
    }))
    .tagged("team", "fleet")
    .tagged("old", "1")
}

/// The RequestId of the request that saw to what is there.
const BEFORE: &str = "00000000-0000-4000-8000-000000000000";

pub fn ours() -> StoredTemplate {
    owned_by(&fleet()).tagged(REQUEST_TAG, &words("20200101T000000Z", &old()))
}

fn without_words() -> StoredTemplate {
    owned_by(&fleet())
}

/// A later request than any that the tests send has seen to it.
fn seen_to_later() -> StoredTemplate {
    let soon = Moment::of(SystemTime::now() + Duration::from_secs(600));
    let mut words = words(&soon.to_string(), &old());
    words = words.replace(&Which::of(BEFORE).to_string(), &Which::of("later").to_string());
    owned_by(&fleet()).tagged(REQUEST_TAG, &words)
}

pub fn anothers() -> StoredTemplate {
    owned_by(&Stack::named("factory")).tagged(REQUEST_TAG, &words("20200101T000000Z", &old()))
}

fn adopted_from(stack_id: &str, logical_id: &str) -> StoredTemplate {
    ours()
        .tagged("cloudformation:former-stack-id", stack_id)
        .tagged("cloudformation:former-logical-id", logical_id)
}

fn taken_over_by_another(former_stack_id: &str) -> StoredTemplate {
    anothers()
        .tagged("cloudformation:former-stack-id", former_stack_id)
        .tagged("cloudformation:former-logical-id", "Reboot")
}

fn owned_by(stack: &Stack) -> StoredTemplate {
    free()
        .tagged("cloudformation:stack-id", &stack.id)
        .tagged("cloudformation:logical-id", "Reboot")
}

/// The words of a template that was made from these properties.
fn words(when: &str, properties: &Value) -> String {
    let json = serde_json::from_value(properties.clone()).unwrap();
    let desired = properties::read(&json).unwrap().desired;
    format!("{when} {} {}", Which::of(BEFORE), Fingerprint::of(&desired))
}

fn a_persons() -> StoredTemplate {
    StoredTemplate::new(json!({"description": "By hand", "document": "{}"}))
}

/// The template of `renamed`.
fn ours_renamed() -> StoredTemplate {
    let mut template = ours();
    template.content["timeoutConfig"] = json!({"inProgressTimeoutInMinutes": 90});
    template.tags.remove("old");
    template
        .tagged("team", "factory")
        .tagged(REQUEST_TAG, &words("20200101T000001Z", &renamed()))
}
