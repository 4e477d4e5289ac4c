import {
  Annotations, ArnFormat, CustomResource, Duration, IResource, ITaggableV2, Lazy, RemovalPolicy, Resource, Stack, TagManager,
  TagType, Token, aws_iam as iam,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { check, Properties } from './check';
import { MapSpec } from './kinds';
import { nearest } from './nearest';
import { Permissions } from './permissions';
import { JobTemplateOptions } from './properties';
import { IJobTemplateProvider, JobTemplateProvider } from './provider';
import { quoted } from './scalars';
import { PROPERTIES } from './table';

/** A job template. */
export interface IJobTemplate extends IResource {
  /**
   * The template's id.
   *
   * @attribute
   */
  readonly jobTemplateId: string;

  /**
   * The template's ARN.
   *
   * @attribute
   */
  readonly jobTemplateArn: string;

  /**
   * Lets somebody create jobs from this template.
   *
   * @param grantee who
   * @param targetArns the things and thing groups that jobs may have as targets; all of the account's if none is given
   */
  grantCreateJob(grantee: iam.IGrantable, ...targetArns: string[]): iam.Grant;
}

/** A job template, and who sees to it. */
export interface JobTemplateProps extends JobTemplateOptions {
  /**
   * The function that sees to it.
   *
   * @default - the stack's own, `JobTemplateProvider.getOrCreate`
   */
  readonly provider?: IJobTemplateProvider;

  /**
   * What becomes of the template when it is no longer in the stack.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * How long CloudFormation waits for an answer. The function is done by then.
   *
   * @default - an hour
   */
  readonly serviceTimeout?: Duration;
}

abstract class JobTemplateBase extends Resource implements IJobTemplate {
  public abstract readonly jobTemplateId: string;
  public abstract readonly jobTemplateArn: string;

  public grantCreateJob(grantee: iam.IGrantable, ...targetArns: string[]): iam.Grant {
    // IoT checks the one action against the job, the template and each target.
    const all = (resource: string) => arn(this, resource, '*');
    const targets = targetArns.length > 0 ? targetArns : [all('thing'), all('thinggroup')];
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['iot:CreateJob'],
      resourceArns: [this.jobTemplateArn, all('job'), ...targets],
    });
  }
}

/** An AWS IoT job template that the stack owns. */
export class JobTemplate extends JobTemplateBase implements ITaggableV2 {
  /**
   * A template that is there already, by its ARN.
   *
   * @param scope the construct that it becomes part of
   * @param id its id there
   * @param jobTemplateArn the template's ARN
   */
  public static fromJobTemplateArn(scope: Construct, id: string, jobTemplateArn: string): IJobTemplate {
    class Import extends JobTemplateBase {
      public readonly jobTemplateArn = jobTemplateArn;
      public readonly jobTemplateId = Stack.of(scope).splitArn(jobTemplateArn, ArnFormat.SLASH_RESOURCE_NAME).resourceName!;
    }
    return new Import(scope, id, { environmentFromArn: jobTemplateArn });
  }

  /**
   * A template of this account and region that is there already, by its id.
   *
   * @param scope the construct that it becomes part of
   * @param id its id there
   * @param jobTemplateId the template's id
   */
  public static fromJobTemplateId(scope: Construct, id: string, jobTemplateId: string): IJobTemplate {
    return JobTemplate.fromJobTemplateArn(scope, id, arn(scope, 'jobtemplate', jobTemplateId));
  }

  public readonly jobTemplateId: string;
  public readonly jobTemplateArn: string;
  public readonly cdkTagManager: TagManager;
  /** What sees to it. */
  public readonly provider: IJobTemplateProvider;

  constructor(scope: Construct, id: string, props: JobTemplateProps) {
    super(scope, id);
    this.cdkTagManager = new TagManager(TagType.STANDARD, RESOURCE_TYPE, tagList(props.tags));

    const problems: string[] = [];
    const properties = toProperties(this, PROPERTIES, props, problems);
    const tags = () => renderedTags(this.cdkTagManager);
    const checked = () => check({ ...properties, Tags: tags() }, props.document?._text);
    problems.push(...checked());
    if (problems.length > 0) {
      throw new Error(`${this.node.path} is no job template: ${problems.join('; ')}`);
    }
    // Tags come until synthesis.
    this.node.addValidation({ validate: checked });

    this.provider = props.provider ?? JobTemplateProvider.getOrCreate(this);
    const resource = new CustomResource(this, 'Resource', {
      resourceType: RESOURCE_TYPE,
      serviceToken: this.provider.serviceToken,
      serviceTimeout: props.serviceTimeout,
      removalPolicy: props.removalPolicy,
      properties: { ...properties, Tags: Lazy.any({ produce: tags }, { omitEmptyArray: true }) },
    });
    this.jobTemplateId = resource.ref;
    this.jobTemplateArn = resource.getAttString('Arn');
    this.grantTo(this.provider, resource, props);
  }

  /** Gives the provider what this template needs of it. */
  private grantTo(provider: IJobTemplateProvider, resource: CustomResource, props: JobTemplateProps): void {
    const role = props.presignedUrlConfig?.role;
    const object = props.document?._object;
    if (role === undefined && object === undefined) {
      return;
    }
    if (provider.role === undefined) {
      const warn = (action: string, on: string) =>
        Annotations.of(this).addWarningV2(
          'iot-job-template-cdk:provider-without-role',
          `the provider comes from elsewhere, and its role is not known: it needs ${action} on ` +
          (Token.isUnresolved(on) ? JSON.stringify(Stack.of(this).resolve(on)) : on),
        );
      if (role !== undefined) {
        warn('iam:PassRole', role.roleArn);
      }
      if (object !== undefined) {
        warn('s3:GetObject', object.bucket.arnForObjects(object.key));
      }
      return;
    }
    const permissions = Permissions.of(this, provider.role);
    if (role !== undefined) {
      permissions.passRole(role);
    }
    if (object !== undefined) {
      permissions.readDocument(object.bucket.arnForObjects(object.key));
      if (object.bucket.encryptionKey !== undefined) {
        permissions.decrypt(object.bucket.encryptionKey.keyArn);
      }
    }
    resource.node.addDependency(permissions);
  }
}

const RESOURCE_TYPE = 'Custom::IoTJobTemplate';

function arn(scope: Construct, resource: string, resourceName: string): string {
  return Stack.of(scope).formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
}

function tagList(tags: { [key: string]: string } = {}): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function renderedTags(manager: TagManager): { Key: string; Value: string }[] {
  return (manager.renderTags() ?? []).map((tag: { key: string; value: string }) => ({ Key: tag.key, Value: tag.value }));
}

/** Props as the property language has them: under CloudFormation's names, durations as numbers, roles as ARNs. */
function toProperties(scope: Construct, spec: MapSpec, props: any, problems: string[]): Properties {
  const properties: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || (spec === PROPERTIES && OF_THE_RESOURCE.includes(name))) {
      continue;
    }
    const member = spec.members.find((candidate) => candidate.prop === name);
    if (member === undefined) {
      problems.push(unknownProp(spec, name));
    } else if (member.becomes === 'document') {
      Object.assign(properties, (value as any)._render(scope));
    } else if (member.becomes !== 'tags') {
      properties[member.name] = toProperty(scope, member.kind, member.becomes, value, problems);
    }
  }
  return properties;
}

const OF_THE_RESOURCE = ['provider', 'removalPolicy', 'serviceTimeout'];

function toProperty(scope: Construct, kind: any, becomes: string | undefined, value: any, problems: string[]): unknown {
  switch (becomes) {
    case 'minutes':
      return value.toMinutes({ integral: false });
    case 'seconds':
      return value.toSeconds({ integral: false });
    case 'role':
      return value.roleArn;
    case 'adopt':
      return value.value;
  }
  if (Token.isUnresolved(value)) {
    return value;
  }
  if (kind.kind === 'list' && Array.isArray(value)) {
    return value.map((item) => toProperty(scope, kind.of, undefined, item, problems));
  }
  return kind.kind === 'map' && typeof value === 'object' ? toProperties(scope, kind.spec, value, problems) : value;
}

function unknownProp(spec: MapSpec, name: string): string {
  const known = spec.members.flatMap((member) => member.prop ?? []);
  const meant = nearest(name, known);
  return `unknown key ${quoted(name)} (${meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`})`;
}
