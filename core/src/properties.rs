//! The property language: what people write under `Properties`, read into the template that they want, or into all that
//! is wrong with it at once.
//!
//! One rule above all: never stricter than the service, never silently different from what was written.
//!
//! - [`spec`]: the table of all members, made of what [`kinds`] has. Both know nothing of how it is read.
//! - `read`: maps and lists by that table; with `scalars`, `document` and `tags` for what is in them.
//! - `shorthand`: what is done with a map's members (`fields`) once they are read.
//!
//! `tools/generate` writes the schema and the reference out of the same table.

mod document;
mod fields;
#[cfg(any(test, feature = "generators"))]
pub mod generators;
pub mod kinds;
#[cfg(test)]
mod laws;
mod read;
mod report;
mod scalars;
mod shorthand;
pub mod spec;
mod tags;
#[cfg(test)]
mod tests;

pub use report::Finding;

use crate::job_template::Desired;
use crate::json::Json;

/// Properties that were read without a problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Properties {
    pub desired: Desired,
    /// Each shorthand used, and what it became.
    pub warnings: Vec<Finding>,
}

/// Reads properties.
///
/// # Errors
/// Every problem, in the order of what was written, each with its path, what was written and what is accepted. Nothing
/// of a document's content is in them.
pub fn read(json: &Json) -> Result<Properties, Vec<Finding>> {
    let mut report = report::Report::default();
    let value = read::read_properties(&spec::PROPERTIES, json, &mut report);
    match value.map(serde_json::from_value::<Desired>) {
        Some(Ok(desired)) => Ok(Properties {
            desired,
            warnings: report.warnings,
        }),
        // The table and the types agree; a test holds them to it. Should they ever not, that is said, not panicked.
        Some(Err(error)) => Err(vec![Finding {
            path: String::new(),
            text: format!("could not be taken over, which is an internal error in this provider: {error}"),
        }]),
        None => Err(report.problems),
    }
}
