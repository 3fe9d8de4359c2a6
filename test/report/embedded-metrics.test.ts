/** Tests of the embedded metric lines by which the collector tells CloudWatch of its own health. */
import { describe, expect, it } from 'vitest';
import { noAws } from '../support/aws/no-aws.ts';
import * as z from 'zod';
import {
  collectorMetrics,
  problemCount,
  sinkUp,
  sourceDuration,
  sourceLastSuccess,
  sourceUp,
} from '../../lambda/model/catalogue/collector-metrics.ts';
import { formatDimensionName, collectMetricNames } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { buildGauge, type GaugeFamily, type MetricDefinition } from '../../lambda/model/metric.ts';
import { formatEmbeddedMetrics } from '../../lambda/report/embedded-metrics.ts';
import { mapHealth } from '../../lambda/report/map-health.ts';
import { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import { createCloudWatch } from '../../lambda/sinks/cloudwatch/create.ts';

const tickMs = 1_795_223_820_000;
const options = { namespace: 'CI/Collector', collector: 'ci-metrics', tickMs };
const main = { system: 'buildkite', source: 'main' };
const second = { system: 'buildkite', source: 'second' };

function parsed(families: readonly GaugeFamily[]): readonly unknown[] {
  return formatEmbeddedMetrics(families, options).map((line): unknown => JSON.parse(line));
}

describe('embedded metric lines', () => {
  it('group the metrics of one set of dimension values in one line', () => {
    const families = [
      buildGauge(sourceUp, [
        { labels: main, value: 1 },
        { labels: second, value: 0 },
      ]),
      buildGauge(sourceDuration, [{ labels: main, value: 0.25 }]),
      buildGauge(sinkUp, [{ labels: { sink: 'cloudwatch' }, value: 1 }]),
    ];

    expect(parsed(families)).toEqual([
      {
        _aws: {
          Timestamp: tickMs,
          CloudWatchMetrics: [
            {
              Namespace: 'CI/Collector',
              Dimensions: [['System', 'Source']],
              Metrics: [
                { Name: 'SourceUp', Unit: 'Count' },
                { Name: 'SourceDuration', Unit: 'Seconds' },
              ],
            },
          ],
        },
        System: 'buildkite',
        Source: 'main',
        SourceUp: 1,
        SourceDuration: 0.25,
      },
      {
        _aws: {
          Timestamp: tickMs,
          CloudWatchMetrics: [
            {
              Namespace: 'CI/Collector',
              Dimensions: [['System', 'Source']],
              Metrics: [{ Name: 'SourceUp', Unit: 'Count' }],
            },
          ],
        },
        System: 'buildkite',
        Source: 'second',
        SourceUp: 0,
      },
      {
        _aws: {
          Timestamp: tickMs,
          CloudWatchMetrics: [
            { Namespace: 'CI/Collector', Dimensions: [['Sink']], Metrics: [{ Name: 'SinkUp', Unit: 'Count' }] },
          ],
        },
        Sink: 'cloudwatch',
        SinkUp: 1,
      },
    ]);
  });

  it('add up what is no dimension, and turn a Unix time into an age', () => {
    const component = 'buildkite/main';
    const families = [
      buildGauge(problemCount, [
        { labels: { component, kind: 'auth' }, value: 1 },
        { labels: { component, kind: 'timeout' }, value: 2 },
      ]),
      buildGauge(sourceLastSuccess, [{ labels: main, value: tickMs / 1000 - 61 }]),
    ];

    expect(parsed(families)).toMatchObject([
      { Component: component, Problems: 3 },
      { Source: 'main', SecondsSinceSourceSuccess: 61 },
    ]);
  });

  it('leave out what is not a number, and keep the rest of the line', () => {
    const families = [
      buildGauge(sourceUp, [{ labels: main, value: 1 }]),
      buildGauge(sourceDuration, [{ labels: main, value: Number.NaN }]),
    ];

    const [line] = formatEmbeddedMetrics(families, options);

    expect(line).toContain('SourceUp');
    expect(line).not.toContain('SourceDuration');
    expect(formatEmbeddedMetrics([buildGauge(sourceUp, [{ labels: main, value: Infinity }])], options)).toEqual([]);
  });

  it('have at most 100 metrics', () => {
    const families = Array.from({ length: 230 }, (_, index) => {
      const definition: MetricDefinition<'gauge', 'system' | 'source'> = {
        ...sourceUp,
        name: `ci_collector_${String(index)}`,
        cloudWatch: { ...sourceUp.cloudWatch, name: `Metric${String(index)}` },
      };
      return buildGauge(definition, [{ labels: main, value: index }]);
    });

    const lines = formatEmbeddedMetrics(families, options);

    expect(lines.map((line) => line.split('"Name"').length - 1)).toEqual([100, 100, 30]);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
  });

  it('give the very metrics, dimensions, units and values that the sink sends when it is asked to', async () => {
    const meter = {
      attempts: new Map([['2xx', 3]]),
      bytesSent: 0,
      bytesReceived: 0,
      rateLimit: { remaining: 10, limit: 200 },
    };
    const health = mapHealth({
      collector: 'ci',
      scheduledMs: tickMs,
      startedAtMs: tickMs + 300,
      sources: [
        {
          id: 'buildkite/main',
          system: 'buildkite',
          name: 'main',
          status: 'partial',
          durationMs: 120,
          samples: 7,
          overflow: 0,
          problems: [{ kind: 'auth', where: 'x', message: 'y' }],
          meter,
          lastSuccessMs: tickMs - 60_000,
        },
      ],
      sinks: [{ id: 'cloudwatch/cw', name: 'cw', durationMs: 5, accepted: 3, requests: 1, bytes: 9, problems: [] }],
    });
    const config = CloudWatchConfig.parse({ kind: 'cloudwatch', collectorMetrics: 'api' });
    const sink = createCloudWatch(config, { collector: 'ci-metrics', intervalMs: 60_000, aws: noAws, clock: Date.now });

    const sent = await sink.preview({ tickMs, collectedAtMs: tickMs, sources: [], health });

    const logged = formatEmbeddedMetrics(health, options).flatMap(describeLine);
    expect(logged.toSorted()).toEqual(sent.lines.toSorted());
    expect(logged.length).toBeGreaterThan(10);
  });

  it('can hold every metric of the catalogue: no dimension has the name of a metric', () => {
    const names = new Set(collectorMetrics.flatMap(({ cloudWatch }) => collectMetricNames(cloudWatch)));
    const dimensions = collectorMetrics.flatMap(({ cloudWatch }) =>
      cloudWatch.dimensionSets.flat().map(formatDimensionName),
    );

    expect(dimensions.filter((dimension) => names.has(dimension) || dimension === '_aws')).toEqual([]);
  });
});

const Line = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string(), Unit: z.string() })),
      }),
    ),
  }),
});

/** A line as the sink's preview writes it. */
function describeLine(text: string): readonly string[] {
  const line = Line.parse(JSON.parse(text));
  return line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.map(({ Name, Unit }) => {
      const dimensions = (Dimensions[0] ?? []).map((name) => `${name}=${String(line[name])}`).join(', ');
      return `${Namespace} ${Name} {${dimensions}} ${String(line[Name])} ${Unit}`;
    }),
  );
}
