/** Tests of `completion`: the scripts are read by their shells, and bash completes by its own. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../lambda/cli/commands/dispatch.ts';
import { fakeTerminal } from '../fake-terminal.ts';

async function scriptFor(...argv: readonly string[]) {
  const terminal = fakeTerminal();
  return { exitCode: await dispatch(['completion', ...argv], terminal), out: terminal.out(), err: terminal.err() };
}

/** What bash would offer behind these words. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await scriptFor('bash');
  const list = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(ci-metrics-collector ${list}); COMP_CWORD=${String(words.length)}; _ci_metrics_collector; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${out}\n${ask}`], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

describe('completion', () => {
  it('offers commands, then their options', async () => {
    expect(await complete('')).toEqual([
      ...[
        'demo',
        'init',
        'collect',
        'doctor',
        'dashboards',
        'migrate',
        'completion',
        'help',
        'version',
        '--help',
        '--version',
      ],
    ]);
    expect(await complete('col')).toEqual(['collect']);
    expect(await complete('collect', '--on')).toEqual(['--once']);
    expect(await complete('collect', '--dry-run', '--ver')).toEqual(['--verbose', '--version']);
    expect(await complete('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });

  it.each(['bash', 'zsh', 'fish'])('tells %s every option of every command', async (shell) => {
    const { out, exitCode } = await scriptFor(shell);

    expect(exitCode).toBe(0);
    for (const word of ['write-config', 'environment', 'sink-token', 'dry-run', 'force']) expect(out).toContain(word);
    expect(out.endsWith('\n')).toBe(true);
  });

  it.each(['bash', 'zsh', 'fish'])('is understood by %s, where it is there', async (shell) => {
    const { out } = await scriptFor(shell);

    const { status, stderr, error } = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });

    if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    else expect(error).toMatchObject({ code: 'ENOENT' });
  });

  it.each([[[]], [['powershell']], [['bash', 'zsh']]])('refuses %j', async (argv) => {
    expect(await scriptFor(...argv)).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('completion takes one shell: bash, zsh, fish') as unknown,
    });
  });
});
