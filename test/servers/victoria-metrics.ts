/** Starts a real VictoriaMetrics for a test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOk, startOnFreePort } from './process.ts';
import { instantQuery, type QueryServer } from './prometheus.ts';

export interface VictoriaMetricsOptions {
  /** Which edition; default: Debian's (1.79 in bookworm). */
  readonly command?: string;
  readonly flags?: readonly string[];
}

/**
 * A VictoriaMetrics in a folder of its own. A new series takes some seconds to show, about one after the flush
 * that every query asks for first: poll with `eventually`.
 */
export async function startVictoriaMetrics({
  command = 'victoria-metrics',
  flags = [],
}: VictoriaMetricsOptions = {}): Promise<QueryServer> {
  const folder = await mkdtemp(join(tmpdir(), 'victoria-metrics-'));
  const { process, port } = await startOnFreePort((free) => ({
    name: 'VictoriaMetrics',
    command,
    args: [
      `-storageDataPath=${join(folder, 'data')}`,
      `-httpListenAddr=127.0.0.1:${String(free)}`,
      '-search.latencyOffset=0s',
      // The default of one month drops the fixed timestamps of tests without a word.
      '-retentionPeriod=100y',
      '-memory.allowedBytes=128MiB',
      ...flags,
    ],
    cwd: folder,
    ready: () => answersOk(`http://127.0.0.1:${String(free)}/health`),
  }));
  const url = `http://127.0.0.1:${String(port)}`;
  const close = async (): Promise<void> => {
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    query: async (promql, timeMs) => {
      await answersOk(`${url}/internal/force_flush`);
      return instantQuery(url, promql, timeMs);
    },
    output: () => process.output(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
