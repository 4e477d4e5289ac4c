import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import {
  App, Aspects, CfnResource, Duration, Stack, aws_cloudwatch as cloudwatch, aws_ec2 as ec2, aws_iam as iam, aws_kms as kms,
  aws_lambda as lambda, aws_logs as logs, aws_s3 as s3,
} from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { JobDocument, JobTemplate, JobTemplateProps, JobTemplateProvider, JobTemplateProviderProps } from '../lib';

// The one that the package has inside wherever its tests run; which is the default is a test of its own.
const { architecture, context } = process.arch === 'arm64'
  ? { architecture: lambda.Architecture.ARM_64, context: 'arm64' }
  : { architecture: lambda.Architecture.X86_64, context: 'x86_64' };

let app: App;
let stack: Stack;

beforeEach(() => {
  app = new App({ context: { 'iot-job-template-cdk:architecture': context } });
  stack = new Stack(app, 'Fleet');
});

const provide = (props: JobTemplateProviderProps = {}) => new JobTemplateProvider(stack, 'Provider', { architecture, ...props });
const declare = (id: string, props: Partial<JobTemplateProps> = {}, scope = stack) =>
  new JobTemplate(scope, id, { description: 'A test', ...props });

function idsOf(template: Template): Record<string, string> {
  const { Resources } = template.toJSON();
  return Object.fromEntries(Object.entries(Resources).map(([id, resource]: [string, any]) => [resource.Type, id]));
}

describe('one for a stack', () => {
  test('is made when it is first needed, and serves all of its templates', () => {
    declare('First');
    declare('Second');

    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
  });

  // ServiceTokens hang on these. A change would replace the function under every template there is.
  test('has the logical ids that it always had', () => {
    declare('Reboot');

    assert.deepEqual(idsOf(Template.fromStack(stack)), {
      'AWS::IAM::Role': 'IoTJobTemplateProviderRole086280A9',
      'AWS::Lambda::EventInvokeConfig': 'IoTJobTemplateProviderFunctionEventInvokeConfig810D2B37',
      'AWS::Lambda::Function': 'IoTJobTemplateProviderFunction029A20BB',
      'AWS::Logs::LogGroup': 'IoTJobTemplateProviderLogGroupB929782D',
      'Custom::IoTJobTemplate': 'Reboot1D607AD4',
    });
  });

  test('that was made by hand has the logical ids that it always had', () => {
    provide();

    assert.deepEqual(idsOf(Template.fromStack(stack)), {
      'AWS::IAM::Role': 'ProviderRole1DE8EC3B',
      'AWS::Lambda::EventInvokeConfig': 'ProviderFunctionEventInvokeConfig584963E8',
      'AWS::Lambda::Function': 'ProviderFunction30350776',
      'AWS::Logs::LogGroup': 'ProviderLogGroupFD264F08',
    });
  });

  test('is for the processor that the context names', () => {
    declare('Reboot');

    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { Architectures: [context] });
  });

  test('is for arm64 where nobody says otherwise, or says that it is not in this package', () => {
    const bare = new Stack(new App(), 'Bare');
    try {
      declare('Reboot', {}, bare);
    } catch (error) {
      assert.match((error as Error).message, /^this build of iot-job-template-cdk has no function for arm64, only x86_64.zip: choose/);
      return;
    }
    Template.fromStack(bare).hasResourceProperties('AWS::Lambda::Function', { Architectures: ['arm64'] });
  });

  test('does not take a processor that there is none for', () => {
    const odd = new Stack(new App({ context: { 'iot-job-template-cdk:architecture': 'mips' } }), 'Odd');

    assert.throws(() => declare('Reboot', {}, odd), {
      message: 'the context iot-job-template-cdk:architecture is "mips" (it takes arm64 or x86_64)',
    });
  });
});

describe('options', () => {
  const functionHas = (properties: object) => Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', properties);

  test('without any it is as template.yaml has it', () => {
    provide();

    functionHas({
      Runtime: 'provided.al2023', Handler: 'bootstrap', MemorySize: 128, Timeout: 300,
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() }, ReservedConcurrentExecutions: Match.absent(),
    });
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumEventAgeInSeconds: 3600 });
    Template.fromStack(stack).hasResource('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete', Properties: { RetentionInDays: 30 } });
  });

  test('time, concurrency, log and endpoint', () => {
    provide({
      timeout: Duration.minutes(10), reservedConcurrentExecutions: 20, logRetention: logs.RetentionDays.ONE_YEAR,
      iotEndpointUrl: 'https://iot-fips.us-east-1.amazonaws.com',
    });

    functionHas({
      Timeout: 600, ReservedConcurrentExecutions: 20,
      Environment: { Variables: { AWS_ENDPOINT_URL_IOT: 'https://iot-fips.us-east-1.amazonaws.com' } },
    });
    Template.fromStack(stack).hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
  });

  test('a name that stays', () => {
    provide({ functionName: 'job-templates' });

    functionHas({ FunctionName: 'job-templates' });
  });

  test('in a VPC Lambda may make its network interfaces, and the program in it may not', () => {
    provide({ vpc: new ec2.Vpc(stack, 'Vpc') });

    functionHas({ VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: Match.anyValue() } });
    assert.match(JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Role')), /ec2:CreateNetworkInterface/);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [{ Effect: 'Deny', Condition: { ArnEquals: { 'lambda:SourceFunctionArn': Match.anyValue() } } }].map(Match.objectLike),
      },
    });
  });

  test('a boundary bounds its role', () => {
    provide({ permissionsBoundary: iam.ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary') });

    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', { PermissionsBoundary: Match.anyValue() });
  });

  test('alarms tell of what nobody else would see', () => {
    provide({ alarmActions: [{ bind: () => ({ alarmActionArn: 'arn:aws:sns:eu-central-1:123456789012:t' }) } as cloudwatch.IAlarmAction] });

    for (const MetricName of ['Unanswered', 'FailedPanic']) {
      Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
        Namespace: 'IoTJobTemplate', MetricName, Threshold: 1, TreatMissingData: 'notBreaching',
        AlarmActions: ['arn:aws:sns:eu-central-1:123456789012:t'],
      });
    }
  });
});

describe('shared', () => {
  test('by its export, a template imports the ServiceToken', () => {
    provide({ exportName: 'job-templates' });
    const other = new Stack(app, 'Other');
    declare('Reboot', { provider: JobTemplateProvider.fromExport(other, 'Provider', 'job-templates') }, other);

    Template.fromStack(stack).hasOutput('*', { Export: { Name: 'job-templates' } });
    Template.fromStack(other).hasResourceProperties('Custom::IoTJobTemplate', { ServiceToken: { 'Fn::ImportValue': 'job-templates' } });
    Template.fromStack(other).resourceCountIs('AWS::Lambda::Function', 0);
  });

  test('among stacks of one app, it does not come to depend on those that use it', () => {
    const provider = provide();
    const other = new Stack(app, 'Other');
    const bucket = new s3.Bucket(other, 'Bucket', { encryptionKey: new kms.Key(other, 'Key') });
    declare('Reboot', { provider, document: JobDocument.fromBucket(bucket, 'reboot.json') }, other);

    Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
    Template.fromStack(other).resourceCountIs('AWS::IAM::Policy', 1);
  });
});

describe('what templates need of its role', () => {
  test('comes together in one policy, which each waits for', () => {
    const bucket = s3.Bucket.fromBucketName(stack, 'Bucket', 'documents');
    const role = new iam.Role(stack, 'Presign', { assumedBy: new iam.ServicePrincipal('iot.amazonaws.com') });
    declare('First', { document: JobDocument.fromBucket(bucket, 'first.json') });
    declare('Second', { document: JobDocument.fromBucket(bucket, 'second.json'), presignedUrlConfig: { role } });
    declare('Third', { document: JobDocument.fromBucket(bucket, 'second.json') });

    const template = Template.fromStack(stack);
    const [[id, policy]] = Object.entries(template.findResources('AWS::IAM::Policy'));
    const documents = ['first.json', 'second.json'].map(
      (key) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:s3:::documents/${key}`]] }),
    );
    assert.deepEqual(policy.Properties.PolicyDocument.Statement, [
      { Sid: 'ReadDocuments', Effect: 'Allow', Action: 's3:GetObject', Resource: documents },
      {
        Sid: 'PassPresignedUrlRoles', Effect: 'Allow', Action: 'iam:PassRole',
        Resource: stack.resolve(role.roleArn),
        Condition: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } },
      },
    ]);
    for (const resource of Object.values(template.findResources('Custom::IoTJobTemplate'))) {
      assert.ok(resource.DependsOn.includes(id));
    }
  });

  test('is nothing more for a template without role or bucket', () => {
    declare('Reboot');

    Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('has the key of an encrypted bucket with it', () => {
    const bucket = new s3.Bucket(stack, 'Bucket', { encryptionKey: new kms.Key(stack, 'Key') });
    declare('Reboot', { document: JobDocument.fromBucket(bucket, 'reboot.json') });

    assert.match(JSON.stringify(Template.fromStack(stack).toJSON()), /kms:Decrypt/);
  });
});

describe('cdk-nag', () => {
  const findings = () => {
    Aspects.of(app).add(new AwsSolutionsChecks());
    app.synth();
    const annotations = Annotations.fromStack(stack);
    return [...annotations.findError('*', Match.anyValue()), ...annotations.findWarning('*', Match.anyValue())]
      .map((finding) => `${finding.id} ${finding.entry.data}`);
  };

  test('finds nothing at the provider', () => {
    const role = new iam.Role(stack, 'Presign', { assumedBy: new iam.ServicePrincipal('iot.amazonaws.com') });
    const bucket = s3.Bucket.fromBucketName(stack, 'Bucket', 'documents');
    declare('Reboot', { document: JobDocument.fromBucket(bucket, 'reboot.json'), presignedUrlConfig: { role } });

    assert.deepEqual(findings(), []);
  });

  test('finds nothing at a provider in a VPC', () => {
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1', availabilityZones: ['a'], privateSubnetIds: ['subnet-1'], privateSubnetRouteTableIds: ['rtb-1'],
    });
    provide({ vpc });

    assert.deepEqual(findings(), []);
  });

  test('looks at all: what is not suppressed is found', () => {
    const role = provide().node.findChild('Role').node.defaultChild as CfnResource;
    role.addMetadata('cdk_nag', {});

    assert.match(findings().join(), /AwsSolutions-IAM5/);
  });
});
