/** Where the AWS console is: each partition of AWS has a domain of its own. */
import { Aws, CfnCondition, Fn, type Stack, Token } from 'aws-cdk-lib/core';

/** The partitions by how their Regions begin. Others, for governments alone, have no public address. */
const domains = [
  { partition: 'aws-cn', regions: /^cn-/, domain: 'console.amazonaws.cn' },
  { partition: 'aws-us-gov', regions: /^us-gov-/, domain: 'console.amazonaws-us-gov.com' },
  { partition: 'aws-eusc', regions: /^eusc-/, domain: 'console.amazonaws-eusc.eu' },
] as const;

const commercial = 'console.aws.amazon.com';

/** Leads to a dashboard of CloudWatch in the Region of the stack. */
export function formatDashboardUrl(stack: Stack, name: string): string {
  return `https://${stack.region}.${chooseConsoleDomain(stack)}/cloudwatch/home?region=${stack.region}#dashboards/dashboard/${name}`;
}

/** A stack that does not know its Region learns the partition when it is deployed. */
export function chooseConsoleDomain(stack: Stack): string {
  const { region } = stack;
  if (!Token.isUnresolved(region)) return domains.find(({ regions }) => regions.test(region))?.domain ?? commercial;
  const conditions = domains.map(({ partition, domain }) => ({
    domain,
    id: findCondition(stack, partition).logicalId,
  }));
  return conditions.reduce((otherwise, { domain, id }) => Fn.conditionIf(id, domain, otherwise).toString(), commercial);
}

/** The stack has each condition once. */
function findCondition(stack: Stack, partition: string): CfnCondition {
  const id = `In-${partition}`;
  const known = stack.node.tryFindChild(id);
  if (known instanceof CfnCondition) return known;
  return new CfnCondition(stack, id, { expression: Fn.conditionEquals(Aws.PARTITION, partition) });
}
