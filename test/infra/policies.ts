/** Collects the IAM policies of a template, and asks a policy simulator what they allow. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { account, region, resolved } from './intrinsics.ts';

const Texts = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));

const Statement = z.object({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: Texts,
  Resource: Texts,
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
export type Statement = z.infer<typeof Statement>;

const Document = z.object({ Version: z.string(), Statement: z.array(Statement) });
const Inline = z.object({ PolicyName: z.string(), PolicyDocument: Document });

export interface RolePolicies {
  readonly roleId: string;
  readonly statements: readonly Statement[];
}

/** Everything that each role of the template may do, its own policies and the attached ones. */
export function rolePolicies(template: Template): readonly RolePolicies[] {
  const attached = resolved(template, 'AWS::IAM::Policy').map(({ properties }) => ({
    roles: z.array(z.string()).parse(properties['Roles'] ?? []),
    statements: Document.parse(properties['PolicyDocument']).Statement,
  }));
  return resolved(template, 'AWS::IAM::Role').map(({ id, properties }) => {
    const inline = z.array(Inline).parse(properties['Policies'] ?? []);
    const own = inline.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    return {
      roleId: id,
      statements: [
        ...own,
        ...attached.filter(({ roles }) => roles.includes(id)).flatMap((policy) => policy.statements),
      ],
    };
  });
}

/** What the function's own role may do. */
export function functionStatements(template: Template): readonly Statement[] {
  return statementsOf(template, (service) => service === 'lambda.amazonaws.com');
}

/** What EventBridge Scheduler may do. */
export function schedulerStatements(template: Template): readonly Statement[] {
  return statementsOf(template, (service) => service === 'scheduler.amazonaws.com');
}

function statementsOf(template: Template, isWanted: (service: string) => boolean): readonly Statement[] {
  const trust = z.object({ Statement: z.array(z.object({ Principal: z.object({ Service: z.string() }) })) });
  const role = resolved(template, 'AWS::IAM::Role').find(({ properties }) =>
    trust.parse(properties['AssumeRolePolicyDocument']).Statement.some(({ Principal }) => isWanted(Principal.Service)),
  );
  const found = rolePolicies(template).find(({ roleId }) => roleId === role?.id);
  if (found === undefined) throw new Error('the template has no such role');
  return found.statements;
}

/** A KMS key leaves its use to IAM by this policy, which the console and the CDK give it; without it IAM decides nothing. */
const defaultKeyPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' }],
};

export interface AwsCall {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** AWS's own decision about a call, as far as a simulator knows its rules. */
export async function isAllowed(
  statements: readonly Statement[],
  { action, resource, context = {} }: AwsCall,
): Promise<boolean> {
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:sts::${account}:assumed-role/collector/session`,
        action,
        resource: { resource, accountId: account },
        contextVariables: { 'aws:RequestedRegion': region, ...context },
      },
      identityPolicies: [{ name: 'role', policy: { Version: '2012-10-17', Statement: statements } }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: action.startsWith('kms:') ? defaultKeyPolicy : undefined,
    },
    {},
  );
  if (result.resultType === 'error') throw new Error(`${action}: ${result.errors.message}`);
  return result.overallResult === 'Allowed';
}
