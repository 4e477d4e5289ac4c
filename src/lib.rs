//! A CloudFormation custom resource, `Custom::IoTJobTemplate`, that lets a stack own AWS IoT job templates.

pub mod answer;
pub mod backoff;
pub mod event;
pub mod handler;
pub mod iot;
pub mod job_template;
pub mod json;
pub mod log;
pub mod metrics;
pub mod ownership;
pub mod physical_id;
pub mod plan;
pub mod properties;
pub mod raw_event;
pub mod reconcile;
pub mod request;
pub mod response_url;
pub mod transport;
