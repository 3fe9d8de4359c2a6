/** StatsD does not answer, so its success is unknown, and the report of a run says so. */
import { expect, it } from 'vitest';
import { renderSinks } from '../../../lambda/cli/render/report.ts';
import { chooseSigns } from '../../../lambda/cli/render/signs.ts';
import { formatReport } from '../../../lambda/report/write-report.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { sourceSubjects } from '../../contracts/subjects.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { startUdpServer } from './harness.ts';

it('is told by report, log and terminal', async () => {
  await using server = await startUdpServer();
  await using ci = await startLoopbackServer(sourceSubjects.buildkite.healthy);
  await using pipeline = await contractPipeline({
    sources: [sourceSubjects.buildkite.config(ci.url)],
    sinks: [{ kind: 'statsd', port: server.port }, { kind: 'stdout' }],
  });

  const report = await pipeline.run(60_000);

  expect(report.outcome).toBe('ok');
  expect(report.sinks.map(({ isUnanswered }) => isUnanswered)).toEqual([true, undefined]);
  expect(formatReport(report)).toMatchObject({ sinks: [{ sink: 'statsd/statsd', isUnanswered: true }, {}] });
  const look = { paint: (_tone: unknown, text: string) => text, signs: chooseSigns({}) };
  const lines = renderSinks(report.sinks, look);
  expect(lines.filter((line) => line.includes('not answered')).map((line) => line.includes('statsd'))).toEqual([true]);
});
