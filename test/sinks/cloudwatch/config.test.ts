/** Tests of the configuration of the sink `cloudwatch`, and of the rights that it asks for. */
import { describe, expect, it } from 'vitest';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { sourceUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import { buildGauge } from '../../../lambda/model/metric.ts';
import { CloudWatchConfig } from '../../../lambda/sinks/cloudwatch/config.ts';
import { encodeDatums } from '../../../lambda/sinks/cloudwatch/encode/encode-datums.ts';
import { cloudwatch } from '../../../lambda/sinks/cloudwatch/index.ts';
import { answer, batch, part, queued, vendorFamilies } from './batches.ts';

describe('the configuration', () => {
  it.each([
    ['a namespace of AWS', { namespace: 'AWS/EC2' }, 'must not start with AWS/'],
    ['a namespace that starts with a colon', { namespace: ':CI' }, 'must not start with a colon'],
    ['a blank namespace', { namespace: '  ' }, 'must be printable ASCII and not blank'],
    ['a dimension that starts with a colon', { dimensions: { ':Team': 'a' } }, 'must not start with a colon'],
    ['a blank dimension', { dimensions: { Team: ' ' } }, 'must be printable ASCII and not blank'],
    ['a dimension that is not ASCII', { dimensions: { Team: 'größe' } }, 'must be printable ASCII and not blank'],
    [
      'more dimensions than CloudWatch has room for',
      { dimensions: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`D${String(index)}`, 'x'])) },
      'must be at most 20',
    ],
    ['a setting that does not exist', { highResolution: true }, 'highResolution'],
  ])('refuses %s', (_, settings, message) => {
    const { error } = CloudWatchConfig.safeParse({ kind: 'cloudwatch', ...settings });

    expect(JSON.stringify(error?.issues)).toContain(message);
  });
});

describe('the rights in AWS', () => {
  it.each([
    ['embedded', ['CI', 'Buildkite']],
    ['api', ['CI', 'Buildkite', 'CI/Collector']],
  ])('are exactly the namespaces that are written to, with collector metrics by %s', (collectorMetrics, namespaces) => {
    const raw = { kind: 'cloudwatch', collectorMetrics };
    const vendor = vendorFamilies([answer()]);
    const health = [buildGauge(sourceUp, [{ labels: { system: 'buildkite', source: 'main' }, value: 1 }])];
    const given = batch([part([queued({ a: 1 }, { state: 'blocked' }), ...vendor])], health);

    const grants = cloudwatch.prepare(raw).grants([queueJobs, ...vendor.map(({ definition }) => definition)]);

    const { datums } = encodeDatums(given, {
      config: CloudWatchConfig.parse(raw),
      collector: 'ci-metrics',
      intervalMs: 60_000,
    });
    expect(grants).toEqual([{ kind: 'put-metric-data', namespaces }]);
    expect(new Set([...datums].map(({ namespace }) => namespace))).toEqual(new Set(namespaces));
  });
});
