/** Tests of `dashboards`: which files it writes, and that it replaces nothing unasked. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dispatch } from '../../../lambda/cli/commands/dispatch.ts';
import { fakeTerminal } from '../fake-terminal.ts';

const shipped = join(import.meta.dirname, '../../../dashboards');
const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-dashboards-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function write(...argv: readonly string[]) {
  const terminal = fakeTerminal();
  return { exitCode: await dispatch(['dashboards', ...argv], terminal), out: terminal.out(), err: terminal.err() };
}

describe('dashboards', () => {
  it('writes all files as they are shipped, and names them', async () => {
    const to = join(folder, 'new/all');

    const { exitCode, out } = await write('--to', to);

    expect(exitCode).toBe(0);
    const expected = readdirSync(shipped).filter((name) => name !== 'README.md');
    expect(readdirSync(to).sort()).toEqual(expected.sort());
    expect(out.trim().split('\n').sort()).toEqual(expected.map((name) => join(to, name)).sort());
    for (const name of expected)
      expect(readFileSync(join(to, name), 'utf8')).toBe(readFileSync(join(shipped, name), 'utf8'));
  });

  it.each([
    ['grafana', /^grafana-.*\.json$/],
    ['rules', /^(?:prometheus|mimir)-rules.*\.yaml$/],
    ['alertmanager', /^alertmanager.*\.yaml$/],
  ])('writes %s alone', async (only, pattern) => {
    const to = join(folder, only);

    await write('--to', to, '--only', only);

    const names = readdirSync(to);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !pattern.test(name))).toEqual([]);
  });

  it('leaves all as it is where one file was changed, unless it is forced', async () => {
    const to = join(folder, 'changed');
    await write('--to', to);
    const [first = '', second = ''] = readdirSync(to).map((name) => join(to, name));
    writeFileSync(first, 'mine');
    rmSync(second);

    const refused = await write('--to', to);
    expect(refused).toMatchObject({ exitCode: 2, out: '' });
    expect(refused.err).toContain(`${first} is there with other content; --force replaces it`);
    expect(readdirSync(to).map((name) => join(to, name))).not.toContain(second);
    expect((await write('--to', to, '--force')).exitCode).toBe(0);
    expect(readFileSync(first, 'utf8')).not.toBe('mine');
    expect((await write('--to', to)).exitCode).toBe(0);
  });

  it('needs a folder', async () => {
    expect(await write()).toMatchObject({ exitCode: 2, err: expect.stringContaining('--to FOLDER') as unknown });
  });
});
