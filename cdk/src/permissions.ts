import { Names, Stack, aws_iam as iam } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/**
 * What the templates of one stack need of a provider's role. A policy in the templates' own stack: so a provider that is
 * shared does not come to depend on the stacks that use it.
 */
export class Permissions extends Construct {
  public static of(scope: Construct, role: iam.IRole): Permissions {
    const stack = Stack.of(scope);
    const id = `IoTJobTemplatePermissions${Names.nodeUniqueId(role.node)}`;
    return (stack.node.tryFindChild(id) as Permissions) ?? new Permissions(stack, id, role);
  }

  private readonly policy: iam.Policy;
  private readonly statements = new Map<string, iam.PolicyStatement>();

  private constructor(scope: Construct, id: string, role: iam.IRole) {
    super(scope, id);
    this.policy = new iam.Policy(this, 'Policy', { roles: [role] });
  }

  /** Whoever may pass a role hands on its permissions: only to IoT. */
  public passRole(role: iam.IRole): void {
    this.allow('PassPresignedUrlRoles', 'iam:PassRole', role.roleArn, {
      StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' },
    });
  }

  /** IoT reads a document once, while it creates the template, with the permissions of the provider's role. */
  public readDocument(objectArn: string): void {
    this.allow('ReadDocuments', 's3:GetObject', objectArn);
  }

  /** What the key of a bucket's encryption keeps from whoever may only read the object. */
  public decrypt(keyArn: string): void {
    this.allow('DecryptDocuments', 'kms:Decrypt', keyArn);
  }

  private allow(sid: string, action: string, resource: string, conditions?: iam.Conditions): void {
    let statement = this.statements.get(sid);
    if (statement === undefined) {
      statement = new iam.PolicyStatement({ sid, actions: [action], resources: [resource], conditions });
      this.statements.set(sid, statement);
      this.policy.addStatements(statement);
    } else if (!statement.resources.includes(resource)) {
      statement.addResources(resource);
    }
  }
}
