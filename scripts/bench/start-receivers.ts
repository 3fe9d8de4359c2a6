/** Starts the process with the servers of a benchmark. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { request } from 'undici';
import * as z from 'zod';

export interface Receivers extends AsyncDisposable {
  readonly port: number;
  /** CPU time in milliseconds of the work that no program can avoid, for one of the runs since it was last asked for. */
  measureLimit(runs: number): Promise<number>;
}

/** Starts `receivers.ts` in a process of its own; disposing it ends the process. */
export async function startReceivers(queues: number, clusters = 1): Promise<Receivers> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'receivers.ts'), String(queues), String(clusters)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: unknown[] = await once(child.stdout, 'data');
  const port = Number(String(said[0]).trim());
  return {
    port,
    measureLimit: async (runs) => {
      const { body } = await request(`http://127.0.0.1:${String(port)}/limit/${String(runs)}`);
      return z.number().parse(await body.json());
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}
