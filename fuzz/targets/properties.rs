//! Any bytes as properties.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| iot_job_template_fuzz::properties(data));

#[cfg(not(fuzzing))]
fn main() {
    println!("fuzz/Cargo.toml says how to run it");
}
