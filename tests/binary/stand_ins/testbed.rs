//! A function and all that it talks to, with nothing wrong anywhere until a test says so.

use std::{sync::Arc, time::Duration};

use super::{Authority, Event, FakeBucket, FakeIot, FakeLambda, Function, Operation, ReceivedAnswer, bootstrap};

/// IoT and the response bucket, both over TLS, and an execution environment of the function under test.
pub struct Testbed {
    pub iot: FakeIot,
    pub bucket: FakeBucket,
    pub lambda: FakeLambda,
    pub authority: Arc<Authority>,
}

impl Testbed {
    pub fn new() -> Testbed {
        Testbed::with(|function| function)
    }

    /// With the function configured like that.
    pub fn with(configured: impl FnOnce(Function) -> Function) -> Testbed {
        Testbed::of(&Arc::new(Authority::new()), configured)
    }

    /// Many can have one authority, which takes some time to make.
    pub fn of(authority: &Arc<Authority>, configured: impl FnOnce(Function) -> Function) -> Testbed {
        Self::between(
            FakeIot::https(authority),
            FakeBucket::https(authority),
            authority,
            configured,
        )
    }

    /// With plain HTTP, which is less work; faults of TLS need TLS.
    pub fn plain(authority: &Arc<Authority>) -> Testbed {
        Self::between(FakeIot::http(), FakeBucket::http(), authority, |function| function)
    }

    fn between(
        iot: FakeIot,
        bucket: FakeBucket,
        authority: &Arc<Authority>,
        configured: impl FnOnce(Function) -> Function,
    ) -> Testbed {
        let function = configured(function(&iot, authority));
        Testbed {
            lambda: FakeLambda::new(function),
            bucket,
            iot,
            authority: authority.clone(),
        }
    }

    /// The function, for one more execution environment beside `lambda`.
    pub fn function(&self) -> Function {
        function(&self.iot, &self.authority)
    }

    /// Forgets IoT's faults and calls. Nothing that was sent to it before arrives any more. The process goes on, if one
    /// runs, and so does its connection to the bucket.
    pub fn start_anew(&self) {
        self.iot.start_anew();
    }

    /// Has the event handled, which takes far less than the time that there is for it. Gives the only answer.
    pub fn send(&self, event: Event) -> ReceivedAnswer {
        self.send_to(&self.lambda, event, Duration::from_secs(20))
    }

    /// The same, for one that waits for part of the time that there is.
    pub fn send_soon(&self, event: Event) -> ReceivedAnswer {
        self.send_to(&self.lambda, event, Duration::from_secs(5))
    }

    pub fn send_to(&self, lambda: &FakeLambda, event: Event, deadline: Duration) -> ReceivedAnswer {
        let event = event.answered_at(&self.bucket);
        let invocation = lambda.invoke(&event, deadline);
        assert!(invocation.responded(), "{invocation:?}");
        self.bucket.only_answer(&event)
    }

    /// IoT's operations since this was last asked.
    pub fn calls(&self) -> Vec<Operation> {
        let calls = self.iot.operations();
        self.iot.forget_calls();
        calls
    }
}

fn function(iot: &FakeIot, authority: &Authority) -> Function {
    Function::new(bootstrap()).calling(iot).trusting(authority)
}
