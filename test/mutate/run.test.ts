/** The whole way: Stryker with this project's vitest, compiler and seed. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { root } from '../repository/files.ts';

const Outcome = z.object({
  place: z.string(),
  seed: z.int(),
  mutants: z.int(),
  killed: z.int(),
  timedOut: z.int(),
  survivors: z.array(z.unknown()),
  population: z.int(),
});

it('runs the tests of a file against as many mutants as were asked for', async () => {
  const words = ['scripts/mutate.ts', '--in', 'lambda/model/limits/cap.ts', '--count', '3', '--seed', '1', '--json'];

  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root });

  const { killed, timedOut, survivors, population, ...asked } = Outcome.parse(JSON.parse(stdout));
  expect(asked).toEqual({ place: 'lambda/model/limits/cap.ts', seed: 1, mutants: 3 });
  expect(population).toBeGreaterThan(3);
  expect(killed + timedOut + survivors.length).toBe(3);
  expect(killed).toBeGreaterThan(0);
});
