//! What `Custom::IoTJobTemplate` decides. Nothing here opens a socket, reads the environment or writes a log; whoever
//! calls brings an [`iot::JobTemplates`] and an event, and gets an answer to send.
//!
//! - [`cloudformation`]: what CloudFormation says and is told: the event, the request in it, the answer; physical ids and
//!   owners.
//! - [`properties`]: the property language. Properties in; what is desired, or everything that is wrong, out.
//! - [`plan`]: a request and what was observed in, a plan out. Pure: no network, no clock.
//! - [`reconcile`]: looks, asks the plan, does it, and looks again where the outcome is unclear.
//! - [`retry`]: repeats a call until it is answered; backoff, and the pace of all calls.
//! - [`respond`]: an event in, an answer out, whatever happens in between.
//!
//! What always holds: each event has one answer, also after a panic and at the deadline; a template is touched only after
//! a look that showed it to be ours; no text made here holds a document or a credential.

#![forbid(unsafe_code)]

pub mod cloudformation;
pub mod iot;
pub mod job_template;
pub mod json;
pub mod memory;
pub mod plan;
pub mod properties;
pub mod reconcile;
pub mod respond;
pub mod retry;
