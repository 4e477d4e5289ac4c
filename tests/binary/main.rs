//! The function's own binary, in a world of stand-ins for Lambda's runtime API, AWS IoT and the response bucket.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod answers;
mod documentation;
mod faults;
mod histories;
mod init;
mod instructions;
mod load;
mod requests;
mod situations;
mod stand_ins;
