import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { checkEnd } from '../test/counters/simulator/end-rules.ts';
import { anyHistory } from '../test/counters/simulator/history.ts';
import { simulate } from '../test/counters/simulator/simulate.ts';

const usage = `npm run simulate -- --histories N [--seed S] [--path P]

Runs N random histories of the counters (default 20000), half of them over each kind of list, and checks every promise
that they make. A failure prints the seed, and the smallest history that was found; --seed and --path run it again.
`;

/** Told now and then, because a long run says nothing else. */
const historiesPerLine = 5000;

interface Wanted {
  readonly histories: number;
  readonly seed: number;
  readonly path: string | undefined;
}

async function main(): Promise<void> {
  const wanted = wantedFrom(process.argv.slice(2));
  if (wanted === undefined) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  const { histories, seed, path } = wanted;
  process.stdout.write(`${String(histories)} histories, seed ${String(seed)}\n`);
  let simulated = 0;
  const property = fc.asyncProperty(anyHistory, async (history) => {
    checkEnd(await simulate(history));
    simulated += 1;
    if (simulated % historiesPerLine === 0) process.stdout.write(`${String(simulated)} histories kept every promise\n`);
  });
  const details = await fc.check(property, { numRuns: histories, seed, ...(path === undefined ? {} : { path }) });
  if (details.failed) {
    process.stdout.write(`${fc.defaultReportMessage(details) ?? 'failed'}\n`);
    process.stdout.write(
      `again: npm run simulate -- --seed ${String(seed)} --path ${details.counterexamplePath ?? ''}\n`,
    );
    process.exitCode = 1;
    return;
  }
  process.stdout.write(`all ${String(simulated)} histories kept every promise\n`);
}

/** Undefined for arguments that mean nothing. */
function wantedFrom(args: readonly string[]): Wanted | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { histories: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' } },
    });
    const histories = Number(values.histories ?? '20000');
    // As fast-check makes them: 32 bits with a sign.
    const seed = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(values.seed);
    const isUsable = Number.isInteger(histories) && histories > 0 && Number.isInteger(seed);
    return isUsable ? { histories, seed, path: values.path } : undefined;
  } catch {
    return undefined;
  }
}

await main();
