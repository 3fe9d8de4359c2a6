/** A setting that does nothing is a warning of the synthesis, and deployed all the same. */
import { expect, it } from 'vitest';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { OtlpConfig } from '../../lambda/sinks/otlp/config.ts';
import { appForTest, configOf, inlineCode } from './synthesis.ts';

function warnedOf(traces: 'omit' | 'finished-runs'): readonly string[] {
  const sink = OtlpConfig.parse({ kind: 'otlp', url: 'https://otlp.example.com', traces });
  const stack = new CiMetricsStack(appForTest(), 'ci-metrics', {
    config: { ...configOf('minimal'), sinks: [sink] },
    settings: { code: inlineCode(), webhookCode: inlineCode(), messengerCode: inlineCode() },
  });
  return stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata.filter(({ type }) => type === 'aws:cdk:warning'))
    .map(({ data }) => String(data))
    .filter((text) => text.includes('traces'));
}

it('warns of traces where no source counts a run', () => {
  expect(warnedOf('omit')).toEqual([]);
  expect(warnedOf('finished-runs')).toEqual([
    expect.stringMatching(
      /^sinks\[0\]\.traces: no configured source counts runs or jobs .* \[ack: ci-metrics:idle:sinks\.0\.traces\]$/,
    ),
  ]);
});
