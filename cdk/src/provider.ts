import * as fs from 'fs';
import * as path from 'path';
import {
  ArnFormat, CfnOutput, CfnResource, Duration, Fn, IResource, RemovalPolicy, Resource, Stack,
  aws_cloudwatch as cloudwatch, aws_ec2 as ec2, aws_iam as iam, aws_lambda as lambda, aws_logs as logs,
} from 'aws-cdk-lib';
import { Construct, IConstruct } from 'constructs';

/** The function behind `Custom::IoTJobTemplate`. */
export interface IJobTemplateProvider extends IResource {
  /** What a `Custom::IoTJobTemplate` names as its ServiceToken: the function's ARN. */
  readonly serviceToken: string;

  /**
   * The function's role. It is given what templates need of it.
   *
   * @default - not known: whoever deploys the provider grants that
   */
  readonly role?: iam.IRole;
}

/** How a provider is deployed. */
export interface JobTemplateProviderProps {
  /**
   * The processor that the function runs on.
   *
   * @default - what the context `iot-job-template-cdk:architecture` says (`arm64` or `x86_64`), or arm64
   */
  readonly architecture?: lambda.Architecture;

  /**
   * The function's name. With one that stays, a provider that was deleted and deployed anew has its old ARN, and so its old
   * ServiceToken.
   *
   * @default - CloudFormation makes one up
   */
  readonly functionName?: string;

  /**
   * How long one request may take. More time is more patience with an IoT API that throttles.
   *
   * @default Duration.minutes(5)
   */
  readonly timeout?: Duration;

  /**
   * Requests that may run at the same time. A limit keeps a stack with hundreds of job templates from spending its time on
   * IoT's throttling.
   *
   * @default - no limit of its own
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * How long the function's log is kept.
   *
   * @default logs.RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * The VPC that the function runs in. It needs a way from there to AWS IoT and to S3, where CloudFormation takes answers.
   *
   * @default - none
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Where in the VPC.
   *
   * @default - the Vpc default strategy
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The function's security groups in the VPC.
   *
   * @default - a new one
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The most that the function's role may be granted.
   *
   * @default - what iam.PermissionsBoundary.of() says
   */
  readonly permissionsBoundary?: iam.IManagedPolicy;

  /**
   * Who is told when a request could not be answered or the function met an error of its own. There are two alarms if this
   * is given, also if it is an empty list.
   *
   * @default - no alarms
   */
  readonly alarmActions?: cloudwatch.IAlarmAction[];

  /**
   * Another IoT endpoint than the region's own, such as a FIPS endpoint.
   *
   * @default - the region's
   */
  readonly iotEndpointUrl?: string;

  /**
   * The name under which the stack exports the ServiceToken, for `JobTemplateProvider.fromExport`.
   *
   * @default - no export
   */
  readonly exportName?: string;
}

/** How to find the provider of another stack. */
export interface JobTemplateProviderAttributes {
  /**
   * The role of the provider's function, which is given what the templates of this stack need.
   *
   * @default - not known: whoever deploys the provider grants that
   */
  readonly role?: iam.IRole;
}

/**
 * The function behind `Custom::IoTJobTemplate`, as a template of this library's version has it.
 *
 * A `JobTemplate` makes one for its stack by itself. Make one to say how it is deployed, or to share it among stacks.
 */
export class JobTemplateProvider extends Resource implements IJobTemplateProvider {
  /**
   * The stack's own provider, which is made if it is not there yet.
   *
   * @param scope anything in the stack
   */
  public static getOrCreate(scope: Construct): JobTemplateProvider {
    const stack = Stack.of(scope);
    return (stack.node.tryFindChild(SINGLETON) as JobTemplateProvider) ?? new JobTemplateProvider(stack, SINGLETON);
  }

  /**
   * A provider that is deployed already.
   *
   * @param scope the construct that it becomes part of
   * @param id its id there
   * @param serviceToken the function's ARN
   * @param attributes what else is known of it
   */
  public static fromServiceToken(
    scope: Construct, id: string, serviceToken: string, attributes: JobTemplateProviderAttributes = {},
  ): IJobTemplateProvider {
    class Import extends Resource implements IJobTemplateProvider {
      public readonly serviceToken = serviceToken;
      public readonly role = attributes.role;
    }
    return new Import(scope, id);
  }

  /**
   * A provider whose stack exports its ServiceToken: one with an `exportName`, or that of template.yaml, which exports
   * `STACKNAME-ServiceToken`.
   *
   * @param scope the construct that it becomes part of
   * @param id its id there
   * @param exportName the export's name
   * @param attributes what else is known of it
   */
  public static fromExport(
    scope: Construct, id: string, exportName: string, attributes: JobTemplateProviderAttributes = {},
  ): IJobTemplateProvider {
    return JobTemplateProvider.fromServiceToken(scope, id, Fn.importValue(exportName), attributes);
  }

  public readonly serviceToken: string;
  public readonly role?: iam.IRole;
  /** The function. */
  public readonly function: lambda.IFunction;
  /** Where the function writes its log. */
  public readonly logGroup: logs.ILogGroup;

  // The ids of these constructs, and so the logical ids, never change: ServiceTokens hang on them.
  constructor(scope: Construct, id: string, props: JobTemplateProviderProps = {}) {
    super(scope, id);
    const architecture = props.architecture ?? architectureByContext(this);

    const logGroup = new logs.LogGroup(this, 'LogGroup', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', {
      description: 'What the function behind Custom::IoTJobTemplate may do',
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      permissionsBoundary: props.permissionsBoundary,
      inlinePolicies: policies(this, logGroup, props.vpc !== undefined),
    });
    this.function = new lambda.Function(this, 'Function', {
      functionName: props.functionName,
      description: 'Custom::IoTJobTemplate for CloudFormation',
      code: lambda.Code.fromAsset(functionZip(architecture.name)),
      handler: 'bootstrap',
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture,
      // The least there is. A request waits for IoT nearly all the time, and the program needs a few MiB.
      memorySize: 128,
      timeout: props.timeout ?? Duration.minutes(5),
      role,
      reservedConcurrentExecutions: props.reservedConcurrentExecutions,
      // CloudFormation gives up on a custom resource after an hour at the latest.
      maxEventAge: Duration.hours(1),
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup,
      environment: props.iotEndpointUrl === undefined ? undefined : { AWS_ENDPOINT_URL_IOT: props.iotEndpointUrl },
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
    });
    this.role = role;
    this.logGroup = logGroup;
    this.serviceToken = this.function.functionArn;
    if (props.vpc !== undefined) {
      // Lambda, and not the program in it, makes the network interfaces.
      new iam.Policy(this, 'KeepOutOfVpc', {
        roles: [role],
        statements: [
          new iam.PolicyStatement({
            effect: iam.Effect.DENY,
            actions: VPC_ACTIONS,
            resources: ['*'],
            conditions: { ArnEquals: { 'lambda:SourceFunctionArn': this.function.functionArn } },
          }),
        ],
      });
    }
    suppress(role, 'AwsSolutions-IAM5', props.vpc === undefined ? WHY_WILDCARDS : `${WHY_WILDCARDS} ${WHY_ALL_INTERFACES}`);

    for (const name of props.alarmActions === undefined ? [] : ['Unanswered', 'FailedPanic']) {
      const alarm = this.metric(name).createAlarm(this, `${name}Alarm`, {
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(...props.alarmActions!);
    }
    if (props.exportName !== undefined) {
      new CfnOutput(this, 'ServiceToken', { value: this.serviceToken, exportName: props.exportName });
    }
  }

  /**
   * A metric of the function: `Succeeded`, `Failed`, `FailedBadRequest`, `FailedRefused`, `FailedOvertaken`,
   * `FailedOutOfTime`, `FailedPanic`, `Unanswered`, `Throttles` or `Duration`.
   *
   * @param metricName which
   * @param options how it is counted: by its sum over five minutes, if this does not say otherwise
   */
  public metric(metricName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'IoTJobTemplate',
      metricName,
      dimensionsMap: { FunctionName: this.function.functionName },
      statistic: 'Sum',
      ...options,
    });
  }
}

const SINGLETON = 'IoTJobTemplateProvider';
const ARCHITECTURE = 'iot-job-template-cdk:architecture';

function architectureByContext(scope: Construct): lambda.Architecture {
  const known = [lambda.Architecture.ARM_64, lambda.Architecture.X86_64];
  const name = scope.node.tryGetContext(ARCHITECTURE) ?? lambda.Architecture.ARM_64.name;
  const architecture = known.find((candidate) => candidate.name === name);
  if (architecture === undefined) {
    throw new Error(`the context ${ARCHITECTURE} is ${JSON.stringify(name)} (it takes arm64 or x86_64)`);
  }
  return architecture;
}

/** The function's zip for a processor, which the package has inside. */
function functionZip(architecture: string): string {
  const directory = path.join(__dirname, '..', 'function');
  const zip = path.join(directory, `${architecture}.zip`);
  if (!fs.existsSync(zip)) {
    const there = fs.existsSync(directory) ? fs.readdirSync(directory).filter((file) => file.endsWith('.zip')) : [];
    throw new Error(
      `this build of iot-job-template-cdk has no function for ${architecture}, only ${there.join(', ') || 'none at all'}: ` +
      `choose another architecture (the context ${ARCHITECTURE}, or that of a JobTemplateProvider)`,
    );
  }
  return zip;
}

const VPC_ACTIONS = [
  'ec2:AssignPrivateIpAddresses', 'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets', 'ec2:UnassignPrivateIpAddresses',
];

/** What template.yaml grants the function. What templates need beside it is granted where they are declared. */
function policies(scope: Construct, logGroup: logs.ILogGroup, inVpc: boolean): { [name: string]: iam.PolicyDocument } {
  const arn = (resource: string) =>
    Stack.of(scope).formatArn({ service: 'iot', resource, resourceName: '*', arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  const document = (...statements: iam.PolicyStatementProps[]) =>
    new iam.PolicyDocument({ statements: statements.map((statement) => new iam.PolicyStatement(statement)) });
  return {
    IoTJobTemplates: document(
      {
        sid: 'OwnJobTemplates',
        actions: [
          'iot:DescribeJobTemplate', 'iot:DeleteJobTemplate', 'iot:ListTagsForResource', 'iot:TagResource', 'iot:UntagResource',
        ],
        resources: [arn('jobtemplate')],
      },
      {
        sid: 'CreateJobTemplates',
        actions: ['iot:CreateJobTemplate'],
        resources: [arn('jobtemplate'), arn('job'), arn('package')],
      },
    ),
    Log: document({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
    ...(inVpc && { Vpc: document({ actions: VPC_ACTIONS, resources: ['*'] }) }),
  };
}

const WHY_WILDCARDS =
  'The provider owns job templates whose ids it cannot know; it touches only those whose tags name the stack that asks. ' +
  'A job template can be made from any job and for any package version. The log group has streams of any name.';
const WHY_ALL_INTERFACES = 'Lambda makes the network interfaces in a VPC, and EC2 names no resource for them beforehand.';

/** Suppresses a finding of cdk-nag, in the form in which that reads it. */
function suppress(construct: IConstruct, id: string, reason: string): void {
  (construct.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}

