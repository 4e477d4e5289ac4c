//! Gives the handler the event as it came, whatever its bytes are.
//!
//! `lambda_runtime` deserialises an event before its handler runs, ends the process over one that is not UTF-8, and
//! fails the invocation over one that is not the JSON it expects: then CloudFormation is not answered. So this layer hands
//! it the event's text as one JSON string, which always deserialises. Bytes that are not UTF-8 are replaced.

use lambda_runtime::LambdaInvocation;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

pub struct RawEventLayer;

impl<S> Layer<S> for RawEventLayer {
    type Service = RawEvent<S>;

    fn layer(&self, inner: S) -> RawEvent<S> {
        RawEvent(inner)
    }
}

pub struct RawEvent<S>(S);

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for RawEvent<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> S::Future {
        let text = String::from_utf8_lossy(&invocation.body);
        // Writing a string as JSON cannot fail.
        invocation.body = serde_json::to_vec(&text).unwrap_or_default().into();
        self.0.call(invocation)
    }
}
