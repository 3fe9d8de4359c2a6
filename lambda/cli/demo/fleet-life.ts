/** Remembers the simulated fleet of a demo in a folder, so that the next demo can continue it. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../../runtime/replace-file.ts';
import { hourMs } from '../../model/time.ts';

/** What a fleet's whole life follows from: the same again after a restart. */
const Life = z.object({
  seed: z.number(),
  speed: z.number(),
  /** Epoch milliseconds. */
  startMs: z.number(),
  arrivalsUntilMs: z.number().optional(),
});
export type Life = z.infer<typeof Life>;

/** A fleet is continued only within this simulated time, because simulating more takes too long. Milliseconds. */
const longestResumeMs = 6 * hourMs;

export interface LifeWish {
  readonly seed: number;
  readonly speed: number;
  /** Absent: builds begin as long as the demo runs. Milliseconds. */
  readonly busyMs: number | undefined;
}

/**
 * The fleet of the last demo with this folder, if it had the same seed and speed, else a new one. A fleet that is
 * continued has gone on in the meantime, as a CI system goes on while its collector is stopped.
 */
export async function loadLife(folder: string | undefined, wish: LifeWish, nowMs: number): Promise<Life> {
  const { seed, speed, busyMs } = wish;
  const born = { seed, speed, startMs: nowMs, ...(busyMs === undefined ? {} : { arrivalsUntilMs: nowMs + busyMs }) };
  if (folder === undefined) return born;
  const file = join(folder, 'demo-fleet.json');
  const known = await readLife(file);
  if (known !== undefined && isContinued(known, wish, nowMs)) return known;
  await mkdir(folder, { recursive: true });
  await replaceFile(file, `${JSON.stringify(born)}\n`);
  return born;
}

/** Undefined where there is none, or none that can be read: a new fleet is as good. */
async function readLife(file: string): Promise<Life | undefined> {
  try {
    return Life.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function isContinued(known: Life, { seed, speed }: LifeWish, nowMs: number): boolean {
  if (known.seed !== seed || known.speed !== speed) return false;
  const agedMs = nowMs - known.startMs;
  return agedMs >= 0 && agedMs * speed <= longestResumeMs;
}
