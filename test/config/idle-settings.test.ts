/** Which settings are told to do nothing: traces where nothing that is configured counts a run. */
import { expect, it } from 'vitest';
import { findIdleSettings } from '../../lambda/config/checks/find-idle-settings.ts';

const tracing = { kind: 'otlp', name: 'otlp', url: 'https://otlp.example.com', traces: 'finished-runs' };
const queuesOnly = { kind: 'buildkite', agentTokens: [{ env: 'AGENT_TOKEN' }] };
const counting = { ...queuesOnly, organization: 'acme', apiToken: { env: 'API_TOKEN' } };
const relaying = { kind: 'prometheus', targets: [{ url: 'https://ci.example.com/metrics' }] };

it('names each sink whose traces no source can fill', () => {
  const sinks = [{ kind: 'stdout' }, tracing, { ...tracing, traces: 'omit' }, tracing];

  const found = findIdleSettings({ sources: [queuesOnly, relaying], sinks });

  expect(found.map(({ path }) => path)).toEqual([
    ['sinks', 1, 'traces'],
    ['sinks', 3, 'traces'],
  ]);
  expect(found[0]?.message).toMatch(/^no configured source counts runs or jobs .*; let a source count them/);
});

it('has nothing to say where one of several sources counts', () => {
  expect(findIdleSettings({ sources: [queuesOnly, counting], sinks: [tracing] })).toEqual([]);
});

it('has nothing to say where no traces are wanted', () => {
  expect(findIdleSettings({ sources: [queuesOnly], sinks: [{ ...tracing, traces: 'omit' }] })).toEqual([]);
});
