//! Always answered, and always the right state: every request, in every situation, with every fault at every call.
//!
//! Prints how many cases there were. `ALL_FAULTS=1 cargo test --test faults` tries all of them under a long deadline, too: 4920
//! cases in 11 minutes on two busy cores, and every one as it should be.

use crate::stand_ins::{
    Authority, Call, DOCUMENT_TEXT, Event, FakeIot, Fault, ReceivedAnswer, Stack, StoredTemplate, Testbed, When, say,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A function's timeout near the least that template.yaml allows (at the least itself, a busy machine makes the difference
/// between in time and not), and one that leaves time to spare.
const SHORT: Duration = Duration::from_secs(4);
const LONG: Duration = Duration::from_secs(20);
/// More than any retry would take.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// Cases wait nearly all the time, so that many can run at once.
const AT_ONCE: usize = 48;

type Templates = BTreeMap<String, StoredTemplate>;

/// A testbed with this situation in it, and a function that waits for its first event.
fn bed(authority: &Arc<Authority>, situation: &Situation) -> Testbed {
    let bed = Testbed::of(authority, |function| function);
    bed.iot.by_hand(|templates| *templates = situation.templates.clone());
    bed.lambda.init();
    bed
}

// ---- Situations: a request, and what it finds ----

#[derive(Clone)]
struct Situation {
    name: &'static str,
    event: Event,
    templates: Templates,
}

fn fleet() -> Stack {
    Stack::named("fleet")
}

fn properties(timeout: u32, tags: Value) -> Value {
    json!({
        "JobTemplateId": "reboot",
        "Description": "Reboot",
        "Document": format!("{{\"operation\":\"{DOCUMENT_TEXT}\"}}"),
        "TimeoutConfig": {"InProgressTimeoutInMinutes": timeout},
        "Tags": tags,
    })
}

fn old() -> Value {
    properties(60, json!({"team": "fleet", "old": "1"}))
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
    let source = "https://s3.amazonaws.com/my-bucket/gone.json";
    properties.as_object_mut().unwrap().remove("Document");
    properties["DocumentSource"] = json!(source);
    properties
}

/// The template of `old`, without the tags that say whose it is.
fn free() -> StoredTemplate {
    StoredTemplate::new(json!({
        "description": "Reboot",
        "document": format!("{{\"operation\":\"{DOCUMENT_TEXT}\"}}"),
        "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
    }))
    .tagged("team", "fleet")
    .tagged("old", "1")
}

fn ours() -> StoredTemplate {
    free()
        .tagged("cloudformation:stack-id", &fleet().id)
        .tagged("cloudformation:logical-id", "Reboot")
}

fn anothers() -> StoredTemplate {
    free()
        .tagged("cloudformation:stack-id", &Stack::named("factory").id)
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

fn there<const N: usize>(templates: [(&str, StoredTemplate); N]) -> Templates {
    templates.map(|(id, template)| (id.to_owned(), template)).into()
}

fn situations() -> Vec<Situation> {
    let create = |properties| fleet().create("Reboot", properties);
    let update = |new| fleet().update("Reboot", "reboot", new, old());
    let delete = |id: &str| fleet().delete("Reboot", id, old());
    let nothing_made = delete("nothing-made:Reboot");
    let unknown = delete("outcome-unknown:reboot");
    let made_up = delete(&fleet().made_up_id("Reboot"));
    let rollback = fleet().update("Reboot", "reboot", old(), renamed());

    let absent = Templates::new();
    let theirs = there([("reboot", anothers())]);
    let by_hand = there([("reboot", a_persons())]);
    let stripped = there([("reboot", free())]);
    let both = there([("reboot", ours()), ("restart", ours_renamed())]);
    let and_theirs = there([("reboot", ours()), ("restart", anothers())]);
    let ours = there([("reboot", ours())]);
    [
        ("create, absent", create(old()), &absent),
        ("create, ours, same content", create(old()), &ours),
        ("create, ours, other tags", create(retagged()), &ours),
        ("create, ours, other content", create(changed()), &ours),
        ("create, refused content", create(refused()), &absent),
        ("create, free", create(old()), &stripped),
        ("create, another's", create(old()), &theirs),
        ("update, absent", update(old()), &absent),
        ("update, ours, the same", update(old()), &ours),
        ("update, ours, other tags", update(retagged()), &ours),
        ("update, ours, other content", update(changed()), &ours),
        ("update, ours, refused content", update(refused()), &ours),
        ("update, stripped of its tags", update(retagged()), &stripped),
        ("update, a person's", update(changed()), &by_hand),
        ("update, another's", update(changed()), &theirs),
        ("update, other id", update(renamed()), &ours),
        ("update, other id, another's", update(renamed()), &and_theirs),
        ("rollback from another id", rollback, &both),
        ("delete, ours", delete("reboot"), &ours),
        ("delete, absent", delete("reboot"), &absent),
        ("delete, stripped of its tags", delete("reboot"), &stripped),
        ("delete, a person's", delete("reboot"), &by_hand),
        ("delete, another's", delete("reboot"), &theirs),
        ("delete, nothing made", nothing_made, &stripped),
        ("delete, unknown outcome", unknown.clone(), &ours),
        ("delete, unknown outcome, absent", unknown, &absent),
        ("delete, made-up id", made_up.clone(), &ours),
        ("delete, made-up id, absent", made_up, &absent),
    ]
    .map(|(name, event, templates)| Situation {
        name,
        event,
        templates: templates.clone(),
    })
    .into()
}

// ---- Faults ----

fn faults() -> Vec<Fault> {
    vec![
        Fault::Refused { lasting: FOR_EVER },
        Fault::TlsFailure,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::throttled(),
        Fault::throttled().retry_after(1),
        Fault::internal_failure(),
        Fault::internal_failure().but_done(),
        Fault::unavailable(),
        Fault::unavailable().but_done(),
        Fault::CutShort,
        Fault::Garbage,
        Fault::Silence { done: false },
        Fault::Silence { done: true },
        Fault::Trickle,
    ]
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lasting {
    OneCall,
    FromThenOn,
}

#[derive(Clone, Debug)]
struct Case<'a> {
    situation: &'a Situation,
    /// What happens without a fault.
    calm: &'a Calm,
    call: usize,
    fault: Fault,
    lasting: Lasting,
    deadline: Duration,
}

impl std::fmt::Debug for Situation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

#[derive(Clone)]
struct Calm {
    calls: usize,
    plan: String,
    succeeded: bool,
    physical_id: String,
    templates: Templates,
}

impl std::fmt::Debug for Calm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "{} calls", self.calls)
    }
}

fn calm(authority: &Arc<Authority>, situation: &Situation) -> Calm {
    let bed = bed(authority, situation);
    let event = situation.event.clone().answered_at(&bed.bucket);
    let invocation = bed.lambda.invoke(&event, SHORT);
    assert!(invocation.responded(), "{invocation:?}");
    let answer = bed.bucket.only_answer(&event);
    let log = invocation.json_log();
    let end = log.iter().find(|line| line["message"] == "answer").unwrap();
    Calm {
        calls: bed.iot.calls().len(),
        plan: end["plan"].as_str().unwrap().to_owned(),
        succeeded: answer.succeeded(),
        physical_id: answer.physical_id().to_owned(),
        templates: bed.iot.templates(),
    }
}

impl Case<'_> {
    fn run(&self, authority: &Arc<Authority>) -> Result<(), String> {
        let bed = bed(authority, self.situation);
        self.break_things(&bed.iot);
        let event = self.situation.event.clone().answered_at(&bed.bucket);
        let invocation = bed.lambda.invoke(&event, self.deadline);
        let answers = bed.bucket.answers(&event);
        let [answer] = &answers[..] else {
            return Err(format!("{} answers, {invocation:?}", answers.len()));
        };
        if !invocation.responded() {
            return Err(format!("{invocation:?}"));
        }
        let verdict = match self.lasting {
            Lasting::OneCall => self.went_as_without_a_fault(&bed, answer),
            Lasting::FromThenOn => self.comes_right_afterwards(&bed, answer),
        };
        verdict.map_err(|why| format!("{why}\nanswer: {}", answer.json))
    }

    fn break_things(&self, iot: &FakeIot) {
        let from = self.call;
        match (&self.fault, self.lasting) {
            (Fault::Refused { .. }, Lasting::OneCall) => {
                let lasting = Duration::from_millis(300);
                iot.fault(When::Call(from), Fault::Refused { lasting });
            }
            (fault, Lasting::OneCall) => iot.fault(When::Call(from), fault.clone()),
            (Fault::Refused { .. }, Lasting::FromThenOn) => {
                iot.fault(When::Call(from), self.fault.clone());
            }
            // Each of these strikes one connection.
            (Fault::TlsFailure, Lasting::FromThenOn) => {
                (0..1000).for_each(|_| iot.fault(When::Call(from), Fault::TlsFailure));
            }
            (fault, Lasting::FromThenOn) => {
                let fault = fault.clone();
                iot.fault_by(move |call: &Call| (call.number >= from).then(|| fault.clone()));
            }
        }
    }

    fn went_as_without_a_fault(&self, bed: &Testbed, answer: &ReceivedAnswer) -> Result<(), String> {
        let same = answer.succeeded() == self.calm.succeeded && answer.physical_id() == self.calm.physical_id;
        if !same {
            return Err("another answer than without the fault".to_owned());
        }
        self.check_templates(bed, &self.calm.templates)
    }

    /// Once IoT works again, what CloudFormation does after this answer leads to where it must.
    fn comes_right_afterwards(&self, bed: &Testbed, answer: &ReceivedAnswer) -> Result<(), String> {
        self.check_others(bed)?;
        bed.iot.heal();
        if answer.succeeded() {
            return self.went_as_without_a_fault(bed, answer);
        }
        let id = answer.physical_id();
        let request = &self.situation.event.json;
        match request["RequestType"].as_str().unwrap() {
            // A failed Create is followed by its Delete.
            "Create" => {
                self.expect_success(bed, fleet().delete("Reboot", id, old()))?;
                let mut left = self.situation.templates.clone();
                left.retain(|_, template| !is_ours(template));
                self.check_templates(bed, &left)
            }
            // A failed Update is rolled back; an id that was replaced on the way is deleted.
            "Update" if !is_rollback(request) => {
                let (new, old) = (&request["ResourceProperties"], &request["OldResourceProperties"]);
                let back = fleet().update("Reboot", id, old.clone(), new.clone());
                let back = bed.send_to(&bed.lambda, back, LONG);
                if back.physical_id() != id {
                    self.expect_success(bed, fleet().delete("Reboot", id, new.clone()))?;
                }
                // It heals what was missing, or stripped of its tags; what is not ours stays and keeps it from succeeding.
                let mut expected = self.situation.templates.clone();
                let held = expected.entry("reboot".to_owned()).or_insert_with(ours);
                if *held == free() {
                    *held = ours();
                }
                if back.succeeded() != is_ours(held) {
                    return Err(format!("afterwards: {}", back.json));
                }
                self.check_templates(bed, &expected)
            }
            // A failed Delete, or rollback, is tried again by whoever wants the stack gone, or back.
            _ => {
                let again = self.situation.event.clone().with("RequestId", json!("again"));
                self.expect_success(bed, again)?;
                self.check_templates(bed, &self.calm.templates)
            }
        }
    }

    fn expect_success(&self, bed: &Testbed, event: Event) -> Result<ReceivedAnswer, String> {
        let answer = bed.send_to(&bed.lambda, event, LONG);
        if answer.succeeded() {
            Ok(answer)
        } else {
            Err(format!("afterwards: {}", answer.json))
        }
    }

    /// What is not ours is never touched, whatever happens.
    fn check_others(&self, bed: &Testbed) -> Result<(), String> {
        let there = bed.iot.templates();
        for (id, template) in &self.situation.templates {
            let anothers = template.tags.contains_key("cloudformation:stack-id") && !is_ours(template);
            if anothers && there.get(id) != Some(template) {
                return Err(format!("{id} was another's, and is now {:?}", there.get(id)));
            }
        }
        Ok(())
    }

    fn check_templates(&self, bed: &Testbed, expected: &Templates) -> Result<(), String> {
        let there = bed.iot.templates();
        if there == *expected {
            Ok(())
        } else {
            Err(format!("there is {there:#?}, expected {expected:#?}"))
        }
    }
}

/// Whether an Update takes back one that failed: CloudFormation still holds the id from before that.
fn is_rollback(request: &Value) -> bool {
    request["OldResourceProperties"]["JobTemplateId"] != request["PhysicalResourceId"]
}

fn is_ours(template: &StoredTemplate) -> bool {
    template.tags.get("cloudformation:stack-id") == Some(&fleet().id)
}

#[test]
fn the_situations_come_to_every_plan_that_the_documentation_names() {
    let authority = Arc::new(Authority::new());
    let documentation = include_str!("../../docs/operations.md");
    let plans = documentation.lines().find(|line| line.starts_with("| plan |"));
    let documented: BTreeSet<_> = plans
        .unwrap()
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();

    let come_to: BTreeSet<_> = situations()
        .iter()
        .map(|situation| calm(&authority, situation).plan)
        .collect();

    assert_eq!(come_to, documented);
}

#[test]
fn whatever_fails_at_whatever_call_the_request_is_answered_in_time_and_the_state_is_right() {
    let authority = Arc::new(Authority::new());
    let situations = situations();
    let calm: Vec<_> = situations.iter().map(|situation| calm(&authority, situation)).collect();
    let mut all = vec![(Lasting::FromThenOn, SHORT), (Lasting::OneCall, SHORT)];
    if std::env::var_os("ALL_FAULTS").is_some() {
        all.extend([(Lasting::OneCall, LONG), (Lasting::FromThenOn, LONG)]);
    }
    let mut cases = Vec::new();
    for (lasting, deadline) in all {
        for (situation, calm) in situations.iter().zip(&calm) {
            for call in 1..=calm.calls {
                cases.extend(faults().into_iter().map(|fault| Case {
                    situation,
                    calm,
                    call,
                    fault,
                    lasting,
                    deadline,
                }));
            }
        }
    }

    // Those that wait for their deadlines are not to end all at the same moment.
    fastrand::Rng::with_seed(1).shuffle(&mut cases);

    let failures = failures_of(&authority, &cases);

    say(&format!("{} cases of {} situations", cases.len(), situations.len()));
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
}

fn failures_of(authority: &Arc<Authority>, cases: &[Case]) -> Vec<String> {
    let queue = Mutex::new(cases.iter());
    let failures = Mutex::new(Vec::new());
    let work = || {
        while let Some(case) = { queue.lock().unwrap().next() } {
            if let Err(why) = case.run(authority) {
                failures.lock().unwrap().push(format!("{case:?}: {why}"));
            }
        }
    };
    thread::scope(|scope| {
        (0..AT_ONCE).for_each(|_| {
            scope.spawn(work);
        });
    });
    failures.into_inner().unwrap()
}
