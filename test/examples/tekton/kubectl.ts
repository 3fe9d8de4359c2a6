/** Runs the script of a step against a kubectl that records what it was asked. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Step } from './listener.ts';

const execute = promisify(execFile);

/** What the cluster has, by the word after `get`. */
export type Cluster = Readonly<Record<string, readonly object[]>>;

export interface Ran {
  readonly output: string;
  /** What kubectl was told to change, in order. */
  readonly changes: readonly string[];
  /** What was created, as it came by standard input. */
  readonly created: readonly unknown[];
}

/** `get` answers with the cluster, `create` refuses what is there already, and everything else is written down. */
const kubectl = `#!/bin/sh
case "$1" in
  get) cat "$FAKE/$2.json" ;;
  create)
    [ -z "$REFUSES" ] || { echo "$REFUSES" >&2; exit 1; }
    cat >> "$FAKE/created"; echo >> "$FAKE/created"; echo created ;;
  *) echo "$*" >> "$FAKE/changes" ;;
esac
`;

/** @throws when the script ends with an error */
export async function runStep({ script, env }: Step, cluster: Cluster, refuses = ''): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-kubectl-'));
  try {
    await writeFile(join(folder, 'kubectl'), kubectl, { mode: 0o755 });
    await Promise.all(['changes', 'created'].map((name) => writeFile(join(folder, name), '')));
    for (const [kind, items] of Object.entries(cluster))
      await writeFile(join(folder, `${kind}.json`), JSON.stringify({ items }));
    const { stdout } = await execute('sh', ['-c', script], {
      env: { ...env, FAKE: folder, REFUSES: refuses, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
    });
    const read = async (name: string) => (await readFile(join(folder, name), 'utf8')).split('\n').filter(Boolean);
    return {
      output: stdout,
      changes: await read('changes'),
      created: (await read('created')).map((line): unknown => JSON.parse(line)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
