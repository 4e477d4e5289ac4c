//! One table of situations: what is there, what is asked, the calls that it takes and the plan that the log names.
//!
//! `requests.rs` holds the function to the calls and the plan, `faults.rs` lets everything fail at each of the calls.

use crate::stand_ins::{DOCUMENT_TEXT, Event, Operation, Stack, StoredTemplate};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

pub type Templates = BTreeMap<String, StoredTemplate>;

#[derive(Clone)]
pub struct Situation {
    pub name: &'static str,
    /// What is there.
    pub templates: Templates,
    pub event: Event,
    /// What it takes if nothing fails.
    pub calls: Vec<Operation>,
    /// The last two calls are made again and again, for as long as something may still show.
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
    let made_up = &fleet().made_up_id("Reboot");

    let absent = &Templates::new();
    let stripped = &there([("reboot", free())]);
    let theirs = &there([("reboot", anothers())]);
    let by_hand = &there([("reboot", a_persons())]);
    let both = &there([("reboot", ours()), ("restart", ours_renamed())]);
    let and_theirs = &there([("reboot", ours()), ("restart", anothers())]);
    let ours = &there([("reboot", ours())]);
    [
        ("create, absent", absent, create(old()), "create", "create"),
        ("create, ours, same content", ours, create(old()), "create describe list-tags", "tags"),
        ("create, ours, a tag set", ours, create(tagged()), "create describe list-tags tag", "tags"),
        ("create, ours, other tags", ours, create(retagged()), "create describe list-tags tag", "tags"),
        ("create, ours, other content", ours, create(changed()),
            "create describe list-tags delete create", "re-create"),
        ("create, refused content", absent, create(refused()), "create describe", "create"),
        ("create, bad properties", absent, create(json!({})), "", ""),
        ("create, free", stripped, create(old()), "create describe list-tags", "refuse"),
        ("create, another's", theirs, create(old()), "create describe list-tags", "refuse"),
        ("update, absent", absent, update(old()), "describe create", "create"),
        ("update, ours, the same", ours, update(old()), "describe list-tags", "tags"),
        ("update, ours, a tag set", ours, update(tagged()), "describe list-tags tag", "tags"),
        ("update, ours, a tag removed", ours, update(untagged()), "describe list-tags untag", "tags"),
        ("update, ours, other tags", ours, update(retagged()), "describe list-tags untag tag", "tags"),
        ("update, ours, other content", ours, update(changed()), "describe list-tags delete create", "re-create"),
        ("update, ours, refused content", ours, update(refused()),
            "describe list-tags delete create create", "re-create"),
        ("update, stripped of its tags", stripped, update(retagged()), "describe list-tags untag tag", "tags"),
        ("update, a person's", by_hand, update(changed()), "describe list-tags", "refuse"),
        ("update, another's", theirs, update(changed()), "describe list-tags", "refuse"),
        ("update, other id", ours, update(renamed()), "create", "create"),
        ("update, other id, another's", and_theirs, update(renamed()), "create describe list-tags", "refuse"),
        ("rollback from another id", both, rollback(), "describe list-tags list-tags delete", "tags"),
        ("rollback from another id, never made", ours, rollback(), "describe list-tags list-tags describe", "tags"),
        ("delete, ours", ours, delete("reboot"), "list-tags delete", "delete"),
        ("delete, absent", absent, delete("reboot"), "list-tags describe", "nothing"),
        ("delete, stripped of its tags", stripped, delete("reboot"), "list-tags describe list-tags delete", "delete"),
        ("delete, a person's", by_hand, delete("reboot"), "list-tags describe list-tags", "leave alone"),
        ("delete, another's", theirs, delete("reboot"), "list-tags", "leave alone"),
        ("delete, nothing made", ours, delete("nothing-made:Reboot"), "", "nothing"),
        ("delete, nothing made, stripped", stripped, delete("nothing-made:Reboot"), "", "nothing"),
        ("delete, unknown outcome", ours, delete("outcome-unknown:reboot"), "list-tags delete", "delete"),
        ("delete, unknown outcome, absent", absent, delete("outcome-unknown:reboot"), "list-tags describe", "nothing"),
        ("delete, made-up id", ours, delete(made_up), "list-tags describe list-tags delete", "delete"),
        ("delete, made-up id, absent", absent, delete(made_up),
            "list-tags describe list-tags describe list-tags describe ...", "nothing"),
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

pub fn old() -> Value {
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

pub fn ours() -> StoredTemplate {
    owned_by(&fleet())
}

fn anothers() -> StoredTemplate {
    owned_by(&Stack::named("factory"))
}

fn owned_by(stack: &Stack) -> StoredTemplate {
    free()
        .tagged("cloudformation:stack-id", &stack.id)
        .tagged("cloudformation:logical-id", "Reboot")
}

fn a_persons() -> StoredTemplate {
    StoredTemplate::new(json!({"description": "By hand", "document": "{}"}))
}

/// The template of `renamed`.
fn ours_renamed() -> StoredTemplate {
    let mut template = ours();
    template.content["timeoutConfig"] = json!({"inProgressTimeoutInMinutes": 90});
    template.tags.remove("old");
    template.tagged("team", "factory")
}
