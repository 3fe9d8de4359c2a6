/** Starts a real Alertmanager for a test. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOk, startOnFreePort } from './process.ts';

export interface Alertmanager extends AsyncDisposable {
  readonly url: string;
  /** The sum of all series of one of its own counters. */
  count(metric: string): Promise<number>;
  output(): string;
}

/** An Alertmanager without peers, in a folder of its own; `config` is the text of its configuration. */
export async function startAlertmanager(config: string): Promise<Alertmanager> {
  const folder = await mkdtemp(join(tmpdir(), 'alertmanager-'));
  const file = join(folder, 'alertmanager.yml');
  await writeFile(file, config);
  const { process, port } = await startOnFreePort((free) => ({
    name: 'Alertmanager',
    command: 'prometheus-alertmanager',
    args: [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(free)}`,
      '--cluster.listen-address=',
    ],
    cwd: folder,
    ready: () => answersOk(`http://127.0.0.1:${String(free)}/-/ready`),
  }));
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    count: async (metric) => {
      const page = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(60_000) })).text();
      return page
        .split('\n')
        .filter((line) => line.startsWith(`${metric} `) || line.startsWith(`${metric}{`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    output: () => process.output(),
    [Symbol.asyncDispose]: async () => {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
