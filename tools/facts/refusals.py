"""What CreateJobTemplate refuses, and what it takes that might be refused."""

from facts import MINISTACK, OPEN, PREFLIGHT, Fact
from facts.templates import ACCEPTED, abort, create, numbered_tags, rollout

# Refusals that are found before anything is deleted for them, so their conditions have to be the service's; and messages
# that the errors of this provider lead readers to.
FACTS = [
    Fact(name, says, source, expected, measured, create(**members))
    for name, says, source, expected, measured, members in [
        (
            "no-document",
            "one of document, source and job is needed",
            "IoT developer guide",
            "InvalidRequestException: Neither job document nor job document source is specified.",
            MINISTACK,
            {"document": None},
        ),
        (
            "document-and-source",
            "a document and a source exclude each other",
            "IoT developer guide",
            "InvalidRequestException: Job document and job document source cannot be specified at the same time.",
            MINISTACK,
            {"documentSource": "https://s3.amazonaws.com/no-such-bucket-of-facts/document.json"},
        ),
        (
            "document-not-json",
            "a document is JSON",
            "MiniStack, cdk-preflight",
            "InvalidRequestException: Job document located at request input is an invalid JSON document.",
            f"{MINISTACK}; {PREFLIGHT}",
            {"document": "{,}"},
        ),
        (
            "document-1001-deep",
            "a document is nested 1000 deep at most",
            "MiniStack",
            "InvalidRequestException: Job document located at request input is an invalid JSON document.",
            MINISTACK,
            {"document": "[" * 1001 + "]" * 1001},
        ),
        ("document-1000-deep", "and may be nested 1000 deep", "MiniStack", ACCEPTED, "", {"document": "[" * 1000 + "]" * 1000}),
        (
            "placeholder-without-role",
            "a placeholder for a presigned URL needs a role",
            "MiniStack",
            "InvalidRequestException: Role must be provided for pre-sign S3 urls in job document of job ID.",
            MINISTACK,
            {"document": '{"url":"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/b/k}"}'},
        ),
        (
            "placeholder-v2-without-role",
            "so does its form of today",
            "MiniStack",
            "InvalidRequestException: presignedUrlConfig role ARN is required to generate an S3 presigned url in job document.",
            "",
            {"document": '{"url":"${aws:iot:s3-presigned-url-v2:https://b.s3.amazonaws.com/k}"}'},
        ),
        *(
            (
                f"timeout-{minutes}",
                "a timeout is 1 to 10080 minutes",
                "IoT developer guide",
                f"InvalidRequestException: Provide valid timeout value, inProgressTimeoutInMinutes cannot be {minutes}.",
                MINISTACK,
                {"timeoutConfig": {"inProgressTimeoutInMinutes": minutes}},
            )
            for minutes in (0, 10081)
        ),
        (
            "abort-type-twice",
            "abort criteria have each failure type once",
            "MiniStack",
            "InvalidRequestException: Multiple AbortCriteria cannot have the same failure type",
            MINISTACK,
            {"abortConfig": {"criteriaList": [abort(10.0), abort(20.0)]}},
        ),
        (
            "abort-threshold-0",
            "an abort threshold is over 0",
            "MiniStack, cdk-preflight",
            "InvalidRequestException: ThresholdPercentage value 0.0 for AbortCriteria must have value greater than 0",
            f"{MINISTACK}; {PREFLIGHT}",
            {"abortConfig": {"criteriaList": [abort(0.0)]}},
        ),
        (
            "abort-threshold-decimals",
            "and has two decimals at most",
            "MiniStack",
            "InvalidRequestException: Abort thresholdPercentage must have two or less decimal digits",
            MINISTACK,
            {"abortConfig": {"criteriaList": [abort(12.345)]}},
        ),
        (
            "abort-threshold-least",
            "0.01 is the least of thresholds, for which ours left out stands",
            "the two above",
            ACCEPTED,
            "",
            {"abortConfig": {"criteriaList": [abort(0.01)]}},
        ),
        (
            "rollout-both-counts",
            "RateIncreaseCriteria takes one of its two counts",
            "cdk-preflight",
            "InvalidRequestException: Provide only one of NumberOfNotifiedThings or NumberOfSucceededThings when "
            "RateIncreaseCriteria is defined",
            PREFLIGHT,
            {"jobExecutionsRolloutConfig": rollout(criteria=("numberOfNotifiedThings", "numberOfSucceededThings"))},
        ),
        (
            "rollout-without-maximum",
            "an exponential rate needs a maximum",
            "cdk-preflight",
            "InvalidRequestException: Provide MaximumPerMinute value when ExponentialRate is defined",
            PREFLIGHT,
            {"jobExecutionsRolloutConfig": rollout(maximum=None)},
        ),
        (
            "tag-aws",
            "a tag's key does not begin with aws:",
            "MiniStack",
            'InvalidRequestException: Tags cannot begin with "aws:", offending tag: aws:team',
            MINISTACK,
            {"tags": [{"Key": "aws:team", "Value": ""}]},
        ),
        (
            "tags-51",
            "a template has 50 tags at most",
            "MiniStack",
            "InvalidRequestException: Too many tags provided in the request. Please check the input.",
            MINISTACK,
            {"tags": numbered_tags(51)},
        ),
        ("tags-50", "and may have 50", "MiniStack", ACCEPTED, "", {"tags": numbered_tags(50)}),
        (
            "window-cron",
            "a window's start is a cron expression of six fields",
            "examples of AWS; no text that says so was found",
            ACCEPTED,
            "",
            {"maintenanceWindows": [{"startTime": "cron(0 18 ? * MON *)", "durationInMinutes": 60}]},
        ),
        (
            "window-in-the-past",
            "and may be a single moment in the past, which our shorthand can become",
            "assumed",
            ACCEPTED,
            "",
            {"maintenanceWindows": [{"startTime": "cron(0 0 1 10 ? 2023)", "durationInMinutes": 120}]},
        ),
        (
            "rollout-base-over-maximum",
            "a base rate over the maximum; left to IoT",
            "seen of UpdateJob",
            OPEN,
            "",
            {"jobExecutionsRolloutConfig": rollout(maximum=2)},
        ),
        (
            "rollout-neither-count",
            "neither count; left to IoT",
            "seen of UpdateJob",
            OPEN,
            "",
            {"jobExecutionsRolloutConfig": rollout(criteria=())},
        ),
        (
            "rollout-maximum-1001",
            "a maximum over 1000, the documented bound; left to IoT",
            "API reference",
            OPEN,
            "",
            {"jobExecutionsRolloutConfig": {"maximumPerMinute": 1001}},
        ),
        (
            "retry-all-beside-another",
            "retry type ALL beside another; left to IoT",
            "seen of UpdateJob",
            OPEN,
            "",
            {
                "jobExecutionsRetryConfig": {
                    "criteriaList": [{"failureType": t, "numberOfRetries": 1} for t in ("ALL", "FAILED")]
                }
            },
        ),
        (
            "role-malformed",
            "a role that is no ARN; left to IoT",
            "seen of UpdateJob",
            OPEN,
            "",
            {"presignedUrlConfig": {"roleArn": "no-arn-but-long-enough", "expiresInSec": 60}},
        ),
    ]
]
