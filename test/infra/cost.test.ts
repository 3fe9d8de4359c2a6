import { describe, expect, it } from 'vitest';
import { costLine, countMetrics } from '../../infra/cost.ts';
import { prepare } from '../../infra/prepared.ts';
import { monthlyMetricCost } from '../../lambda/sinks/cloudwatch/price.ts';
import { configOf } from './synthesis.ts';

describe('the number of custom metrics', () => {
  it('counts each metric of a queue once, under the one name that it is published with', () => {
    const { perQueue } = countMetrics(prepare(configOf('minimal')));
    const neutral = countMetrics(prepare(configOf('imported-secrets')));

    // Eight of Buildkite's own, and of the neutral ones those that it has no name for.
    expect(perQueue).toBe(8 + 5);
    expect(neutral.perQueue).toBe(5 + 1 + 4 + 1);
  });

  it('grows with sources and sinks', () => {
    const one = countMetrics(prepare(configOf('minimal')));
    const more = countMetrics(prepare(configOf('everything')));

    expect(more.others).toBeGreaterThan(one.others);
  });

  it('is only the collector’s own without a cloudwatch sink', () => {
    const { perQueue, others } = countMetrics(prepare({ ...configOf('minimal'), sinks: [{ kind: 'stdout' }] }));

    expect(perQueue).toBe(0);
    // 8 of the source, 3 of the sink, problems of both, and the delay of the run.
    expect(others).toBe(8 + 3 + 2 + 1);
  });

  it('tells of pipelines where a source counts their runs', () => {
    const { perPipeline } = countMetrics(prepare(configOf('everything')));

    // Seven results, waits and both durations, active and stuck runs, the last verdict, success and result.
    expect(perPipeline).toBe(7 + 3 + 2 + 3);
    expect(costLine(prepare(configOf('everything')))).toMatch(
      /, 15 a pipeline and .*, each pipeline about \$4\.50 more$/,
    );
  });
});

describe('the line at the synthesis', () => {
  it('says what the most queues and pipelines that are allowed would cost', () => {
    const config = { ...configOf('everything'), queuesPerMetric: 100, seriesPerMetric: 1000 };
    const { perQueue, perPipeline, others } = countMetrics(prepare(config));
    const usd = (metrics: number): string => `about $${monthlyMetricCost(metrics).toFixed(0)}`;

    const line = costLine(prepare(config));

    expect(line).toContain(`, 100 (queuesPerMetric) ${usd(100 * perQueue + others)}`);
    expect(line).toContain(`, 1,000 pipelines (seriesPerMetric) ${usd(1000 * perPipeline)} more`);
    expect(line).not.toContain('500 queues');
  });

  it('says what queues cost at list price', () => {
    expect(costLine(prepare(configOf('minimal')))).toMatch(
      /^CloudWatch metrics: at most 13 a queue and \d+ others; a month at list price: 5 queues about \$\d+, 50 queues about \$\d+, 500 queues about \$\d+, 10,000 \(queuesPerMetric\) about \$\d+$/,
    );
  });
});
