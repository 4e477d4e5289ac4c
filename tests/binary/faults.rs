//! Always answered, and always the right state: every request, in every situation, with every fault at every call.
//!
//! Prints how many cases there were. `ALL_FAULTS=1 cargo test --test binary faults` tries all of them under a long deadline,
//! too: twice as many cases, in some ten minutes on two busy cores.

use crate::situations::{Situation, Templates, anothers, fleet, free, ours, situations};
use crate::stand_ins::{Authority, Call, Event, FakeIot, Fault, ReceivedAnswer, StoredTemplate, Testbed, When, say};
use iot_job_template_core::memory::REQUEST_TAG;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A function's timeout near the least that template.yaml allows (at the least itself, a busy machine makes the difference
/// between in time and not), and one that leaves time to spare.
const SHORT: Duration = Duration::from_secs(4);
const LONG: Duration = Duration::from_secs(20);
/// More than any retry would take.
const FOR_EVER: Duration = Duration::from_secs(3600);
/// Cases wait nearly all the time, so that many can run at once. Who is late in a crowd has to be in time in a smaller one,
/// or at last alone.
const AT_ONCE: [usize; 3] = [384, 12, 1];
/// Nor do they begin at the same moment.
const STAGGER: Duration = Duration::from_millis(20);

/// A testbed with this situation in it, and a function that waits for its first event.
fn set_up(bed: &Testbed, situation: &Situation) {
    bed.start_anew();
    bed.iot.by_hand(|templates| *templates = situation.templates.clone());
    bed.lambda.init();
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

#[derive(Clone)]
struct Case<'a> {
    situation: &'a Situation,
    calm: &'a Calm,
    call: usize,
    fault: Fault,
    lasting: Lasting,
    deadline: Duration,
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Case {
            situation,
            call,
            fault,
            lasting,
            deadline,
            ..
        } = self;
        let calls = situation.calls.len();
        write!(
            formatter,
            "{situation:?}, {fault:?} at call {call} of {calls}, {lasting:?}, within {deadline:?}"
        )
    }
}

/// What a situation comes to without a fault.
struct Calm {
    succeeded: bool,
    physical_id: String,
    templates: Templates,
}

fn calm(bed: &Testbed, situation: &Situation) -> Calm {
    set_up(bed, situation);
    let answer = bed.send_to(&bed.lambda, situation.event.again(), SHORT);
    Calm {
        succeeded: answer.succeeded(),
        physical_id: without_request(answer.physical_id()),
        templates: bed.iot.templates(),
    }
}

/// Why a case is not as it should be.
struct Failure {
    why: String,
    /// The time was over, which on a busy machine can mean no more than that it is busy.
    late: bool,
}

impl Case<'_> {
    fn run(&self, bed: &Testbed) -> Result<(), Failure> {
        set_up(bed, self.situation);
        self.break_things(&bed.iot);
        let event = self.situation.event.again().answered_at(&bed.bucket);
        let invocation = bed.lambda.invoke(&event, self.deadline);
        let answers = bed.bucket.answers(&event);
        let [answer] = &answers[..] else {
            let why = format!("{} answers, {invocation:?}", answers.len());
            return Err(Failure { why, late: true });
        };
        if !invocation.responded() {
            let why = format!("{invocation:?}");
            return Err(Failure { why, late: true });
        }
        let verdict = match self.lasting {
            // A request takes over once at the most: what it had no answer to, its Delete looks for.
            Lasting::OneCall if self.situation.plan == "adopt" && !answer.succeeded() => {
                self.comes_right_afterwards(bed, answer)
            }
            // No re-create is begun without time for all of it.
            Lasting::OneCall if answer.reason().contains("too little time left") => {
                self.comes_right_afterwards(bed, answer)
            }
            Lasting::OneCall => self.went_as_without_a_fault(bed, answer),
            Lasting::FromThenOn => self.comes_right_afterwards(bed, answer),
        };
        // Where there was no time left to create it once more, what was there is put back.
        let signs_of_lateness = ["timed out while", "no time left", "The old job template was restored"];
        verdict.map_err(|why| Failure {
            why: format!("{why}\nanswer: {}", answer.json),
            late: signs_of_lateness.iter().any(|sign| answer.reason().contains(sign)),
        })
    }

    /// What is over in a moment is tried with TLS, as it is between the function and AWS. What lasts, and so costs a
    /// handshake for each attempt, only where the fault is one of TLS.
    fn needs_tls(&self) -> bool {
        self.lasting == Lasting::OneCall || matches!(self.fault, Fault::TlsFailure)
    }

    fn testbed(&self, authority: &Arc<Authority>) -> Testbed {
        if self.needs_tls() {
            Testbed::of(authority, |function| function)
        } else {
            Testbed::plain(authority)
        }
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
        let same =
            answer.succeeded() == self.calm.succeeded && without_request(answer.physical_id()) == self.calm.physical_id;
        if !same {
            return Err("another answer than without the fault".to_owned());
        }
        self.check_templates(bed, &self.calm.templates)
    }

    /// Once IoT works again, what CloudFormation does after this answer leads to where it must.
    fn comes_right_afterwards(&self, bed: &Testbed, answer: &ReceivedAnswer) -> Result<(), String> {
        self.check_others(bed)?;
        bed.iot.heal();
        // Where its tags cannot be had at all, what a refused Create may have made is taken for never made.
        if answer.succeeded() && self.situation.name.starts_with("delete, refused") {
            return Ok(());
        }
        if answer.succeeded() {
            return self.went_as_without_a_fault(bed, answer);
        }
        let id = answer.physical_id();
        let request = &self.situation.event.json;
        match request["RequestType"].as_str().unwrap() {
            // A failed Create is followed by its Delete.
            "Create" => {
                let properties = request["ResourceProperties"].clone();
                self.expect_success(bed, fleet().delete("Reboot", id, properties))?;
                // What an earlier request had made stays, unless this one had put its words on it.
                let there = bed.iot.templates();
                let mut left = self.situation.templates.clone();
                left.retain(|id, template| !is_ours(template) || there.contains_key(id));
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
                // It heals what was missing, or stripped of its tags or words; what is not ours stays and keeps it from succeeding.
                let mut expected = self.situation.templates.clone();
                let held = expected.entry("reboot".to_owned()).or_insert_with(ours);
                if *held == free() {
                    *held = ours();
                }
                if is_ours(held) && !held.tags.contains_key(REQUEST_TAG) {
                    held.tags.extend(ours().tags.remove_entry(REQUEST_TAG));
                }
                let is_as_declared = *held == anothers();
                let is_overtaken = self.situation.name.contains("overtaken");
                if back.succeeded() != ((is_ours(held) || is_as_declared) && !is_overtaken) {
                    return Err(format!("afterwards: {}", back.json));
                }
                self.check_templates(bed, &expected)
            }
            // A failed Delete, or rollback, is tried again by whoever wants the stack gone, or back.
            _ => {
                let again = self.situation.event.again();
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
            let is_handed_over = self.situation.plan == "adopt" || self.situation.plan == "let go";
            if anothers && !is_handed_over && there.get(id) != Some(template) {
                return Err(format!("{id} was another's, and is now {:?}", there.get(id)));
            }
        }
        Ok(())
    }

    fn check_templates(&self, bed: &Testbed, expected: &Templates) -> Result<(), String> {
        let (there, expected) = (essence(bed.iot.templates()), essence(expected.clone()));
        if there == expected {
            Ok(())
        } else {
            Err(format!("there is {there:#?}, expected {expected:#?}"))
        }
    }
}

/// The templates without what is other from request to request: of the words only the fingerprint, and no sign that it was
/// given back to its owner.
fn essence(mut templates: Templates) -> Templates {
    for template in templates.values_mut() {
        if let Some(words) = template.tags.get_mut(REQUEST_TAG) {
            *words = words.rsplit(' ').next().unwrap_or_default().to_owned();
        }
        template
            .tags
            .retain(|key, value| !key.starts_with("cloudformation:former-") || value != "none");
    }
    templates
}

/// A physical id without the hash of the request that it names; whether that was clearly refused depends on the fault.
fn without_request(physical_id: &str) -> String {
    match physical_id.splitn(3, ':').collect::<Vec<_>>()[..] {
        ["refused" | "unclear", _, template_id] => format!("failed:{template_id}"),
        _ => physical_id.to_owned(),
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
fn whatever_fails_at_whatever_call_the_request_is_answered_in_time_and_the_state_is_right() {
    let authority = Arc::new(Authority::new());
    let all_of_them = std::env::var_os("ALL_FAULTS").is_some();
    // What makes the same calls as another, or a part of them.
    let parts = [
        ", a tag ",
        "overtaken",
        "without words",
        "Adopt dropped",
        "made by another",
        "no id",
    ];
    let is_part = |situation: &Situation| parts.iter().any(|part| situation.name.contains(part));
    let situations: Vec<_> = situations()
        .into_iter()
        .filter(|one| all_of_them || !is_part(one))
        .collect();
    let bed = Testbed::of(&authority, |function| function);
    let calm: Vec<_> = situations.iter().map(|situation| calm(&bed, situation)).collect();
    let mut all = vec![(Lasting::FromThenOn, SHORT), (Lasting::OneCall, SHORT)];
    if all_of_them {
        all.extend([(Lasting::OneCall, LONG), (Lasting::FromThenOn, LONG)]);
    }
    let mut cases = Vec::new();
    for (lasting, deadline) in all {
        for (situation, calm) in situations.iter().zip(&calm) {
            for call in 1..=situation.calls.len() {
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

    let mut failures = Vec::new();
    let (mut to_run, mut again) = (cases.clone(), 0);
    for at_once in AT_ONCE {
        let (late, wrong): (Vec<_>, Vec<_>) = failures_of(&authority, &to_run, at_once)
            .into_iter()
            .partition(|(_, failure)| failure.late && at_once > 1);
        failures.extend(wrong);
        to_run = late.into_iter().map(|(case, _)| case).collect();
        again += to_run.len();
    }

    say(&format!(
        "{} cases of {} situations, {again} of them once more for being late",
        cases.len(),
        situations.len()
    ));
    let failures: Vec<_> = failures
        .iter()
        .map(|(case, Failure { why, .. })| format!("{case:?}: {why}"))
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
}

/// Runs the cases, so many at once. One function after the other has several in a row, as in Lambda; but one that was
/// throttled remembers it, and the next case would be slow.
fn failures_of<'a>(authority: &Arc<Authority>, cases: &[Case<'a>], at_once: usize) -> Vec<(Case<'a>, Failure)> {
    let queue = Mutex::new(cases.iter());
    let failures = Mutex::new(Vec::new());
    let work = || {
        let (mut plain, mut with_tls) = (None, None);
        while let Some(case) = { queue.lock().unwrap().next() } {
            let place = if case.needs_tls() { &mut with_tls } else { &mut plain };
            let bed = place.take().unwrap_or_else(|| case.testbed(authority));
            match case.run(&bed) {
                Ok(()) if !case.fault.is_throttling() => *place = Some(bed),
                Ok(()) => {}
                Err(failure) => failures.lock().unwrap().push((case.clone(), failure)),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once.min(cases.len()) {
            scope.spawn(work);
            thread::sleep(STAGGER);
        }
    });
    failures.into_inner().unwrap()
}
