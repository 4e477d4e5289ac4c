//! Any bytes as an event.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| iot_job_template_fuzz::event(data));

#[cfg(not(fuzzing))]
fn main() {
    println!("fuzz/Cargo.toml says how to run it");
}
