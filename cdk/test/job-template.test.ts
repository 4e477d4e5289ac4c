import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { App, CfnParameter, Duration, Fn, RemovalPolicy, Stack, Tags, Token, aws_iam as iam, aws_s3 as s3 } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import {
  AbortAction, AbortFailureType, Adopt, JobDocument, JobTemplate, JobTemplateProps, JobTemplateProvider, RetryFailureType,
} from '../lib';
import cases from './cases.json';
import { PROPERTIES } from '../lib/table';

const TYPE = 'Custom::IoTJobTemplate';
const SERVICE_TOKEN = 'arn:aws:lambda:eu-central-1:123456789012:function:provider';
const ROLE_ARN = 'arn:aws:iam::123456789012:role/Presign';

let stack: Stack;
/** A job template as a stack declares it, with a description where the test has no word on one. */
let declare: (props?: Partial<JobTemplateProps> & Record<string, unknown>) => JobTemplate;

beforeEach(() => {
  stack = new Stack(new App(), 'Fleet');
  const provider = JobTemplateProvider.fromServiceToken(stack, 'Provider', SERVICE_TOKEN);
  declare = (props = {}) => new JobTemplate(stack, 'Reboot', { description: 'Reboot', provider, ...props } as JobTemplateProps);
});

function properties(): any {
  const [resource] = Object.values(Template.fromStack(stack).findResources(TYPE));
  const { ServiceToken, Description, ...others } = resource.Properties;
  return others;
}

describe('properties', () => {
  test('each comes out under its own name', () => {
    declare({
      jobTemplateId: 'reboot',
      document: JobDocument.fromText('{}'),
      timeoutConfig: { inProgressTimeout: Duration.hours(1) },
      jobExecutionsRolloutConfig: {
        maximumPerMinute: 100,
        exponentialRolloutRate: { baseRatePerMinute: 10, incrementFactor: 1.5, rateIncreaseCriteria: { numberOfSucceededThings: 10 } },
      },
      jobExecutionsRetryConfig: { retryCriteriaList: [{ failureType: RetryFailureType.ALL, numberOfRetries: 3 }] },
      abortConfig: {
        criteriaList: [
          { failureType: AbortFailureType.FAILED, action: AbortAction.CANCEL, thresholdPercentage: 12.5, minNumberOfExecutedThings: 10 },
        ],
      },
      presignedUrlConfig: { role: iam.Role.fromRoleArn(stack, 'Role', ROLE_ARN), expiresIn: Duration.minutes(5) },
      maintenanceWindows: [{ startTime: 'cron(0 2 ? * SUN *)', duration: Duration.hours(2) }],
      destinationPackageVersions: ['arn:aws:iot:eu-central-1:123456789012:package/p/version/1'],
      tags: { team: 'fleet' },
      revision: '7',
      adopt: Adopt.ownedBy('Former'),
      serviceTimeout: Duration.minutes(10),
    });

    assert.deepEqual(properties(), {
      JobTemplateId: 'reboot',
      Document: '{}',
      TimeoutConfig: { InProgressTimeoutInMinutes: 60 },
      JobExecutionsRolloutConfig: {
        MaximumPerMinute: 100,
        ExponentialRolloutRate: { BaseRatePerMinute: 10, IncrementFactor: 1.5, RateIncreaseCriteria: { NumberOfSucceededThings: 10 } },
      },
      JobExecutionsRetryConfig: { RetryCriteriaList: [{ FailureType: 'ALL', NumberOfRetries: 3 }] },
      AbortConfig: {
        CriteriaList: [{ FailureType: 'FAILED', Action: 'CANCEL', ThresholdPercentage: 12.5, MinNumberOfExecutedThings: 10 }],
      },
      PresignedUrlConfig: { RoleArn: ROLE_ARN, ExpiresInSec: 300 },
      MaintenanceWindows: [{ StartTime: 'cron(0 2 ? * SUN *)', DurationInMinutes: 120 }],
      DestinationPackageVersions: ['arn:aws:iot:eu-central-1:123456789012:package/p/version/1'],
      Tags: [{ Key: 'team', Value: 'fleet' }],
      Revision: '7',
      Adopt: 'Former',
      ServiceTimeout: '600',
    });
  });

  test('what is left out is not there', () => {
    declare({ document: undefined, tags: {} });

    assert.deepEqual(properties(), {});
  });

  test('a property of the table that is no prop is another way to say a document, or CloudFormation\'s', () => {
    const without = PROPERTIES.members.filter((member) => member.prop === undefined).map((member) => member.name);

    assert.deepEqual(without, ['DocumentSource', 'JobArn', 'ServiceToken', 'ServiceTimeout']);
  });

  test('a template that is to be kept is kept', () => {
    declare({ removalPolicy: RemovalPolicy.RETAIN });

    Template.fromStack(stack).hasResource(TYPE, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('Ref is the id, and the ARN is an attribute', () => {
    const reboot = declare();

    assert.match(JSON.stringify(stack.resolve(reboot.jobTemplateId)), /^\{"Ref":"Reboot[0-9A-F]{8}"\}$/);
    assert.match(JSON.stringify(stack.resolve(reboot.jobTemplateArn)), /^\{"Fn::GetAtt":\["Reboot[0-9A-F]{8}","Arn"\]\}$/);
  });
});

describe('what a literal shows to be wrong', () => {
  test('throws, all at once, in the words of the function', () => {
    const declaring = () => declare({
      jobTemplateId: 'no spaces please',
      timeoutConfig: { inProgressTimeout: Duration.days(14) },
      jobExecutionsRolloutConfig: {
        exponentialRolloutRate: {
          baseRatePerMinute: 1, incrementFactor: 2, rateIncreaseCriteria: { numberOfNotifiedThings: 1, numberOfSucceededThings: 1 },
        },
      },
    });

    assert.throws(declaring, {
      message: 'Fleet/Reboot is no job template: ' + [
        'JobTemplateId: "no spaces please" has the character \' \' in it (it takes text of 1 to 64 characters out of a-z, A-Z, 0-9, _ and -)',
        'TimeoutConfig.InProgressTimeoutInMinutes: "20160" is not accepted (it takes an integer from 1 to 10080)',
        'JobExecutionsRolloutConfig.ExponentialRolloutRate.RateIncreaseCriteria: has NumberOfNotifiedThings and NumberOfSucceededThings (it takes one of them)',
        'JobExecutionsRolloutConfig.MaximumPerMinute: missing, and ExponentialRolloutRate needs it (it takes an integer from 1 to 2147483647)',
      ].join('; '),
    });
  });

  test('two criteria of one failure', () => {
    const criterion = { failureType: AbortFailureType.ALL, action: AbortAction.CANCEL };

    assert.throws(() => declare({ abortConfig: { criteriaList: [criterion, criterion] } }), {
      message: /AbortConfig.CriteriaList\[1\].FailureType: "ALL" is there already \(it takes each once\)/,
    });
  });

  test('a duration that is no whole number of its unit', () => {
    assert.throws(() => declare({ timeoutConfig: { inProgressTimeout: Duration.seconds(90) } }), {
      message: /TimeoutConfig.InProgressTimeoutInMinutes: "1.5" is not accepted/,
    });
  });

  test('a key that is none, where no compiler has seen it', () => {
    assert.throws(() => declare({ timeoutConfig: { inProgressTimeut: Duration.hours(1) } as any }), {
      message: /unknown key "inProgressTimeut" \(did you mean inProgressTimeout\?\)/,
    });
  });

  test('a tag that an aspect adds', () => {
    declare();
    Tags.of(stack).add('cloudformation:stack-id', 'mine');

    assert.throws(() => Template.fromStack(stack), { message: /the tag cloudformation:stack-id is one that only this provider sets/ });
  });

  test('a placeholder without a role, also beside a token', () => {
    const url = `\${aws:iot:s3-presigned-url:https://s3.amazonaws.com/${Fn.ref('Bucket')}/key}`;

    assert.throws(() => declare({ document: JobDocument.fromObject({ url }) }), {
      message: /PresignedUrlConfig.RoleArn: missing, and the Document has a placeholder/,
    });
  });

  test('tokens pass', () => {
    const text = new CfnParameter(stack, 'Text').valueAsString;
    const number = new CfnParameter(stack, 'Number', { type: 'Number' }).valueAsNumber;
    declare({
      jobTemplateId: text,
      description: text,
      document: JobDocument.fromText(text),
      timeoutConfig: { inProgressTimeout: Duration.minutes(number) },
      jobExecutionsRetryConfig: { retryAttempts: number },
      destinationPackageVersions: Token.asList(Fn.split(',', text)),
      tags: { team: text },
    });

    assert.deepEqual(properties().TimeoutConfig, { InProgressTimeoutInMinutes: { Ref: 'Number' } });
    assert.deepEqual(properties().DestinationPackageVersions, { 'Fn::Split': [',', { Ref: 'Text' }] });
  });

  test('the cases that hold this to the function are of every member that is a prop', () => {
    const tried = new Set(cases.flatMap((example) => Object.keys(example.properties)));
    for (const { name } of PROPERTIES.members.filter((member) => member.prop !== undefined)) {
      assert.ok(tried.has(name), name);
    }
  });
});

describe('tags', () => {
  test('those of Tags.of() come to its own', () => {
    declare({ tags: { team: 'fleet', stage: 'test' } });
    Tags.of(stack).add('stage', 'live');
    Tags.of(stack).add('cost', 'iot', { includeResourceTypes: [TYPE] });
    Tags.of(stack).add('other', 'x', { excludeResourceTypes: [TYPE] });

    assert.deepEqual(properties().Tags, [
      { Key: 'cost', Value: 'iot' }, { Key: 'stage', Value: 'live' }, { Key: 'team', Value: 'fleet' },
    ]);
  });
});

describe('a document', () => {
  const documentOf = (document: JobDocument) => {
    declare({ document });
    return properties();
  };

  test('from an object keeps the types of its leaves and the order of its keys', () => {
    const content = { operation: 'reboot', delay: 30, force: true, ratio: 0.5, steps: [1, '1', null], none: {} };

    assert.deepEqual(documentOf(JobDocument.fromObject(content)), { Document: JSON.stringify(content) });
  });

  test('from an object takes tokens', () => {
    const bucket = new CfnParameter(stack, 'Bucket').valueAsString;
    const number = new CfnParameter(stack, 'Delay', { type: 'Number' }).valueAsNumber;

    assert.deepEqual(documentOf(JobDocument.fromObject({ bucket, delay: number, force: true })), {
      Document: { 'Fn::Join': ['', ['{"bucket":"', { Ref: 'Bucket' }, '","delay":', { Ref: 'Delay' }, ',"force":true}']] },
    });
  });

  for (const [what, content, message] of [
    ['a list token', () => ({ names: Fn.split(',', Fn.ref('Names')) }), /^Document.names: is a list that is not known before deployment/],
    ['undefined, or Python\'s None', () => ({ steps: [{ wait: undefined }] }), /^Document.steps\[0\].wait: is None or undefined/],
    ['an item that is undefined', () => [undefined], /^Document\[0\]: is None or undefined/],
    ['a number that is none', () => ({ delay: NaN }), /^Document.delay: is NaN, which JSON does not have/],
    ['an instance of a class', () => ({ at: new Date(0) }), /^Document.at: is a Date, which JSON does not have/],
  ] as [string, () => unknown, RegExp][]) {
    test(`from an object does not take ${what}`, () => {
      assert.throws(() => JobDocument.fromObject(content()), { message });
    });
  }

  test('from a text is that text', () => {
    assert.deepEqual(documentOf(JobDocument.fromText(' {"a": 1.0} ')), { Document: ' {"a": 1.0} ' });
  });

  test('from a job is its ARN', () => {
    const arn = 'arn:aws:iot:eu-central-1:123456789012:job/j';

    assert.deepEqual(documentOf(JobDocument.fromJob(arn)), { JobArn: arn });
  });

  test('from a bucket is the object\'s URL', () => {
    const bucket = s3.Bucket.fromBucketName(stack, 'Bucket', 'documents');

    assert.deepEqual(documentOf(JobDocument.fromBucket(bucket, 'jobs/reboot.json')), {
      DocumentSource: { 'Fn::Join': ['', ['https://s3.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }, '/documents/jobs/reboot.json']] },
    });
  });
});

describe('a template that is there already', () => {
  test('is known by its ARN', () => {
    const imported = JobTemplate.fromJobTemplateArn(stack, 'There', 'arn:aws:iot:eu-central-1:123456789012:jobtemplate/reboot');

    assert.equal(imported.jobTemplateId, 'reboot');
  });

  test('is known by its id', () => {
    const imported = JobTemplate.fromJobTemplateId(stack, 'There', 'reboot');

    assert.equal(imported.jobTemplateId, 'reboot');
    assert.match(JSON.stringify(stack.resolve(imported.jobTemplateArn)), /:jobtemplate\/reboot/);
  });
});

describe('grants', () => {
  test('to create jobs name the template, the jobs and the targets', () => {
    const user = new iam.User(stack, 'User');
    const group = 'arn:aws:iot:eu-central-1:123456789012:thinggroup/g';
    JobTemplate.fromJobTemplateArn(stack, 'There', 'arn:aws:iot:eu-central-1:123456789012:jobtemplate/reboot').grantCreateJob(user, group);

    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [{
          Action: 'iot:CreateJob',
          Effect: 'Allow',
          Resource: ['arn:aws:iot:eu-central-1:123456789012:jobtemplate/reboot', Match.objectLike({}), group],
        }],
      },
    });
  });

  test('that a provider of unknown role would need are a warning', () => {
    declare({
      presignedUrlConfig: { role: iam.Role.fromRoleArn(stack, 'Role', ROLE_ARN) },
      document: JobDocument.fromBucket(s3.Bucket.fromBucketName(stack, 'Bucket', 'documents'), 'reboot.json'),
    });

    const warnings = Annotations.fromStack(stack).findWarning('*', Match.anyValue());
    assert.deepEqual(
      warnings.map((warning) => /it needs (\S+) on/.exec(String(warning.entry.data))?.[1]),
      ['iam:PassRole', 's3:GetObject'],
    );
  });
});
