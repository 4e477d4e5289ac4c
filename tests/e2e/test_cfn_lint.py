"""The rule that users append to cfn-lint, tried with the real cfn-lint."""

import json
import re

import pytest
from cfn_lint import cfn_lint
from toolchain import ROOT

# Nothing in it is wrong, and much of it is known only at deployment.
GOOD = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::LanguageExtensions
Parameters:
  Token: {Type: String}
  Minutes: {Type: Number, Default: 0}
  Text: {Type: String, Default: ""}
  Packages: {Type: CommaDelimitedList, Default: ""}
Conditions:
  Some: !Equals [!Ref Text, ""]
Mappings:
  M: {a: {b: "60"}, Reboot: {b: "5"}, Update: {b: "60"}}
Resources:
  All:
    Type: Custom::IoTJobTemplate
    Properties:
      ServiceToken: !Ref Token
      ServiceTimeout: 60
      JobTemplateId: !Sub "${AWS::StackName}-x"
      Description: !If [Some, !Ref Text, a description]
      Document:
        Fn::ToJsonString:
          operation: reboot
          delay: 30
      TimeoutConfig: !If [Some, {InProgressTimeoutInMinutes: "60"}, !Ref AWS::NoValue]
      JobExecutionsRolloutConfig:
        maximumPerMinute: !Ref Minutes
        exponentialRate:
          baseRatePerMinute: "5"
          incrementFactor: 1.5
          rateIncreaseCriteria:
            numberOfNotifiedThings: !If [Some, 5, !Ref AWS::NoValue]
            numberOfSucceededThings: !If [Some, !Ref AWS::NoValue, 5]
      JobExecutionsRetryConfig:
        CriteriaList: !If
          - Some
          - - FailureType: ALL
              NumberOfRetries: 3
          - !Ref AWS::NoValue
        RetryAttempts: !If [Some, !Ref AWS::NoValue, 3]
      AbortConfig:
        CriteriaList:
          - FailureType: FAILED
            Action: ABORT
          - !If
            - Some
            - FailureType: ALL
              Action: CANCEL
              ThresholdPercentage: "0.07"
              MinNumberOfExecutedThings: !FindInMap [M, a, b]
            - !Ref AWS::NoValue
      PresignedUrlConfig:
        RoleArn: !ImportValue role
        ExpiresInSec: !GetAtt Other.Something
      MaintenanceWindows:
        - StartTime: 2023-10-01T00:00:00Z
          EndTime: "2023-10-01T02:00:00Z"
      DestinationPackageVersions: !Ref Packages
      Tags:
        team: "{{resolve:ssm:team}}"
        "cost center": 7
      Revision: 7
  Included:
    Type: Custom::IoTJobTemplate
    Properties:
      ServiceToken: !Ref Token
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}
  Chosen:
    Type: Custom::IoTJobTemplate
    Condition: Some
    Properties:
      ServiceToken: !Ref Token
      description: d
      document: {operation: reboot, version: 1.2.3, delay: !Ref Text, url: "${aws:iot:s3-presigned-url:https://s3/b/k}"}
      jobArn: !Select [0, !Split [",", !Join [",", [a, b]]]]
      abortConfig: {criteriaList: !Ref AWS::NoValue}
      tags: [{key: k}, {Key: !Ref Text, Value: ""}]
  Fn::ForEach::Kinds:
    - Kind
    - [Reboot, Update]
    - ${Kind}Template:
        Type: Custom::IoTJobTemplate
        Properties:
          ServiceToken: !Ref Token
          JobTemplateId: ${Kind}-template
          Description: !Sub "${Kind} the device"
          Document:
            Fn::ToJsonString:
              operation: !Sub "${Kind}"
              retries: 3
              Fn::ForEach::Steps:
                - Step
                - [1, 2]
                - Step${Step}: 1
          TimeoutConfig:
            InProgressTimeoutInMinutes: !FindInMap [M, !Ref Kind, b]
          Tags:
            Fn::ForEach::Teams:
              - Team
              - [a, b]
              - team${Team}: "&{Kind}"
  Adopted:
    Type: Custom::IoTJobTemplate
    Properties:
      ServiceToken: !Ref Token
      adopt: !Sub "${Text}/Reboot"
      jobTemplateId: !If [Some, reboot, restart]
      Description: d
      DestinationPackageVersions: [""]
      Tags: [{Key: !Ref Text, Value: cloudformation:stack-id}]
  AdoptedOrNot:
    Type: Custom::IoTJobTemplate
    Properties:
      ServiceToken: !Ref Token
      Adopt: !If [Some, true, false]
      JobTemplateId: !If [Some, reboot, !Ref AWS::NoValue]
      Description: d
      DestinationPackageVersions: !If [Some, [""], [arn:a]]
  NotAdopted:
    Type: Custom::IoTJobTemplate
    Properties:
      ServiceToken: !Ref Token
      Adopt: false
      Description: d
  Other:
    Type: Custom::SomethingElse
    Properties:
      ServiceToken: !Ref Token
      Anything: goes
Outputs:
  Arn: {Value: !GetAtt All.Arn}
"""

# What is wrong with a line stands behind it.
BAD = r"""
Resources:
  Bad:
    Type: Custom::IoTJobTemplate
    Properties:
      ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:f
      JobTemplateId: has space  #! "has space" is not accepted (it takes text of 1 to 64 characters like ^[a-zA-Z0-9_-]+$)
      Descripton: x  #! unknown key "Descripton" (did you mean Description?)
      Arn: x  #! unknown key "Arn" (it is what IoT reports: drop it)
      targetSelection: CONTINUOUS  #! unknown key "targetSelection" (it belongs to a job, not to its template: drop it)
      Document:
        steps: [reboot]
        delay: 30  #! 30 in a map would reach IoT as text (give the Document with Fn::ToJsonString, or as text)
      TimeoutConfig:
        inProgressTimeoutInMinutes: 20160  #! 20160 is not accepted (it takes an integer from 1 to 10080)
      JobExecutionsRolloutConfig:
        MaximumPerMinute: 9
        ExponentialRolloutRate: !Ref Rate
        ExponentialRate:  #! ExponentialRolloutRate is given twice (the second time as ExponentialRate)
          BaseRatePerMinute: "1"
          IncrementFactor: 5.5  #! 5.5 is not accepted (it takes a number from 1.1 to 5)
          RateIncreaseCriteria: {}
      JobExecutionsRetryConfig:  #! RetryCriteriaList and RetryAttempts stand for the same (give one of them)
        RetryCriteriaList:
          - FailureType: REJECTED  #! "REJECTED" is not accepted (it takes FAILED, TIMED_OUT, ALL)
            NumberOfRetries: x  #! "x" is not accepted (it takes an integer from 0 to 10)
        RetryAttempts: 3
      AbortConfig:
        CriteriaList: !If
          - A
          - []  #! 0 items are not accepted (it takes a list of 1 or more items)
          - - FailureType: FAILED
              Action: CANCEL
              ThresholdPercentage: 12.345  #! 12.345 is not accepted (it takes a number over 0 to 100, with at most two decimals)
              Thing: 1  #! unknown key "Thing" (known are Action, FailureType, MinNumberOfExecutedThings, ThresholdPercentage)
      MaintenanceWindows:
        - StartTime: cron(0 0 1 1 ? 2030)  #! DurationInMinutes is missing (or give EndTime)
      Tags: x  #! "x" is not accepted (it takes a list of 0 to 47 items or a map)
  Measured:
    Type: Custom::IoTJobTemplate
    Properties:  #! PresignedUrlConfig.RoleArn is missing, and the Document has a placeholder ${aws:iot:s3-presigned-url-v2:…}
      ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:f
      Description: d
      Document: '"${aws:iot:s3-presigned-url-v2:https://s3.amazonaws.com/b/k}"'
      PresignedUrlConfig: {ExpiresInSec: 60}
      JobExecutionsRolloutConfig:  #! MaximumPerMinute is missing, and ExponentialRate needs it (it takes an integer from 1 to 2147483647)
        ExponentialRate:
          BaseRatePerMinute: 1
          IncrementFactor: 2
          RateIncreaseCriteria:  #! NumberOfNotifiedThings and NumberOfSucceededThings cannot go together (give one of them)
            NumberOfNotifiedThings: 1
            NumberOfSucceededThings: 1
      Tags: {Key: team, Value: fleet}  #! a map of Key and Value would be two tags of these names (a list with this map in it is one tag)
  Adopted:
    Type: Custom::IoTJobTemplate
    Properties:  #! JobTemplateId is missing, and Adopt needs it, which says what is taken over (an id that is generated is always this resource's own)
      ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:f
      Adopt: true
      Description: d
      DestinationPackageVersions: ""
      AbortConfig:
        CriteriaList:
          - ""  #! "" is not accepted (it takes a map of Action, FailureType, MinNumberOfExecutedThings, ThresholdPercentage)
      Tags:
        - Key: cloudformation:stack-id  #! the tag cloudformation:stack-id is one that only this provider sets
          Value: x
        - !If
          - A
          - key: cloudformation:former-stack-id  #! the tag cloudformation:former-stack-id is one that only this provider sets
          - Key: aws:x  #! the tag "aws:x" begins with aws:, which IoT refuses
  AdoptedFromSomebody:
    Type: Custom::IoTJobTemplate
    Properties:
      ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:f
      JobTemplateId: reboot
      Adopt: somebody-else  #! "somebody-else" is not accepted (it takes text of 1 to 2048 characters like ^(true|false|True|False|(arn:[^/]+:stack/.+/)?[a-zA-Z0-9]+)$)
      Description: d
      Tags:
        team: fleet
        cloudformation:logical-id: x  #! the tag cloudformation:logical-id is one that only this provider sets
        cloudformation:request: x  #! the tag cloudformation:request is one that only this provider sets
        cloudformation:former-logical-id: x  #! the tag cloudformation:former-logical-id is one that only this provider sets
  Nameless:
    Type: Custom::IoTJobTemplate
    Properties:  #! Description is missing (it takes text of 1 to 2028 characters like ^[^\p{C}]+$)
      ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:f
Parameters:
  Rate: {Type: String}
Conditions:
  A: !Equals [!Ref AWS::Region, eu-central-1]
"""


IN_A_LOOP = """
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Kinds:
    - Kind
    - [Reboot, Update]
    - ${Kind}Template:
        Type: Custom::IoTJobTemplate
        Properties:
          ServiceToken: arn:aws:lambda:eu-central-1:123456789012:function:f
          Description: ${Kind} the device
"""

# The same inside of Fn::ForEach, whatever its items are.
BAD_IN_A_LOOP = IN_A_LOOP + """\
          JobTemplateId: has space  #! "has space" is not accepted (it takes text of 1 to 64 characters like ^[a-zA-Z0-9_-]+$)
          Document: {operation: "${Kind}", delay: 3}  #! 3 in a map would reach IoT as text (give the Document with Fn::ToJsonString, or as text)
          Fn::ForEach::Configs:
            - Config
            - [Timeout]
            - ${Config}Config:
                InProgressTimeoutInMinutes: 20160  #! 20160 is not accepted (it takes an integer from 1 to 10080)
"""


def findings(template, tmp_path):
    """Each line's findings, as cfn-lint prints them with the rule that users append."""
    file = tmp_path / "template.yaml"
    file.write_text(template)
    printed = cfn_lint("--append-rules", "schema/", "--format", "parseable", "--", file)
    assert printed.stderr == ""
    lines = [re.fullmatch(r"[^:]+:(\d+):\d+:\d+:\d+:(\w+):(.*)", line) for line in printed.stdout.splitlines()]
    return [(int(line[1]), line[2], line[3]) for line in lines]


def test_no_intrinsic_function_and_no_spelling_is_a_false_alarm(tmp_path):
    assert findings(GOOD, tmp_path) == []


@pytest.mark.parametrize("template", [BAD, BAD_IN_A_LOOP], ids=["plain", "in-a-loop"])
def test_each_mistake_is_found_at_its_line_with_what_is_accepted(template, tmp_path):
    expected = [
        (number, "E9701", line.split("  #! ")[1]) for number, line in enumerate(template.splitlines(), 1) if "  #! " in line
    ]
    assert findings(template, tmp_path) == expected


# What docs/properties.md warns of; the rule is not at fault.
IN_A_DOCUMENT = IN_A_LOOP + """\
          Document:
            Fn::ToJsonString:
              operation: NAME
"""


@pytest.mark.parametrize(("name", "is_taken"), [('!Sub "${Kind}"', True), ("!Ref Kind", False)])
def test_the_loops_name_in_a_document_is_what_cfn_lint_itself_takes_by_sub_only(name, is_taken, tmp_path):
    found = findings(IN_A_DOCUMENT.replace("NAME", name), tmp_path)

    assert [code for _, code, _ in found] == ([] if is_taken else ["E1031"])


@pytest.mark.parametrize(("count", "is_too_many"), [(45, False), (46, True)])
def test_a_template_that_is_taken_over_has_room_for_two_tags_less(count, is_too_many, tmp_path):
    properties = {
        "ServiceToken": {"Fn::ImportValue": "token"},
        "JobTemplateId": "reboot",
        "Adopt": True,
        "Description": "d",
        "Tags": {f"tag-{n}": "x" for n in range(count)},
    }
    template = {"Resources": {"Many": {"Type": "Custom::IoTJobTemplate", "Properties": properties}}}
    found = [message for _, _, message in findings(json.dumps(template), tmp_path)]
    assert found == [
        "46 tags are more than the 45 that IoT's 50 leave to a template that is taken over"
    ] * is_too_many


def test_every_form_in_the_reference_passes(tmp_path):
    reference = (ROOT / "docs" / "properties.md").read_text()
    table = re.search(r"<!-- generated: shorthand -->\n(.*?)<!-- end -->", reference, re.DOTALL)[1]
    forms = [json.loads(form) for row in table.splitlines()[2:] for form in re.findall(r"`({.*?})`", row)]
    assert forms

    resources = {
        f"Form{number}{suffix}": {
            "Type": "Custom::IoTJobTemplate",
            "Properties": {"ServiceToken": {"Fn::ImportValue": "token"}, "Description": "d", **written},
        }
        for number, form in enumerate(forms)
        for suffix, written in (("", form), ("Text", as_cloudformation_hands_it_over(form)))
    }
    assert findings(json.dumps({"Resources": resources}), tmp_path) == []


def as_cloudformation_hands_it_over(value):
    """With every scalar as text."""
    if isinstance(value, dict):
        return {key: as_cloudformation_hands_it_over(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_cloudformation_hands_it_over(item) for item in value]
    return str(value)
