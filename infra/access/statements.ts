/** Rights on many things, in statements that are short enough for any policy. */
import * as iam from 'aws-cdk-lib/aws-iam';
import { Token } from 'aws-cdk-lib/core';

/**
 * IAM quotas: a managed policy has 6,144 characters, blanks aside. The CDK divides what is too long for a role among such
 * policies, but a statement only as a whole; the rest of the room is for what else a statement has.
 */
const mostCharacters = 4_000;

/** `arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:…-Ab12Cd` and what stands around it in a list. */
const ofArn = 90;

/** What CloudFormation names is at most this long: a queue, for instance. */
const ofUnknownName = 80;

export interface Rights {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly (string | NamedArn)[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** An ARN that is known only when the stack is deployed, with the name in it. */
export interface NamedArn {
  readonly arn: string;
  readonly name: string;
}

/** Nothing where there is nothing to allow. */
export function allowAll(principal: iam.IPrincipal, { sid, actions, resources, conditions }: Rights): void {
  for (const [index, arns] of divideResources(resources).entries()) {
    const number = index === 0 ? '' : String(index + 1);
    const statement = new iam.PolicyStatement({
      sid: `${sid}${number}`,
      actions: [...actions],
      resources: [...arns],
      ...(conditions === undefined ? {} : { conditions }),
    });
    principal.addToPrincipalPolicy(statement);
  }
}

function divideResources(resources: Rights['resources']): readonly (readonly string[])[] {
  const parts: string[][] = [];
  let left = 0;
  for (const resource of resources) {
    const length = measureResource(resource);
    if (length > left) {
      parts.push([]);
      left = mostCharacters;
    }
    parts.at(-1)?.push(typeof resource === 'string' ? resource : resource.arn);
    left -= length;
  }
  return parts;
}

function measureResource(resource: string | NamedArn): number {
  if (typeof resource !== 'string') return ofArn + resource.name.length;
  return Token.isUnresolved(resource) ? ofArn + ofUnknownName : ofArn + resource.length;
}
