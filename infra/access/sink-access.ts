/** Lets the function publish where its sinks do, and assume the roles that are configured. */
import * as iam from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { collectorMetrics } from '../../lambda/model/catalogue/collector-metrics.ts';
import type { AwsGrant } from '../../lambda/sinks/sink.ts';
import { type Prepared, collectSourceMetrics } from '../prepared.ts';
import { allowAll } from './statements.ts';

/** Every right in AWS that the configured sinks need, each once. */
export function collectSinkGrants(prepared: Prepared): readonly AwsGrant[] {
  // Sinks send the collector's own metrics only where they are asked to; otherwise these are in the function's log.
  const isSent = prepared.cloudWatchSinks.some((sink) => sink.collectorMetrics === 'api');
  const metrics = [...collectSourceMetrics(prepared), ...(isSent ? collectorMetrics : [])];
  return prepared.sinks.flatMap((sink) => sink.grants(metrics));
}

/** Lets the function publish where its sinks do, and nowhere else. */
export function grantSinkAccess(scope: Construct, grantee: iam.IGrantable, grants: readonly AwsGrant[]): void {
  const namespaces = grants.flatMap((grant) => (grant.kind === 'put-metric-data' ? grant.namespaces : []));
  if (namespaces.length > 0) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'PublishMetrics',
        actions: ['cloudwatch:PutMetricData'],
        // The action has no resource; its namespace is what can be held.
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': [...new Set(namespaces)].sort() } },
      }),
    );
  }
  if (grants.some(({ kind }) => kind === 'put-otlp-metrics')) {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'PublishMetricsByOtlp',
        actions: ['cloudwatch:PutMetricData'],
        // OTLP knows neither a resource nor a namespace that could be held.
        resources: ['*'],
      }),
    );
  }
  const workspaces = grants.flatMap((grant) =>
    grant.kind === 'aps-remote-write' ? [formatWorkspaceArn(scope, grant)] : [],
  );
  const resources = [...new Set(workspaces)];
  allowAll(grantee.grantPrincipal, { sid: 'WriteToPrometheus', actions: ['aps:RemoteWrite'], resources });
}

/** Lets the function take on the roles that sources and sinks are configured with, and no others. */
export function grantAssumeRole(grantee: iam.IGrantable, roleArns: readonly string[]): void {
  const resources = [...new Set(roleArns)].sort();
  allowAll(grantee.grantPrincipal, { sid: 'AssumeConfiguredRoles', actions: ['sts:AssumeRole'], resources });
}

/** The roles of other accounts that the configuration names. */
export function collectAssumedRoles({ sources }: Prepared, grants: readonly AwsGrant[]): readonly string[] {
  return [
    ...sources.flatMap(({ roles }) => roles),
    ...grants.flatMap((grant) => (grant.kind === 'assume-role' ? [grant.roleArn] : [])),
  ];
}

function formatWorkspaceArn(scope: Construct, grant: Extract<AwsGrant, { kind: 'aps-remote-write' }>): string {
  const { region, workspaceId } = grant;
  return Stack.of(scope).formatArn({ service: 'aps', region, resource: 'workspace', resourceName: workspaceId });
}
