"""Facts that no small probe can ask: what is expected says why not."""

from facts import MODEL, Fact

FACTS = [
    Fact(
        "no-update",
        "a template's content never changes: there is no UpdateJobTemplate",
        MODEL,
        "held by tests/e2e/test_service_model.py",
    ),
    Fact(
        "repeated-events",
        "Lambda runs an asynchronous event that failed up to two more times, and may deliver any twice",
        "Lambda developer guide",
        "nothing makes Lambda repeat one when asked",
    ),
    Fact(
        "held-back-events",
        "Lambda may hold an asynchronous event back for hours, MaximumEventAgeInSeconds if that is set",
        "Lambda developer guide",
        "it would take hours",
    ),
    Fact(
        "url-refused-for-good",
        "an answer that S3 refuses with a 4xx is refused for good; a 5xx may pass",
        "S3 API reference",
        "only a stack that waits for an hour would show it",
    ),
    Fact(
        "rights",
        "CreateJobTemplate needs iot:TagResource for tags, iam:PassRole for a role, s3:GetObject for a source",
        "AWS::IoT::JobTemplate in the registry",
        "who asks has all of them, or cannot ask the rest",
    ),
    Fact(
        "answer-size",
        "CloudFormation takes an answer of at most 4096 bytes",
        "CloudFormation user guide",
        "too large an answer leaves a stack waiting for an hour",
    ),
    Fact(
        "sns-one-record",
        "an event of SNS has one record",
        "SNS frequently asked questions",
        "an absence cannot be seen",
    ),
    Fact(
        "throttling",
        "about 10 calls a second of each operation, tag calls shared with other resources; the error is ThrottlingException",
        "Service Quotas, a dump of February 2024; " + MODEL,
        "it would throttle the account that is asked",
    ),
    Fact(
        "call-outcome-unknown",
        "a call that got no answer, or a 500, may have been carried out",
        "assumed of every service",
        "nothing makes the service fail when asked",
    ),
]
