/** The stack of this repository: one collector, and outputs that say what to do next. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { CollectorConfig } from '../lambda/config/schema.ts';
import { CiMetricsCollector } from './ci-metrics-collector.ts';
import { acknowledgeNames, checkStackSize } from './stack-limits.ts';
import { formatDashboardUrl } from './console.ts';
import { findFreeId } from './free-id.ts';
import type { CollectorSecret } from './access/secrets.ts';
import type { CollectorSettings } from './settings.ts';

export interface CiMetricsStackProps extends StackProps {
  readonly config: CollectorConfig;
  /** What code decides in place of the `deployment:` section. */
  readonly settings?: CollectorSettings;
}

/** The collector of this repository, and where to look and what to fill after a deployment. */
export class CiMetricsStack extends Stack {
  readonly collector: CiMetricsCollector;

  constructor(scope: Construct, id: string, { config, settings = {}, ...props }: CiMetricsStackProps) {
    super(scope, id, { description: 'CI metrics collector', ...props });
    this.collector = new CiMetricsCollector(this, 'Collector', { config, ...settings });
    const { dashboard, deadLetterQueue, function: fn, logGroup, secrets, stateTable, topic, webhooks } = this.collector;
    this.#output('FunctionName', fn.functionName, 'The function; an empty event starts a run by hand.');
    this.#output('LogGroupName', logGroup.logGroupName, 'One line a run.');
    this.#output('AlarmTopicArn', topic.topicArn, 'Subscribe to the alarms here.');
    this.#output('DeadLetterQueueUrl', deadLetterQueue.queueUrl, 'Runs that failed or could not be started.');
    if (stateTable !== undefined)
      this.#output('StateTableName', stateTable.tableName, 'Totals of the counters; kept when the stack is removed.');
    if (dashboard !== undefined)
      this.#output('DashboardUrl', formatDashboardUrl(this, dashboard.dashboardName), 'Look here.');
    for (const { source, url } of webhooks) {
      this.#output(this.#freeName(`WebhookUrl-${source}`), url, `Events of source ${source} are posted here.`);
    }
    this.#tellAssumedRoles();
    this.#tellClusterAccess();
    for (const [index, secret] of secrets.filter(({ isCreated }) => isCreated).entries()) {
      this.#output(`FillSecret${String(index + 1)}`, this.#putCommand(secret), `Secret ${secret.id} is created empty.`);
    }
    acknowledgeNames(this, config);
    checkStackSize(this);
  }

  #tellAssumedRoles(): void {
    const { assumedRoleArns, function: fn } = this.collector;
    if (assumedRoleArns.length === 0 || fn.role === undefined) return;
    this.#output('FunctionRoleArn', fn.role.roleArn, `To be trusted by ${assumedRoleArns.join(', ')}.`);
  }

  #tellClusterAccess(): void {
    for (const [index, { cluster, accessEntryCommand, rightsCommand }] of this.collector.eksClusters.entries()) {
      const number = String(index + 1);
      this.#output(`EnterCluster${number}`, accessEntryCommand, `Lets the function into the EKS cluster ${cluster}.`);
      this.#output(`ClusterRights${number}`, rightsCommand, `What it may read in ${cluster}; for an administrator.`);
    }
  }

  #output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }

  /** CloudFormation takes letters and digits alone, and sources `a-b` and `ab` have the same. */
  #freeName(wanted: string): string {
    const name = wanted.replace(/[^A-Za-z0-9]/g, '');
    return findFreeId(this, name);
  }

  #putCommand({ id, keys }: CollectorSecret): string {
    const value =
      keys.length === 0 ? '<value>' : JSON.stringify(Object.fromEntries(keys.map((key) => [key, `<${key}>`])));
    const quoted = `'${value.replaceAll("'", String.raw`'\''`)}'`;
    return `aws secretsmanager put-secret-value --region ${this.region} --secret-id ${id} --secret-string ${quoted}`;
  }
}
