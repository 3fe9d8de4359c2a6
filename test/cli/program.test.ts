/** Tests that help and next steps call the program as it was installed. */
import { describe, expect, it } from 'vitest';
import { dispatch } from '../../lambda/cli/commands/dispatch.ts';
import { packageProgram, repositoryProgram } from '../../lambda/cli/program.ts';
import { fakeTerminal } from './fake-terminal.ts';

describe('a call', () => {
  it.each([
    ['collect', '--config x', 'npm run collect -- --config x', 'ci-metrics-collector collect --config x'],
    ['demo', '', 'npm start', 'ci-metrics-collector demo'],
    ['demo', '--for 1s', 'npm start -- --for 1s', 'ci-metrics-collector demo --for 1s'],
    ['completion', 'bash', 'node lambda/cli/main.ts completion bash', 'ci-metrics-collector completion bash'],
  ])('of %s %s is by npm in the repository, by name in the package', (command, words, npm, name) => {
    expect(repositoryProgram.call(command, words)).toBe(npm);
    expect(packageProgram.call(command, words)).toBe(name);
  });

  it('keeps npm silent where the output is for a program', () => {
    expect(repositoryProgram.call('collect', '-q', 'silent')).toBe('npm run --silent collect -- -q');
    expect(packageProgram.call('collect', '-q', 'silent')).toBe('ci-metrics-collector collect -q');
  });
});

describe('the package', () => {
  it.each([
    '--help',
    'demo --help',
    'init --help',
    'collect --help',
    'doctor --help',
    'dashboards --help',
    'migrate --help',
    'collect',
  ])('names no script of the repository in: %s', async (line) => {
    const terminal = fakeTerminal({ program: packageProgram });

    await dispatch(line.split(' '), terminal);

    const text = terminal.out() + terminal.err();
    expect(text).toContain('ci-metrics-collector');
    expect(text).not.toMatch(/npm (run|start)|main\.ts/);
  });
});
