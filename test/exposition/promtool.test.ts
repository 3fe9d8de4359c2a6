/** Tests that promtool reads the pages that the collector writes, and finds nothing wrong with their metrics. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { writePrometheusText } from '../../lambda/exposition/write-prometheus-text.ts';
import { catalogue } from '../../lambda/model/catalogue/catalogue.ts';
import type { MetricDefinition, MetricFamily } from '../../lambda/model/metric.ts';
import { withPromtool } from '../servers/require.ts';
import { counterOf, distributionOf, gaugeOf } from '../sinks/remote-write/batches.ts';

interface Verdict {
  readonly status: number | null;
  readonly output: string;
}

/** `promtool check metrics`: Prometheus' own parser and its linter. */
function judged(text: string): Verdict {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/** One sample of a metric with every label that it declares. */
function sampleOf(definition: MetricDefinition): MetricFamily {
  const labels = Object.fromEntries(definition.labels.map((name) => [name, `some ${name}`]));
  const { name, help } = definition;
  if (definition.type === 'gauge') return gaugeOf(name, [{ labels, value: 1 }], { help });
  if (definition.type === 'counter') return counterOf(name, [{ labels, increase: 1, total: { value: 1, startMs: 0 } }]);
  const total = { bounds: [1], counts: [1, 0], sum: 1, startMs: 0 };
  return { ...distributionOf(name, [{ labels, observations: [], total }]) };
}

withPromtool('promtool', () => {
  it('finds nothing to say about any metric of the catalogue', async () => {
    const { text, samples } = await writePrometheusText(catalogue.map(sampleOf));

    expect(samples).toBe(catalogue.length);
    expect(judged(text)).toEqual({ status: 0, output: '' });
  });

  it('reads every character and every special value', async () => {
    const values = [NaN, Infinity, -Infinity, 1e300, 5e-324, -0];
    const characters = ['"', '\\', '\n', '\\n', 'é', '🚀', '{}', ',', '=', '#', '\t', '\r', '\u0001', '\u2028'];

    const { text } = await writePrometheusText([
      gaugeOf(
        'ci_values',
        values.map((value, index) => ({ labels: { index: String(index) }, value })),
      ),
      gaugeOf(
        'ci_characters',
        characters.map((character) => ({ labels: { character }, value: 1 })),
        {
          help: characters.join(' '),
        },
      ),
    ]);

    expect(judged(text)).toEqual({ status: 0, output: '' });
  });

  it('would find a bad name and a broken page: these tests can fail', async () => {
    const { text } = await writePrometheusText([gaugeOf('ci_wait_milliseconds', [{ labels: {}, value: 1 }])]);

    expect(judged(text)).toMatchObject({ status: 3, output: expect.stringContaining('base unit') as unknown });
    expect(judged(text.trimEnd())).toMatchObject({ status: 1 });
  });
});
