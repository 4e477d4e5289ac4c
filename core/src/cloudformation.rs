//! CloudFormation's side: what it says, and what it is told.

pub mod answer;
pub mod event;
pub mod former;
pub mod owner;
pub mod physical_id;
pub mod request;
pub mod sent;
