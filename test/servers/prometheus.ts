/** Starts a real Prometheus for a test, and queries it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { answersOk, startOnFreePort } from './process.ts';

export interface QueriedSample {
  readonly labels: Readonly<Record<string, string>>;
  /** As PromQL prints it: `NaN` and `+Inf` included. */
  readonly value: string;
  /** Epoch milliseconds at which the query was evaluated. */
  readonly timestampMs: number;
}

/** A server with Prometheus' query API. */
export interface QueryServer extends AsyncDisposable {
  readonly url: string;
  /** An instant query, at `timeMs` or now. */
  query(promql: string, timeMs?: number): Promise<readonly QueriedSample[]>;
  output(): string;
  close(): Promise<void>;
}

export interface PrometheusOptions {
  /** Which edition; default: Debian's (2.42 in bookworm). */
  readonly command?: string;
  /** Text of the configuration file; default: empty, so nothing but what is written moves the head. */
  readonly config?: string;
  readonly flags?: readonly string[];
}

/** A Prometheus with the remote-write receiver, in a folder of its own. */
export async function startPrometheus({
  command = 'prometheus',
  config = 'global: {}\n',
  flags = [],
}: PrometheusOptions = {}): Promise<QueryServer> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, config);
  const { process, port } = await startOnFreePort((free) => ({
    name: 'Prometheus',
    command,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(free)}`,
      '--web.enable-remote-write-receiver',
      ...flags,
    ],
    cwd: folder,
    ready: () => answersOk(`http://127.0.0.1:${String(free)}/-/ready`),
  }));
  const url = `http://127.0.0.1:${String(port)}`;
  const close = async (): Promise<void> => {
    await process.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    url,
    query: (promql, timeMs) => instantQuery(url, promql, timeMs),
    output: () => process.output(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const Answer = z.object({
  data: z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

/** An instant query by the API that Prometheus and VictoriaMetrics share. */
export async function instantQuery(
  serverUrl: string,
  promql: string,
  timeMs?: number,
): Promise<readonly QueriedSample[]> {
  const url = new URL('/api/v1/query', serverUrl);
  url.searchParams.set('query', promql);
  if (timeMs !== undefined) url.searchParams.set('time', String(timeMs / 1000));
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (!response.ok) throw new Error(`the query ${promql} answered ${String(response.status)}: ${text}`);
  return Answer.parse(JSON.parse(text)).data.result.map(({ metric, value: [seconds, value] }) => ({
    labels: metric,
    value,
    timestampMs: Math.round(seconds * 1000),
  }));
}
