//! The Lambda function of `Custom::IoTJobTemplate`, a CloudFormation custom resource that lets a stack own AWS IoT job
//! templates: everything that touches the world. What is decided is decided in `core`.

#![forbid(unsafe_code)]

pub mod aws_iot;
pub mod handler;
pub mod log;
pub mod metrics;
pub mod raw_event;
pub mod response_url;
pub mod transport;
