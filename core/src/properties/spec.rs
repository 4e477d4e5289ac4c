//! The property language as a table: every member, its bounds, and what it is for.
//!
//! The parser, the JSON schema and the property reference all read this one table. The bounds are those of the service's
//! published model (API version 2015-05-28); where IoT was measured to refuse more, the member says so.

use super::kinds::{
    Attribute, Class, DecimalBound, Kind, ListSpec, MAX_INTEGER, MapSpec, Member, NO_MAX, Others, PLAIN, Rule, choice,
    default, integer, list, optional, required, shorthand, text,
};

/// The properties of a `Custom::IoTJobTemplate`.
pub static PROPERTIES: MapSpec = MapSpec {
    name: "CreateJobTemplateRequest",
    rule: Rule::Properties,
    others: &OTHERS,
    members: &[
        default(
            "named after the stack and the resource",
            "JobTemplateId",
            text(1, 64, Class::Id),
            "The template's id.",
        ),
        required(
            "Description",
            text(1, 2028, Class::NoControl),
            "What the template is for.",
        ),
        default(
            "`{}`, where there is no DocumentSource or JobArn either",
            "Document",
            Kind::Document { max: 32768 },
            "The job document: JSON text, sent byte for byte; or a map or list where no leaf could have been anything but text, sent with its keys sorted.",
        ),
        optional(
            "DocumentSource",
            text(1, 1350, Class::Any),
            "An S3 URL of the job document. IoT reads it once, when the template is created.",
        ),
        optional(
            "JobArn",
            text(1, NO_MAX, Class::Any),
            "The job to take the template from.",
        ),
        optional(
            "TimeoutConfig",
            Kind::Map(&TIMEOUT_CONFIG),
            "How long a device may take.",
        ),
        optional(
            "JobExecutionsRolloutConfig",
            Kind::Map(&ROLLOUT_CONFIG),
            "How fast a job reaches devices.",
        ),
        optional(
            "JobExecutionsRetryConfig",
            Kind::Map(&RETRY_CONFIG),
            "How often a failed execution is tried again.",
        ),
        optional("AbortConfig", Kind::Map(&ABORT_CONFIG), "When a job is given up."),
        optional(
            "PresignedUrlConfig",
            Kind::Map(&PRESIGNED_URL_CONFIG),
            "How placeholders for S3 objects in the document are presigned.",
        ),
        optional(
            "MaintenanceWindows",
            list(&Kind::Map(&MAINTENANCE_WINDOW), 0, NO_MAX),
            "When a continuous job may roll out.",
        ),
        optional(
            "DestinationPackageVersions",
            list(&text(1, 1600, Class::Arn), 0, NO_MAX),
            "The package versions that a successful job leaves on the device.",
        ),
        optional(
            "Tags",
            Kind::Tags,
            "The template's tags: a list of Key/Value pairs, or a map.",
        ),
        optional(
            "Revision",
            Kind::Scalar,
            "Of your own choosing: a change to it makes the template anew, so that DocumentSource is read again.",
        ),
        default(
            "`false`",
            "Adopt",
            text(1, 2048, Class::Adopt),
            "Which template that is not this resource's it takes over, where that is just as declared: `true` one that no \
             stack owns, or one of the owner named.",
        ),
        optional(
            "ServiceToken",
            Kind::Ignored,
            "CloudFormation's: the ARN of this provider's function.",
        ),
        optional(
            "ServiceTimeout",
            Kind::Ignored,
            "CloudFormation's: how long it waits for an answer, in seconds. The function is done by then.",
        ),
    ],
    ..PLAIN
};

/// What people paste from CreateJob, and from what IoT shows of a template or a job.
static OTHERS: [Others; 3] = [
    Others {
        keys: &[
            "TargetSelection",
            "Targets",
            "JobId",
            "NamespaceId",
            "DocumentParameters",
        ],
        hint: "it belongs to a job, not to its template: drop it",
    },
    Others {
        keys: &["SchedulingConfig"],
        hint: "it belongs to a job, not to its template: drop it; its windows are MaintenanceWindows here",
    },
    Others {
        keys: &["JobTemplateArn", "Arn", "CreatedAt", "LastUpdatedAt", "CompletedAt"],
        hint: "it is what IoT reports: drop it",
    },
];

static TIMEOUT_CONFIG: MapSpec = MapSpec {
    name: "TimeoutConfig",
    members: &[optional(
        "InProgressTimeoutInMinutes",
        // The model has no bounds; the service was measured to refuse anything else.
        integer(1, 10080),
        "Minutes that an execution may be in progress.",
    )],
    ..PLAIN
};

static ROLLOUT_CONFIG: MapSpec = MapSpec {
    name: "JobExecutionsRolloutConfig",
    rule: Rule::Rollout,
    members: &[
        optional(
            "MaximumPerMinute",
            integer(1, MAX_INTEGER),
            "The most devices told of the job in a minute.",
        ),
        Member {
            also: &["ExponentialRate"],
            // Measured.
            needs: Some("MaximumPerMinute"),
            ..optional(
                "ExponentialRolloutRate",
                Kind::Map(&EXPONENTIAL_ROLLOUT_RATE),
                "A rate that grows as devices succeed.",
            )
        },
        Member {
            needs: Some("MaximumPerMinute"),
            ..shorthand(
                "ExponentialRolloutRate",
                "MinimumPerMinute",
                integer(1, MAX_INTEGER),
                "The rate to begin with. It grows to the maximum.",
            )
        },
    ],
    ..PLAIN
};

static EXPONENTIAL_ROLLOUT_RATE: MapSpec = MapSpec {
    name: "ExponentialRolloutRate",
    members: &[
        required(
            "BaseRatePerMinute",
            integer(1, 1000),
            "Devices told of the job in a minute, to begin with.",
        ),
        required(
            "IncrementFactor",
            Kind::Decimal {
                bound: DecimalBound::Between(1.1, 5.0),
            },
            "What the rate is multiplied by.",
        ),
        required(
            "RateIncreaseCriteria",
            Kind::Map(&RATE_INCREASE_CRITERIA),
            "When it is.",
        ),
    ],
    ..PLAIN
};

static RATE_INCREASE_CRITERIA: MapSpec = MapSpec {
    name: "RateIncreaseCriteria",
    // Measured. Whether IoT takes neither is not known, so that is left to it.
    one_only: true,
    members: &[
        optional(
            "NumberOfNotifiedThings",
            integer(1, MAX_INTEGER),
            "After so many devices were told of the job.",
        ),
        optional(
            "NumberOfSucceededThings",
            integer(1, MAX_INTEGER),
            "After so many devices succeeded.",
        ),
    ],
    ..PLAIN
};

static RETRY_CONFIG: MapSpec = MapSpec {
    name: "JobExecutionsRetryConfig",
    rule: Rule::Retry,
    members: &[
        Member {
            also: &["CriteriaList"],
            ..required(
                "RetryCriteriaList",
                list(&Kind::Map(&RETRY_CRITERIA), 1, 2),
                "One criterion for each type of failure.",
            )
        },
        shorthand(
            "RetryCriteriaList",
            "RetryAttempts",
            integer(0, 10),
            "How often an execution is tried again, whatever its failure.",
        ),
    ],
    ..PLAIN
};

static RETRY_CRITERIA: MapSpec = MapSpec {
    name: "RetryCriteria",
    members: &[
        required(
            "FailureType",
            choice(&["FAILED", "TIMED_OUT", "ALL"]),
            "The failures that it is about.",
        ),
        required(
            "NumberOfRetries",
            integer(0, 10),
            "How often an execution is tried again.",
        ),
    ],
    ..PLAIN
};

static ABORT_CONFIG: MapSpec = MapSpec {
    name: "AbortConfig",
    members: &[required(
        "CriteriaList",
        Kind::List(ListSpec {
            of: &Kind::Map(&ABORT_CRITERIA),
            min: 1,
            max: NO_MAX,
            // Measured.
            distinct: Some("FailureType"),
        }),
        "One criterion for each type of failure.",
    )],
    ..PLAIN
};

static ABORT_CRITERIA: MapSpec = MapSpec {
    name: "AbortCriteria",
    rule: Rule::AbortCriteria,
    members: &[
        required(
            "FailureType",
            choice(&["FAILED", "REJECTED", "TIMED_OUT", "ALL"]),
            "The failures that count.",
        ),
        required(
            "Action",
            Kind::Choice {
                of: &["CANCEL"],
                also: &["ABORT"],
            },
            "What is done: the job is cancelled. ABORT is shorthand for CANCEL.",
        ),
        default(
            "0.01, the least that IoT takes",
            "ThresholdPercentage",
            Kind::Decimal {
                bound: DecimalBound::Percentage(100.0),
            },
            "The share of executions that must have failed, in percent.",
        ),
        default(
            "1",
            "MinNumberOfExecutedThings",
            integer(1, MAX_INTEGER),
            "The executions that must be over before the share counts.",
        ),
    ],
    ..PLAIN
};

static PRESIGNED_URL_CONFIG: MapSpec = MapSpec {
    name: "PresignedUrlConfig",
    members: &[
        optional(
            "RoleArn",
            text(20, 2048, Class::Any),
            "The role that may read the objects. A Document with a placeholder `${aws:iot:s3-presigned-url:…}` or \
             `${aws:iot:s3-presigned-url-v2:…}` needs one.",
        ),
        optional(
            "ExpiresInSec",
            integer(60, 3600),
            "Seconds that a presigned URL is good for.",
        ),
    ],
    ..PLAIN
};

static MAINTENANCE_WINDOW: MapSpec = MapSpec {
    name: "MaintenanceWindow",
    rule: Rule::MaintenanceWindow,
    members: &[
        required(
            "StartTime",
            text(1, 256, Class::Any),
            "`cron(minutes hours day-of-month month day-of-week year)` in UTC; or, as shorthand, one RFC 3339 moment.",
        ),
        required("DurationInMinutes", integer(1, 1430), "How long the window is open."),
        shorthand(
            "DurationInMinutes",
            "EndTime",
            text(1, 256, Class::Any),
            "An RFC 3339 moment, counted from a StartTime that is one too.",
        ),
    ],
    ..PLAIN
};

pub static ATTRIBUTES: [Attribute; 2] = [
    Attribute {
        name: "Arn",
        about: "The template's ARN.",
    },
    Attribute {
        name: "JobTemplateId",
        about: "The template's id.",
    },
];

/// The members of a tag in a list of tags.
pub static TAG: MapSpec = MapSpec {
    name: "Tag",
    members: &[
        required("Key", TAG_KEY, "The tag's name."),
        default("the empty text", "Value", TAG_VALUE, "The tag's value."),
    ],
    ..PLAIN
};

pub const TAG_KEY: Kind = text(1, 128, Class::TagKey);
pub const TAG_VALUE: Kind = text(0, 256, Class::Any);

/// IoT's limit of 50 tags on a resource (measured), less the three that this provider sets on each.
pub const MAX_TAGS: usize = 47;
