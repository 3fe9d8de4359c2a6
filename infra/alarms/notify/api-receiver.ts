/** Makes what posts messages to one HTTP API: a connection with its secret, destinations and rules. */
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Annotations, Aws } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { refuseGap } from '../../region-gaps.ts';
import { type ChosenAlarms, listTopics, type PlacedReceiver } from './choose-receivers.ts';
import { createMessageRules } from './message-rules.ts';
import { buildRetries } from './retries.ts';
import { type ApiReceiver, describeAccess, listRequests, type VendorRequest } from './vendor-requests.ts';

export interface ReceiverOptions {
  readonly collector: string;
  readonly placed: PlacedReceiver;
  readonly chosen: ChosenAlarms;
  /** Takes what could not be delivered. */
  readonly undelivered: sqs.IQueue;
}

/** @returns the rules, whose dead letters the queue has to take. */
export function createApiReceiver(
  scope: Construct,
  receiver: ApiReceiver,
  { collector, placed, chosen, undelivered }: ReceiverOptions,
): readonly events.Rule[] {
  refuseGap(scope, 'api-destination');
  if (receiver.kind === 'opsgenie') warnOfEnd(scope, placed.path);
  const requests = listRequests(receiver);
  const { authorization, bodyParameters } = describeAccess(receiver);
  const connection = new events.Connection(scope, 'Connection', {
    description: `Secret for the receiver "${placed.name}" of alarms.`,
    authorization,
    ...(bodyParameters === undefined ? {} : { bodyParameters: { ...bodyParameters } }),
  });
  const destinations = createDestinations(scope, connection, requests);
  const role = createRole(scope, [...destinations.values()]);
  const retries = buildRetries(undelivered);
  return requests.flatMap(({ id, endpoint, pathValues, body, level, states, where }) => {
    const destination = destinations.get(endpoint);
    if (destination === undefined) return [];
    const target = {
      arn: destination.apiDestinationArn,
      role,
      input: events.RuleTargetInput.fromObject(body),
      ...(pathValues === undefined ? {} : { httpParameters: { pathParameterValues: [...pathValues] } }),
    };
    const description = `Tells the receiver "${placed.name}" of alarms of the CI metrics collector.`;
    const topics = listTopics(chosen).filter((topic) => level === 'both' || topic.startsWith(`${level}/`));
    return createMessageRules(scope, { id, description, collector, topics, states, where, target }, retries);
  });
}

function createDestinations(
  scope: Construct,
  connection: events.IConnection,
  requests: readonly VendorRequest[],
): ReadonlyMap<string, events.ApiDestination> {
  const endpoints = [...new Set(requests.map(({ endpoint }) => endpoint))];
  const made = endpoints.map((endpoint, index) => {
    const destination = new events.ApiDestination(
      scope,
      index === 0 ? 'Destination' : `Destination${String(index + 1)}`,
      {
        connection,
        endpoint,
        httpMethod: events.HttpMethod.POST,
        // Alarms change a few times an hour; more is a storm that the receiver must not multiply.
        rateLimitPerSecond: 1,
      },
    );
    return [endpoint, destination] as const;
  });
  return new Map(made);
}

function createRole(scope: Construct, destinations: readonly events.ApiDestination[]): iam.Role {
  const resources = destinations.map(({ apiDestinationArn }) => apiDestinationArn);
  return new iam.Role(scope, 'Role', {
    description: 'Lets EventBridge tell the receiver of alarms.',
    assumedBy: new iam.ServicePrincipal('events.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    inlinePolicies: {
      Invoke: new iam.PolicyDocument({
        statements: [new iam.PolicyStatement({ actions: ['events:InvokeApiDestination'], resources })],
      }),
    },
  });
}

/** support.atlassian.com, "Opsgenie end of support": sold no more since June 2025. */
function warnOfEnd(scope: Construct, path: string): void {
  Annotations.of(scope).addWarningV2(
    'ci-metrics:opsgenie',
    `${path}: OpsGenie ends on 5 April 2027, its API with it, and nobody is told from then on; move to Jira Service Management and use the kind jira-service-management`,
  );
}
