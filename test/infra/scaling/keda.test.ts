/** Tests of the manifests for KEDA: they hold what runs while figures are missing, and name what KEDA knows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';

const folder = join(import.meta.dirname, '../../../examples/keda');
const manifests = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

/** Values of a trigger are texts, whatever they mean. */
const Whole = z.string().regex(/^\d+$/);

/** Parameters of KEDA 2.20 (its reference of scalers, "Prometheus"). */
const PrometheusTrigger = z.strictObject({
  type: z.literal('prometheus'),
  metadata: z.strictObject({
    serverAddress: z.url(),
    query: z.string(),
    threshold: Whole,
    ignoreNullValues: z.literal('false'),
  }),
});

/** Parameters of KEDA 2.20 (its reference of scalers, "AWS CloudWatch"). */
const CloudWatchTrigger = z.strictObject({
  type: z.literal('aws-cloudwatch'),
  name: z.string(),
  metadata: z
    .strictObject({
      awsRegion: z.string(),
      namespace: z.string(),
      metricName: z.string(),
      dimensionName: z.string(),
      dimensionValue: z.string(),
      targetMetricValue: Whole,
      minMetricValue: Whole,
      // The defaults are Average, 300 and 300.
      metricStat: z.literal('Maximum'),
      metricStatPeriod: z.literal('60'),
      metricCollectionTime: Whole,
      ignoreNullValues: z.literal('false'),
    })
    .refine(
      ({ metricStatPeriod, metricCollectionTime }) => Number(metricCollectionTime) % Number(metricStatPeriod) === 0,
    )
    .refine(
      ({ dimensionName, dimensionValue }) => dimensionName.split(';').length === dimensionValue.split(';').length,
    ),
  authenticationRef: z.strictObject({ name: z.string() }),
});

const shared = {
  pollingInterval: z.int(),
  maxReplicaCount: z.int(),
  triggers: z.array(z.discriminatedUnion('type', [PrometheusTrigger, CloudWatchTrigger])),
};

/** Of KEDA's definitions what the manifests use; strict, so that no `fallback` gets in. */
const Scaled = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('ScaledObject'),
    spec: z.strictObject({
      ...shared,
      scaleTargetRef: z.strictObject({ name: z.string() }),
      cooldownPeriod: z.int(),
      minReplicaCount: z.literal(0),
      advanced: z
        .strictObject({
          scalingModifiers: z.strictObject({
            formula: z.string(),
            target: Whole,
            metricType: z.literal('AverageValue'),
          }),
        })
        .optional(),
    }),
  }),
  z.object({
    kind: z.literal('ScaledJob'),
    spec: z.strictObject({
      ...shared,
      successfulJobsHistoryLimit: z.int(),
      failedJobsHistoryLimit: z.int(),
      // KEDA's default deletes the Jobs that run, whenever the manifest changes.
      rollout: z.strictObject({ strategy: z.literal('gradual') }),
      scalingStrategy: z.strictObject({
        strategy: z.literal('accurate'),
        pendingPodConditions: z.tuple([z.literal('Ready')]),
      }),
      jobTargetRef: z.object({ template: z.object({ spec: z.object({ restartPolicy: z.literal('Never') }) }) }),
    }),
  }),
]);

function readScaled(file: string): z.infer<typeof Scaled> {
  const [first] = parseAllDocuments(readFileSync(join(folder, file), 'utf8'));
  return Scaled.parse(first?.toJS());
}

/** Which of Buildkite's metrics counts jobs of which state. */
const stateByMetric: Readonly<Record<string, string>> = { ScheduledJobsCount: 'queued', RunningJobsCount: 'running' };

/** States of jobs that the triggers count. */
function statesOf({ spec }: z.infer<typeof Scaled>): readonly string[] {
  return spec.triggers.flatMap((trigger) =>
    trigger.type === 'aws-cloudwatch'
      ? [stateByMetric[trigger.metadata.metricName] ?? 'unknown']
      : trigger.metadata.query.split(' + ').map(stateOf),
  );
}

/** The state that one sum of a query is about. */
function stateOf(sum: string): string {
  const labels = 'source="buildkite", scope="production", queue="default", state=';
  const found = /^sum\((\w+)\{(.*)"(\w+)"\}\)$/.exec(sum);
  expect(found?.slice(1, 3)).toEqual([queueJobs.name, labels]);
  return found?.[3] ?? 'unknown';
}

describe('the manifests for KEDA', () => {
  it.each(manifests)('%s counts what it has to, and holds without figures', (file) => {
    const scaled = readScaled(file);

    // A ScaledJob does not see which of its Jobs runs a job already; a Deployment would lose them.
    expect(statesOf(scaled)).toEqual(scaled.kind === 'ScaledJob' ? ['queued'] : ['queued', 'running']);
  });

  it('add several triggers by a formula of their names, for the largest would count alone', () => {
    const several = manifests.map(readScaled).filter(({ spec }) => spec.triggers.length > 1);

    expect(several).toHaveLength(1);
    for (const { spec } of several) {
      const names = spec.triggers.map((trigger) => ('name' in trigger ? trigger.name : ''));
      expect(spec).toMatchObject({ advanced: { scalingModifiers: { formula: names.join(' + ') } } });
    }
  });

  // A KEDA before 2.16 takes missing figures of CloudWatch as 0, whatever the manifest says.
  it.each(['scaled-object-cloudwatch.yaml', 'README.md', '../../docs/scaling-agents.md'])(
    '%s says which KEDA holds without figures of CloudWatch',
    (file) => {
      expect(readFileSync(join(folder, file), 'utf8')).toContain('KEDA 2.16 or newer');
    },
  );

  it('are all listed in their README', () => {
    const text = readFileSync(join(folder, 'README.md'), 'utf8');

    expect(manifests).toHaveLength(3);
    for (const file of manifests) expect(text).toContain(`\`${file}\``);
  });
});
