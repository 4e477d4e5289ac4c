"""What AWS IoT keeps of job templates and their tags, what it shows, and when."""

import json

from facts import MINISTACK, MODEL, Fact
from facts.templates import ACCEPTED, Templates, abort, create, numbered_tags, rollout


def code_of(probe):
    """Only the error's code: the message quotes what was sent."""
    return lambda account: probe(account).partition(":")[0]


def given_back(**members):
    """Whether describe shows just what was given."""

    def probe(account):
        templates = Templates(account)
        templates.create(**members)
        shown = templates.describe()
        others = {member: shown.get(member) for member, value in members.items() if shown.get(member) != value}
        return json.dumps(others) if others else "as given"

    return probe


def conflict(account):
    templates = Templates(account)
    templates.create()
    return templates.outcome(templates.create)


def unknown_job(account):
    templates, identity = Templates(account), account.client("sts").get_caller_identity()
    partition, region = identity["Arn"].split(":")[1], templates.iot.meta.region_name
    arn = f"arn:{partition}:iot:{region}:{identity['Account']}:job/{account.prefix}"
    return templates.outcome(templates.create, document=None, jobArn=arn)


def unknown_id(operation):
    def probe(account):
        templates = Templates(account)
        return templates.outcome(getattr(templates.iot, operation), jobTemplateId=templates.id)

    return probe


def tags_of_absent(operation, **members):
    def probe(account):
        templates = Templates(account)
        return templates.outcome(getattr(templates.iot, operation), resourceArn=templates.absent_arn(), **members).partition(":")[0]

    return probe


def document_as_given(account):
    document = '\n{"b" :1.0,  "a": "\\u00e4 \u00e4\\/ \\ud83d\\udd27", "a": [1e2, 12345678901234567890] }\n'
    return given_back(document=document)(account)


def nothing_filled_in(account):
    templates = Templates(account)
    templates.create()
    shown = templates.describe()
    for member in ("jobTemplateArn", "jobTemplateId", "createdAt", "description", "document"):
        shown.pop(member, None)
    return json.dumps({member: value for member, value in shown.items() if value}) if any(shown.values()) else "nothing"


def two_ids_that_differ_by_case(account):
    templates = Templates(account)
    templates.create("-a")
    return templates.outcome(templates.create, "-A")


def visible_at_once(account):
    templates = Templates(account)
    for number in range(5):
        arn = templates.create(f"-{number}", tags=numbered_tags(3))
        if len(templates.tags(arn)) != 3:
            return f"not those of template {number + 1} of 5"
        templates.describe(f"-{number}")
    return "at once"


def gone_at_once(account):
    templates = Templates(account)
    for number in range(5):
        templates.create(f"-{number}")
        templates.iot.delete_job_template(jobTemplateId=f"{templates.id}-{number}")
        if templates.outcome(templates.describe, f"-{number}") == ACCEPTED:
            return f"not template {number + 1} of 5"
    return "at once"


def made_anew_at_once(account):
    templates = Templates(account)
    for number in range(5):
        arn = templates.create(tags=[{"Key": f"round-{number}", "Value": ""}])
        if list(templates.tags(arn)) != [f"round-{number}"]:
            return f"with the tags {sorted(templates.tags(arn))}"
        templates.iot.delete_job_template(jobTemplateId=templates.id)
    return "at once, without the old one's tags"


def changed_tags_visible(account):
    templates = Templates(account)
    arn = templates.create(tags=numbered_tags(2))
    templates.iot.tag_resource(resourceArn=arn, tags=[{"Key": "tag-00", "Value": "changed"}, {"Key": "added", "Value": ""}])
    templates.iot.untag_resource(resourceArn=arn, tagKeys=["tag-01", "never-there"])
    tags = templates.tags(arn)
    return "at once" if tags == {"tag-00": "changed", "added": ""} else json.dumps(tags)


def tag_beyond_fifty(account):
    templates = Templates(account)
    arn = templates.create(tags=numbered_tags(50))
    return templates.outcome(templates.iot.tag_resource, resourceArn=arn, tags=[{"Key": "one-more", "Value": ""}])


def bucket_with(account, key, text):
    s3, name = account.client("s3"), account.prefix
    region = s3.meta.region_name
    account.afterwards(f"bucket {name}", s3.delete_bucket, Bucket=name)
    s3.create_bucket(Bucket=name, **({} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}))
    account.afterwards(f"s3://{name}/{key}", s3.delete_object, Bucket=name, Key=key)
    s3.put_object(Bucket=name, Key=key, Body=text)
    return s3, f"https://{name}.s3.{region}.amazonaws.com/{key}"


def source_read_once(account):
    first = '{"read": "first"}\n'
    s3, url = bucket_with(account, "document.json", first)
    templates = Templates(account)
    templates.create(document=None, documentSource=url)
    s3.put_object(Bucket=account.prefix, Key="document.json", Body='{"read": "second"}')
    shown = templates.describe()
    as_made = (shown.get("documentSource"), shown.get("document")) == (url, first)
    return "the source, and the text of then" if as_made else json.dumps([shown.get("documentSource"), shown.get("document")])


def source_too_large(account):
    _, url = bucket_with(account, "document.json", '"' + "x" * 32767 + '"')
    templates = Templates(account)
    # botocore takes this refusal for throttling, and would ask for half a minute.
    templates.iot = account.client("iot", attempts=2)
    return templates.outcome(templates.create, document=None, documentSource=url).partition(":")[0]


def a_job(account, templates, **members):
    iot, name = templates.iot, f"{account.prefix}-job"
    account.afterwards(f"thing {account.prefix}", iot.delete_thing, thingName=account.prefix)
    thing = iot.create_thing(thingName=account.prefix)["thingArn"]
    account.afterwards(f"job {name}", iot.delete_job, jobId=name, force=True)
    return name, iot.create_job(jobId=name, targets=[thing], **members)["jobArn"]


def job_outlives_its_template(account):
    templates = Templates(account)
    arn = templates.create(document='{"of": "the template"}', timeoutConfig={"inProgressTimeoutInMinutes": 7})
    name, _ = a_job(account, templates, jobTemplateArn=arn)
    templates.iot.delete_job_template(jobTemplateId=templates.id)
    job = templates.iot.describe_job(jobId=name)["job"]
    document = templates.iot.get_job_document(jobId=name).get("document")
    kept = (job.get("timeoutConfig"), document) == ({"inProgressTimeoutInMinutes": 7}, '{"of": "the template"}')
    return "all that it had of it" if kept else json.dumps([job.get("timeoutConfig"), document])


def template_of_a_job(account):
    templates = Templates(account)
    _, arn = a_job(account, templates, document='{"of": "the job"}', timeoutConfig={"inProgressTimeoutInMinutes": 7})
    templates.create("-1", document=None, jobArn=arn)
    templates.create("-2", document='{"of": "its own"}', jobArn=arn)
    shown = [templates.describe(suffix) for suffix in ("-1", "-2")]
    wanted = [('{"of": "the job"}', 7), ('{"of": "its own"}', 7)]
    seen = [(s.get("document"), s.get("timeoutConfig", {}).get("inProgressTimeoutInMinutes")) for s in shown]
    return "the job's, but for what it has itself" if seen == wanted else json.dumps(seen)


def quota_of_templates(account):
    quota = account.client("service-quotas").get_service_quota(ServiceCode="iot", QuotaCode="L-B2C87795")["Quota"]
    return f"{quota['Value']:.0f}, {'adjustable' if quota['Adjustable'] else 'fixed'}"


FACTS = [
    Fact(
        "description-joiner",
        "a Description has no control or format characters; those that join emoji (U+200D) are among them",
        MODEL,
        "InvalidRequestException",
        "",
        code_of(create(description="\U0001f469\u200d\U0001f527")),
    ),
    Fact("description-2029", "nor more than 2028 characters", MODEL, "InvalidRequestException", "", code_of(create(description="x" * 2029))),
    Fact("conflict", "an id that is taken is a conflict", MODEL, "ConflictException: Job Template ID already exists.", MINISTACK, conflict),
    Fact(
        "describe-unknown",
        "an unknown id is not found",
        MODEL,
        "ResourceNotFoundException: Job Template ID cannot be found.",
        MINISTACK,
        unknown_id("describe_job_template"),
    ),
    Fact(
        "delete-unknown",
        "nor can it be deleted",
        MODEL,
        "ResourceNotFoundException: Job Template ID cannot be found.",
        MINISTACK,
        unknown_id("delete_job_template"),
    ),
    Fact(
        "job-unknown",
        "a JobArn that names no job is refused",
        MODEL,
        "ResourceNotFoundException: Job ID cannot be found.",
        MINISTACK,
        unknown_job,
    ),
    Fact(
        "list-tags-of-absent",
        "tags of a template that is not there: an error or an empty list, we take both",
        MODEL,
        "ResourceNotFoundException",
        "",
        tags_of_absent("list_tags_for_resource"),
    ),
    Fact(
        "tag-absent",
        "a template that is not there cannot be tagged",
        MODEL,
        "ResourceNotFoundException",
        "",
        tags_of_absent("tag_resource", tags=[{"Key": "a", "Value": "b"}]),
    ),
    Fact(
        "tag-beyond-fifty",
        "TagResource refuses a 51st tag, too",
        "MiniStack; the model has LimitExceededException",
        "InvalidRequestException: Too many tags provided in the request. Please check the input.",
        "",
        tag_beyond_fifty,
    ),
    Fact("ids-differ-by-case", "ids that differ by case alone are two", "the pattern of ids", ACCEPTED, "", two_ids_that_differ_by_case),
    Fact("document-as-given", "a document is kept byte for byte", "assumed", "as given", "", document_as_given),
    Fact(
        "description-as-given",
        "so is a description, with spaces at its ends",
        "assumed",
        "as given",
        "",
        given_back(description=" two  spaces and \u00e4\U0001f527 "),
    ),
    Fact(
        "numbers-as-given",
        "numbers come back as they are, 25 as 25.0",
        "MiniStack",
        "as given",
        MINISTACK,
        given_back(
            abortConfig={"criteriaList": [abort(25.0), abort(12.34, "REJECTED"), abort(0.01, "TIMED_OUT")]},
            jobExecutionsRolloutConfig=rollout(),
        ),
    ),
    Fact(
        "order-as-given",
        "criteria and windows come back in their order",
        "assumed; a fingerprint does not depend on it",
        "as given",
        "",
        given_back(
            abortConfig={"criteriaList": [abort(2.0, "TIMED_OUT"), abort(1.0, "FAILED"), abort(3.0, "ALL")]},
            jobExecutionsRetryConfig={
                "criteriaList": [{"failureType": t, "numberOfRetries": 2} for t in ("TIMED_OUT", "FAILED")]
            },
            timeoutConfig={"inProgressTimeoutInMinutes": 5},
            maintenanceWindows=[{"startTime": f"cron(0 {hour} ? * MON *)", "durationInMinutes": 60} for hour in (18, 6)],
        ),
    ),
    Fact("nothing-filled-in", "what was left out is not filled in with defaults", "MiniStack", "nothing", MINISTACK, nothing_filled_in),
    Fact("tags-visible", "a new template and its tags are visible", "assumed; a supposed template is looked for up to 40 s", "at once", "", visible_at_once),
    Fact("tag-changes-visible", "so are changed tags; and one that is not there may be removed", "assumed", "at once", "", changed_tags_visible),
    Fact("gone-at-once", "a deleted template is gone", "assumed", "at once", "", gone_at_once),
    Fact(
        "made-anew-at-once",
        "an id can be used again after a Delete, and again",
        "assumed",
        "at once, without the old one's tags",
        "",
        made_anew_at_once,
    ),
    Fact(
        "source-read-once",
        "a DocumentSource is read once, and describe shows it and its text",
        "IoT developer guide",
        "the source, and the text of then",
        "",
        source_read_once,
    ),
    Fact("source-too-large", "a document of S3 has at most 32768 bytes", "API reference", "LimitExceededException", "", source_too_large),
    Fact(
        "job-outlives-template",
        "a job keeps what it needs of its template, which may be deleted",
        "IoT developer guide",
        "all that it had of it",
        "",
        job_outlives_its_template,
    ),
    Fact(
        "template-of-a-job",
        "JobArn lends what the template does not say itself",
        "IoT developer guide",
        "the job's, but for what it has itself",
        "",
        template_of_a_job,
    ),
    Fact(
        "quota-of-templates",
        "100 job templates for an account and region, unless raised",
        "Service Quotas, iot, L-B2C87795, a dump of February 2024",
        "100, adjustable",
        "",
        quota_of_templates,
    ),
]
