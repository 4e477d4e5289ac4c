"""Job templates for probes to make."""

import botocore.exceptions

from facts import refusal

ACCEPTED = "accepted"


class Templates:
    """Job templates of one probe. Members are the API's; a description and a document come along unless they are given."""

    def __init__(self, account):
        self.account = account
        self.iot = account.client("iot")
        self.id = account.prefix

    def create(self, suffix="", **members):
        template_id = self.id + suffix
        self.account.afterwards(f"job template {template_id}", self.iot.delete_job_template, jobTemplateId=template_id)
        given = {"description": "A fact on trial", "document": "{}"} | members
        given = {member: value for member, value in given.items() if value is not None}
        return self.iot.create_job_template(jobTemplateId=template_id, **given)["jobTemplateArn"]

    def describe(self, suffix=""):
        described = self.iot.describe_job_template(jobTemplateId=self.id + suffix)
        del described["ResponseMetadata"]
        return described

    def tags(self, arn):
        pages = self.iot.get_paginator("list_tags_for_resource").paginate(resourceArn=arn)
        return {tag["Key"]: tag.get("Value") for page in pages for tag in page["tags"]}

    def absent_arn(self):
        arn = self.create()
        self.iot.delete_job_template(jobTemplateId=self.id)
        return arn

    def outcome(self, call, *arguments, **members):
        """Accepted, or the refusal."""
        try:
            call(*arguments, **members)
        except botocore.exceptions.ClientError as error:
            return refusal(error, self.account)
        return ACCEPTED


def create(**members):
    """Asks for a template with these members."""

    def probe(account):
        templates = Templates(account)
        return templates.outcome(templates.create, **members)

    return probe


def rollout(maximum=50, criteria=("numberOfSucceededThings",)):
    """With an exponential rate, and no maximum if it is None."""
    rate = {"baseRatePerMinute": 5, "incrementFactor": 1.5, "rateIncreaseCriteria": dict.fromkeys(criteria, 5)}
    return {"exponentialRate": rate} | ({"maximumPerMinute": maximum} if maximum else {})


def abort(threshold, failure_type="FAILED"):
    return {
        "failureType": failure_type,
        "action": "CANCEL",
        "thresholdPercentage": threshold,
        "minNumberOfExecutedThings": 1,
    }


def numbered_tags(count):
    return [{"Key": f"tag-{number:02}", "Value": ""} for number in range(count)]
