//! Replays the committed corpus of each fuzz target, with the target's own check. New inputs are found by
//! `cargo +nightly fuzz run TARGET`.

use iot_job_template::{answer, event, json, metrics, ownership, physical_id, properties, request};
use std::path::PathBuf;

#[path = "../fuzz/checks/event.rs"]
mod check_event;
#[path = "../fuzz/checks/properties.rs"]
mod check_properties;

fn replay(target: &str, check: impl Fn(&[u8])) {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn properties_are_read_or_refused_and_what_is_read_prints_and_reads_the_same() {
    replay("properties", check_properties::check);
}

#[test]
fn any_bytes_as_an_event_are_answered_if_they_say_where() {
    replay("event", check_event::check);
}
