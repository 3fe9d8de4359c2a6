/** Starts the process with the servers of a benchmark. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Receivers extends AsyncDisposable {
  readonly port: number;
}

/** Starts `receivers.ts` in a process of its own; disposing it ends the process. */
export async function startReceivers(queues: number, clusters = 1): Promise<Receivers> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'receivers.ts'), String(queues), String(clusters)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: unknown[] = await once(child.stdout, 'data');
  return {
    port: Number(String(said[0]).trim()),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}
