//! What can happen to one call, or around it.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// IoT refuses it, for a reason of its own such as a limit: this one try, or every one of this operation until the
    /// faults are over. Not done.
    Refused {
        lasting: bool,
    },
    /// The role may not do this, or nothing at all, for so many seconds.
    Denied {
        all: bool,
        seconds: u64,
    },
    /// All calls of this operation get 500 until the faults are over. Not done.
    Down,
    Throttled,
    NotSent,
    /// 500.
    Failed {
        done: bool,
    },
    /// The connection breaks.
    AnswerLost {
        done: bool,
    },
    /// The connection breaks, and IoT carries the call out so many seconds later.
    Later {
        seconds: u64,
    },
    Slow,
    Hangs {
        done: bool,
    },
    /// This call and all after it are throttled until the invocation ends.
    Outage,
    /// Lambda kills the function.
    Killed {
        done: bool,
    },
    /// Of a create, or of a change of tags: IoT shows the tags so many seconds later only.
    ShownLate {
        seconds: u64,
    },
    /// Of a delete: the id is in use for another two seconds, and the template is shown for as long, or is not.
    Lingers {
        shown: bool,
    },
    /// A stranger does this just before the call is carried out.
    Before(Deed),
    /// A stranger does this just after it.
    After(Deed),
}

/// What somebody does to the very template that a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Delete,
    /// A person makes a template there, in place of what there is. Not under a generated id, which nobody would choose.
    Make,
    /// The same, and it carries another stack's tags.
    MakeForAStack,
    /// All tags go.
    Strip,
}

/// For good: until the faults are over.
pub const FOR_GOOD: u64 = 1_000_000;

/// The longest that a permission may be missing without a request failing for it: "asked for again for up to thirty seconds",
/// with pauses.
const IAM_SETTLES: Duration = Duration::from_secs(20);

impl Mishap {
    /// Whether a request may fail for it. Of the others one passes, or the next attempt succeeds. `denied` is for how long
    /// something was denied before it.
    pub fn is_an_excuse(self, denied: Duration) -> bool {
        match self {
            Mishap::Refused { .. } | Mishap::Down | Mishap::Hangs { .. } | Mishap::Outage | Mishap::Killed { .. } => {
                true
            }
            // A create that is carried out once its template was looked for in vain and made.
            Mishap::Later { .. } => true,
            Mishap::Denied { seconds, .. } => denied + self::seconds(seconds) > IAM_SETTLES,
            Mishap::ShownLate { .. } | Mishap::Before(_) | Mishap::After(_) => true,
            Mishap::Throttled
            | Mishap::NotSent
            | Mishap::Failed { .. }
            | Mishap::AnswerLost { .. }
            | Mishap::Slow
            | Mishap::Lingers { .. } => false,
        }
    }
}

/// What the small world lets happen to a call of this operation.
pub fn menu(operation: &str) -> impl Iterator<Item = Mishap> {
    let menus: &[&[Mishap]] = match operation {
        "CreateJobTemplate" => &[&CHANGE, &CREATE],
        "DeleteJobTemplate" => &[&CHANGE, &DELETE],
        "TagResource" | "UntagResource" => &[&CHANGE, &TAG],
        _ => &[&LOOK],
    };
    menus.iter().copied().flatten().copied()
}

const LOOK: [Mishap; 12] = [
    Mishap::Down,
    Mishap::Throttled,
    Mishap::Failed { done: false },
    Mishap::Killed { done: false },
    Mishap::Hangs { done: false },
    Mishap::Refused { lasting: false },
    Mishap::Refused { lasting: true },
    Mishap::Denied { all: true, seconds: 5 },
    Mishap::Denied {
        all: false,
        seconds: FOR_GOOD,
    },
    Mishap::Before(Deed::Delete),
    Mishap::Before(Deed::Make),
    Mishap::Before(Deed::Strip),
];

/// What can happen to any call that changes something.
const CHANGE: [Mishap; 12] = [
    Mishap::Throttled,
    Mishap::Failed { done: false },
    Mishap::Failed { done: true },
    Mishap::Killed { done: false },
    Mishap::Killed { done: true },
    Mishap::Hangs { done: false },
    Mishap::Hangs { done: true },
    Mishap::Later { seconds: 3 },
    Mishap::Later { seconds: 90 },
    Mishap::Refused { lasting: false },
    Mishap::Refused { lasting: true },
    Mishap::Denied { all: true, seconds: 5 },
];

const DELETE: [Mishap; 8] = [
    Mishap::Denied {
        all: false,
        seconds: FOR_GOOD,
    },
    Mishap::Before(Deed::Delete),
    Mishap::Before(Deed::Make),
    Mishap::Before(Deed::Strip),
    Mishap::After(Deed::Make),
    Mishap::After(Deed::MakeForAStack),
    Mishap::Lingers { shown: true },
    Mishap::Lingers { shown: false },
];

const CREATE: [Mishap; 6] = [
    Mishap::Later { seconds: 8 },
    Mishap::Denied {
        all: true,
        seconds: FOR_GOOD,
    },
    Mishap::ShownLate { seconds: 4 },
    Mishap::Before(Deed::Make),
    Mishap::Before(Deed::MakeForAStack),
    Mishap::After(Deed::Delete),
];

const TAG: [Mishap; 5] = [
    Mishap::Denied {
        all: false,
        seconds: FOR_GOOD,
    },
    Mishap::ShownLate { seconds: 4 },
    Mishap::Before(Deed::Delete),
    Mishap::Before(Deed::Make),
    Mishap::Before(Deed::Strip),
];

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
