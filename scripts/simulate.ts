/** Checks random histories of the counters: `npm run simulate`. */
import { parseArgs } from 'node:util';
import { checkHistories } from '../test/counters/simulator/check.ts';
import { type Kind, kinds } from '../test/counters/simulator/histories/fleet.ts';

const usage = `npm run simulate -- [--histories N] [--kind ${kinds.join('|')}] [--seed S] [--path P]

Lives through N random histories of the counters (default 20000), as many over each kind of CI system, and checks every
promise that they make: crashes, lost answers, repeated, late and overlapping ticks, failing reads and sinks.

--kind    only this one: finishes listed by their end, runs listed by their creation, or the sources bitbucket-pipelines
          and github-actions, the latter with the events of its webhook
--seed    of an earlier run, to have the same histories again
--path    of a counterexample, as a failure prints it with --kind and --seed
`;

/** Told now and then, because a long run says nothing else. */
const historiesPerLine = 1000;

/** Wide enough for the names of all events. */
const eventWidth = 44;

interface Wanted {
  readonly histories: number;
  readonly kinds: readonly Kind[];
  readonly seed: number;
  readonly path: string | undefined;
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = wantedFrom(args);
  if (wanted === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const { seed, path } = wanted;
  const each = Math.ceil(wanted.histories / wanted.kinds.length);
  say(`${String(each)} histories of each kind (${wanted.kinds.join(', ')}), seed ${String(seed)}`);
  for (const kind of wanted.kinds) {
    const onHistory = (simulated: number): void => {
      if (simulated % historiesPerLine === 0) say(`${kind}: ${String(simulated)} histories kept every promise`);
    };
    const { simulated, events, failure } = await checkHistories(kind, { histories: each, seed, path, onHistory });
    if (failure !== undefined) {
      say(failure);
      return 1;
    }
    say(`${kind}: all ${String(simulated)} histories kept every promise; of these there were with`);
    for (const [event, count] of [...events].toSorted(([, a], [, b]) => b - a))
      say(`  ${event.padEnd(eventWidth)} ${String(count).padStart(7)}`);
  }
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Undefined for arguments that mean nothing. */
function wantedFrom(args: readonly string[]): Wanted | undefined {
  const text = { type: 'string' } as const;
  try {
    const options = { histories: text, kind: text, seed: text, path: text };
    const { values } = parseArgs({ args: [...args], options });
    const histories = Number(values.histories ?? '20000');
    // As fast-check makes them: 32 bits with a sign.
    const seed = values.seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(values.seed);
    const chosen = kinds.filter((kind) => values.kind === undefined || values.kind === kind);
    const isUsable = Number.isInteger(histories) && histories > 0 && Number.isInteger(seed) && chosen.length > 0;
    return isUsable ? { histories, kinds: chosen, seed, path: values.path } : undefined;
  } catch {
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));
