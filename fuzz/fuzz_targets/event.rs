//! Any bytes as an event: never a panic, always an answer if there is a ResponseURL.
#![no_main]

// The function's own sources; not all of each is used here.
#[allow(dead_code, unused_imports)]
#[path = "../../src"]
mod src {
    pub mod answer;
    pub mod event;
    pub mod job_template;
    pub mod json;
    pub mod metrics;
    pub mod ownership;
    pub mod physical_id;
    pub mod plan;
    pub mod properties;
    pub mod request;
}
#[path = "../checks/event.rs"]
mod check;

use libfuzzer_sys::fuzz_target;
use src::{
    answer, event, job_template, json, metrics, ownership, physical_id, plan, properties, request,
};

fuzz_target!(|data: &[u8]| check::check(data));
