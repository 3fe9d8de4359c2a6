/** A memory that cannot hold what one source may have is refused at the synthesis, with figures and a remedy. */
import { describe, expect, it } from 'vitest';
import { CiMetricsStack } from '../../../infra/ci-metrics-stack.ts';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';
import { appForTest, configOf, inlineCode } from '../synthesis.ts';

function toldAt(config: CollectorConfig, level: 'error' | 'warning', memorySize?: number): readonly string[] {
  const stack = new CiMetricsStack(appForTest(), 'ci-metrics', {
    config,
    settings: {
      code: inlineCode(),
      webhookCode: inlineCode(),
      messengerCode: inlineCode(),
      ...(memorySize === undefined ? {} : { memorySize }),
    },
  });
  return stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === `aws:cdk:${level}`))
    .map(({ data }) => String(data))
    .filter((text) => text.includes('memoryMegabytes'));
}

const minimal = configOf('minimal');
const [first] = minimal.sources;
const withMemory = (memoryMegabytes: number): CollectorConfig => ({
  ...minimal,
  deployment: { ...minimal.deployment, memoryMegabytes },
});

describe('the memory of the function', () => {
  it('holds what the default configuration may have', () => {
    expect([...toldAt(minimal, 'error'), ...toldAt(minimal, 'warning')]).toEqual([]);
  });

  it('is refused where one source may have more, and what is told to set is taken', () => {
    const config = { ...minimal, queuesPerMetric: 100_000 };

    const [error = ''] = toldAt(config, 'error');

    expect(error).toMatch(
      /^deployment\.memoryMegabytes: 512 MB hold 782,336 samples, and one source may have [\d,]+ with queuesPerMetric 100,000 and seriesPerMetric 500; set deployment\.memoryMegabytes to at least \d+, or lower the two limits to \d+ % of what they are$/,
    );
    const told = Number(/at least (\d+)/.exec(error)?.[1]);
    expect(toldAt(config, 'error', told)).toEqual([]);
    expect(toldAt(config, 'error', told - 64)).toHaveLength(1);
    const percent = Number(/to (\d+) %/.exec(error)?.[1]);
    expect(toldAt({ ...minimal, queuesPerMetric: 1000 * percent }, 'error')).toEqual([]);
  });

  it('is refused where it does not hold the state that one source may get, and what is told to set is taken', () => {
    const withRuns = { ...first, organization: 'acme', apiToken: { secret: 'ci-metrics/buildkite', key: 'api' } };
    const config = { ...minimal, sources: [withRuns], seriesPerMetric: 15_000 };

    const [error = ''] = toldAt(config, 'error');

    // Without their place in the state the samples would fit.
    const [, fits = '', samples = ''] = /hold ([\d,]+) samples, and one source may have ([\d,]+)/.exec(error) ?? [];
    expect(Number(samples.replaceAll(',', ''))).toBeLessThan(Number(fits.replaceAll(',', '')));
    expect(error).toMatch(
      /seriesPerMetric 15,000, of which [\d,]+ are counted and with their place in the state take as much as 5\.5 each; set/,
    );
    const told = Number(/at least (\d+)/.exec(error)?.[1]);
    expect(toldAt(config, 'error', told)).toEqual([]);
    expect(toldAt(config, 'error', told - 64)).toHaveLength(1);
    expect(toldAt({ ...config, seriesPerMetric: 500 }, 'error')).toEqual([]);
  });

  it('is refused where it is too small for the default limits', () => {
    expect(toldAt(withMemory(128), 'error')).toHaveLength(1);
    expect(toldAt({ ...withMemory(128), queuesPerMetric: 300 }, 'error')).toEqual([]);
  });

  it('is warned of where only all sources together may have more', () => {
    const sources = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => ({ ...first, name }));

    expect(toldAt({ ...minimal, sources }, 'error')).toEqual([]);
    expect(toldAt({ ...minimal, sources }, 'warning')).toEqual([
      expect.stringMatching(/^all 8 sources together may have [\d,]+ samples at their limits, and 512 MB hold /),
    ]);
  });

  it('is refused where it does not hold one page that a source may take, and what is told to set is taken', () => {
    const source = {
      ...{ kind: 'prometheus', name: 'pages', targets: [{ url: 'https://ci.example.com/metrics' }] },
      limits: { megabytes: 128 },
    };
    const config = { ...minimal, sources: [source] };

    expect(toldAt(config, 'error')).toEqual([]);
    expect(toldAt(config, 'error', 320)).toEqual([
      'deployment.memoryMegabytes: source "pages" takes pages of up to 128 MB (limits.megabytes), and 320 MB do not hold one beside the function itself; set deployment.memoryMegabytes to at least 448, or lower limits.megabytes',
    ]);
    expect(toldAt(config, 'error', 448)).toEqual([]);
    expect(toldAt({ ...config, sources: [{ ...source, limits: { megabytes: 64 } }] }, 'error', 320)).toEqual([]);
  });
});
