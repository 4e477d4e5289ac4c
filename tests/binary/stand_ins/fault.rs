//! What can go wrong on the way to a service and back, and when it shall.

use std::{fmt, sync::Arc, time::Duration};

use serde_json::json;

use super::{
    http::Response,
    server::{Call, Operation},
};

/// Something to do while a call is under way.
pub type Action = Arc<dyn Fn() + Send + Sync>;

/// A fault says in its documentation whether the call is *done*, that is whether the service
/// carries it out although the client may not learn of it.
#[derive(Clone)]
pub enum Fault {
    /// Nothing listens, from the answer to the call before this one and for that long. What is
    /// refused counts as no call. Not done.
    Refused { lasting: Duration },
    /// The TLS handshake ends in an alert. What fails so counts as no call. Not done.
    TlsFailure,
    /// The connection is reset as soon as the request is there. Not done.
    ResetBefore,
    /// Done, then the connection is reset instead of an answer.
    ResetAfter,
    /// An error answer; see [`Fault::refusal`] and its neighbours.
    Refusal(Refusal),
    /// Done, and half of the answer's body arrives before the connection closes.
    CutShort,
    /// Done, and the answer is a 200 whose body makes no sense.
    Garbage,
    /// No answer for as long as the client stays.
    Silence { done: bool },
    /// Done, and the answer comes at one byte a second.
    Trickle,
    /// Done, and answered after so long.
    Slow(Duration),
    /// The action kills the function before the call is carried out. Not done.
    KillBefore(Action),
    /// Done, then the action kills the function before it has the answer.
    KillAfter(Action),
    /// Somebody else does something just before the call, which then goes as if nothing was.
    Meanwhile(Action),
}

#[derive(Clone, Debug)]
pub struct Refusal {
    status: u16,
    code: String,
    message: String,
    retry_after: Option<u64>,
    done: bool,
}

impl Fault {
    /// An error as IoT writes it, with any code. Not done.
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        Self::Refusal(Refusal {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            retry_after: None,
            done: false,
        })
    }

    /// 429. Not done.
    pub fn throttled() -> Self {
        Self::refusal(429, "ThrottlingException", "Rate exceeded")
    }

    /// 500. Not done, unless [`but_done`](Self::but_done).
    pub fn internal_failure() -> Self {
        Self::refusal(500, "InternalFailureException", "An unexpected error has occurred.")
    }

    /// 503. Not done, unless [`but_done`](Self::but_done).
    pub fn unavailable() -> Self {
        Self::refusal(503, "ServiceUnavailableException", "The service is unavailable.")
    }

    /// The error answer asks to come back after so many seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        let mut refusal = self.expect_refusal();
        refusal.retry_after = Some(seconds);
        Self::Refusal(refusal)
    }

    /// The error answer belies it: the call is done.
    pub fn but_done(self) -> Self {
        let mut refusal = self.expect_refusal();
        refusal.done = true;
        Self::Refusal(refusal)
    }

    fn expect_refusal(self) -> Refusal {
        match self {
            Self::Refusal(refusal) => refusal,
            other => panic!("{other:?} is no error answer"),
        }
    }

    pub fn is_throttling(&self) -> bool {
        matches!(self, Self::Refusal(refusal) if refusal.status == 429)
    }

    /// Whether the fault strikes before the server can know what is called.
    pub(super) fn strikes_connections(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::TlsFailure)
    }

    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::ResetAfter
            | Self::CutShort
            | Self::Garbage
            | Self::Silence { done: true }
            | Self::Trickle
            | Self::Slow(_)
            | Self::KillAfter(_)
            | Self::Meanwhile(_) => true,
            Self::Refusal(refusal) => refusal.done,
            Self::Refused { .. }
            | Self::TlsFailure
            | Self::ResetBefore
            | Self::Silence { done: false }
            | Self::KillBefore(_) => false,
        }
    }
}

impl Refusal {
    pub(super) fn response(&self) -> Response {
        let response = error(self.status, &self.code, &self.message);
        match self.retry_after {
            Some(seconds) => response.header("retry-after", seconds),
            None => response,
        }
    }
}

/// An error as IoT writes it: the code in a header and, for clients that look there, in the body.
pub(super) fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({"message": message, "__type": code})).header("x-amzn-errortype", code)
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { lasting } => write!(f, "Refused for {lasting:?}"),
            Self::TlsFailure => write!(f, "TlsFailure"),
            Self::ResetBefore => write!(f, "ResetBefore"),
            Self::ResetAfter => write!(f, "ResetAfter"),
            Self::Refusal(r) => write!(f, "{r:?}"),
            Self::CutShort => write!(f, "CutShort"),
            Self::Garbage => write!(f, "Garbage"),
            Self::Silence { done } => write!(f, "Silence, done: {done}"),
            Self::Trickle => write!(f, "Trickle"),
            Self::Slow(delay) => write!(f, "Slow by {delay:?}"),
            Self::KillBefore(_) => write!(f, "KillBefore"),
            Self::KillAfter(_) => write!(f, "KillAfter"),
            Self::Meanwhile(_) => write!(f, "Meanwhile"),
        }
    }
}

/// Which calls a fault meets. Calls count from 1, in the order of their arrival, whatever became
/// of them; [`Server::forget_calls`](super::Server::forget_calls) starts anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    Always,
    /// The nth call of all.
    Call(usize),
    /// The nth call of this operation.
    Nth(Operation, usize),
    /// Every call of this operation.
    Every(Operation),
}

type Choice = Box<dyn Fn(&Call) -> Option<Fault> + Send>;

pub(super) enum Rule {
    At(When, Fault),
    By(Choice),
}

impl Rule {
    /// The fault for this call, the `nth` of its operation.
    pub(super) fn fault_for(&self, call: &Call, nth: usize) -> Option<Fault> {
        let (when, fault) = match self {
            Self::At(when, fault) => (*when, fault),
            Self::By(choose) => {
                let fault = choose(call);
                let late = fault.as_ref().is_some_and(Fault::strikes_connections);
                assert!(!late, "{fault:?} strikes before there is a call to choose it for");
                return fault;
            }
        };
        let hit = match when {
            When::Always => true,
            When::Call(number) => number == call.number,
            When::Nth(operation, n) => operation == call.operation && n == nth,
            When::Every(operation) => operation == call.operation,
        };
        // One that strikes connections has struck already, or the call would not be here.
        (hit && !fault.strikes_connections()).then(|| fault.clone())
    }

    /// The fault to strike connections with while call `number` is the next to come.
    pub(super) fn connection_fault(&self, number: usize) -> Option<&Fault> {
        match self {
            Self::At(When::Always, fault) if fault.strikes_connections() => Some(fault),
            Self::At(When::Call(n), fault) if *n == number && fault.strikes_connections() => Some(fault),
            _ => None,
        }
    }
}
