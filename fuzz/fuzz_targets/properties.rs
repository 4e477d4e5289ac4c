//! Properties in, what is wanted or problems out.
#![no_main]

// The function's own sources; not all of each is used here.
#[allow(dead_code, unused_imports)]
#[path = "../../src"]
mod src {
    pub mod job_template;
    pub mod json;
    pub mod ownership;
    pub mod properties;
}
#[path = "../checks/properties.rs"]
mod check;

use libfuzzer_sys::fuzz_target;
use src::{job_template, json, ownership, properties};

fuzz_target!(|data: &[u8]| check::check(data));
