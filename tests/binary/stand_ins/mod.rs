//! The world around the function, for tests of the real binary: Lambda's runtime API, AWS IoT, the
//! bucket that takes the answer, and CloudFormation's requests. Everything listens on loopback
//! ports that the system chooses and is gone when dropped. Plain blocking threads, so that faults
//! can be made byte by byte and a test reads from top to bottom.
//!
//! ```ignore
//! let bed = Testbed::new();
//! bed.iot.fault(When::Nth(CreateJobTemplate, 1), Fault::ResetAfter);
//!
//! let answer = bed.send(Stack::named("fleet").create("Reboot", json!({...})));
//!
//! assert!(answer.succeeded());
//! assert_eq!(bed.iot.count(CreateJobTemplate), 2);
//! ```

mod bucket;
#[cfg(test)]
mod client;
mod event;
mod fault;
mod http;
mod iot;
mod lambda;
mod process;
mod server;
mod testbed;
mod tls;

use std::env;
use std::io::{self, Write};
use std::sync::OnceLock;

pub use bucket::{FakeBucket, ReceivedAnswer};
pub use event::{Event, Stack};
pub use fault::{Fault, When};
pub use iot::{FakeIot, Rate, StoredTemplate, TagsOfAbsent, TokenBucket};
pub use lambda::{FakeLambda, Function, Outcome};
pub use server::{Call, Operation, Server};
pub use testbed::Testbed;
pub use tls::Authority;

/// The binary under test: the one that cargo has just built, or the one that BOOTSTRAP names, such as that which is deployed.
pub fn bootstrap() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| env::var("BOOTSTRAP").unwrap_or_else(|_| env!("CARGO_BIN_EXE_bootstrap").to_owned()))
}

pub const REGION: &str = "eu-central-1";
pub const ACCOUNT: &str = "123456789012";

/// What the function is given, or sees, and must tell nobody. Every log line that passes through
/// [`FakeLambda`] and every answer that [`FakeBucket`] hands out is searched for these.
pub const ACCESS_KEY_ID: &str = "AKIDSEENNOWHERE00000";
pub const SECRET_ACCESS_KEY: &str = "secret-access-key-seen-nowhere";
pub const SESSION_TOKEN: &str = "session-token-seen-nowhere";
pub const URL_SIGNATURE: &str = "5ec7e7000000000000000000000000000000000000000000000000000000f00d";
/// For tests to put into a job document.
pub const DOCUMENT_TEXT: &str = "document-text-seen-nowhere";

/// Panics if `text` holds any of the secrets above.
pub fn assert_discreet(text: &str) {
    for secret in [
        ACCESS_KEY_ID,
        SECRET_ACCESS_KEY,
        SESSION_TOKEN,
        URL_SIGNATURE,
        DOCUMENT_TEXT,
    ] {
        assert!(!text.contains(secret), "{secret:?} was given away in: {text}");
    }
}

/// Past the test harness, which shows nothing of a test that passes.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
