/** Tests of the outcome of a run, and of the reason that a failed run gives. */
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../lambda/model/problem.ts';
import {
  describeFailedRun,
  determineOutcome,
  type RunReport,
  type SinkOutcome,
  type SourceOutcome,
} from '../../lambda/report/report.ts';

const problem: Problem = { kind: 'auth', where: 'buildkite/main', message: 'the token is expired' };
const refusal: Problem = { kind: 'rejected', where: 'cloudwatch/cw', message: 'answered 403' };

function source(status: SourceOutcome['status'], problems: readonly Problem[] = []): SourceOutcome {
  const meter = { attempts: new Map(), bytesSent: 0, bytesReceived: 0 };
  return {
    id: 'buildkite/main',
    system: 'buildkite',
    name: 'main',
    status,
    durationMs: 1,
    samples: 1,
    overflow: 0,
    problems,
    meter,
  };
}

function sink(accepted: number, problems: readonly Problem[] = []): SinkOutcome {
  return { id: 'cloudwatch/cw', name: 'cw', durationMs: 1, accepted, requests: 1, bytes: 1, problems };
}

function report(sources: readonly SourceOutcome[], sinks: readonly SinkOutcome[]): RunReport {
  const outcome = determineOutcome(sources, sinks);
  return { outcome, collector: 'ci', tickMs: 0, startedAtMs: 0, durationMs: 1, sources, sinks };
}

describe('the outcome of a run', () => {
  it.each([
    ['ok', 'all is well', [source('complete')], [sink(1)]],
    ['ok', 'a sink selects nothing of what there is', [source('complete')], [sink(0)]],
    ['degraded', 'a source gave a part', [source('partial', [problem])], [sink(1)]],
    ['degraded', 'one of two sources failed', [source('complete'), source('failed', [problem])], [sink(1)]],
    ['degraded', 'a sink refused a part', [source('complete')], [sink(1, [refusal])]],
    ['degraded', 'one of two sinks took nothing', [source('complete')], [sink(0, [refusal]), sink(1)]],
    ['failed', 'every source failed, although their health was delivered', [source('failed', [problem])], [sink(1)]],
    ['failed', 'no sink took anything', [source('complete')], [sink(0, [refusal]), sink(0, [refusal])]],
  ] as const)('is %s when %s', (outcome, _, sources, sinks) => {
    expect(determineOutcome(sources, sinks)).toBe(outcome);
  });
});

describe('the reason of a failed run', () => {
  it.each([
    [
      'a source when nothing could be collected',
      report([source('failed', [problem])], [sink(0, [refusal])]),
      'nothing could be collected: buildkite/main: the token is expired',
    ],
    [
      'a sink when nothing could be delivered, whatever else went wrong',
      report([source('partial', [problem])], [sink(0, [refusal])]),
      'nothing could be delivered: cloudwatch/cw: answered 403',
    ],
    ['the timeout when no run fitted in', undefined, 'no run fitted into the invocation; raise the function timeout'],
  ])('is that of %s', (_, given, expected) => {
    expect(describeFailedRun(given)).toBe(expected);
  });
});
