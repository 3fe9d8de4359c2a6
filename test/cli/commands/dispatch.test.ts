/** Tests of the command line: help, version, unknown commands, and which exit code each of them has. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectCommand } from '../../../lambda/cli/commands/collect-command.ts';
import { dashboardsCommand } from '../../../lambda/cli/commands/dashboards-command.ts';
import { demoCommand } from '../../../lambda/cli/commands/demo-command.ts';
import { dispatch } from '../../../lambda/cli/commands/dispatch.ts';
import { initCommand } from '../../../lambda/cli/commands/init-command.ts';
import { doctorCommand } from '../../../lambda/cli/commands/doctor-command.ts';
import { migrateCommand } from '../../../lambda/cli/commands/migrate-command.ts';
import { version } from '../../../lambda/version.ts';
import { expectGolden } from '../../support/golden.ts';
import { fakeTerminal } from '../fake-terminal.ts';

async function answerTo(...argv: string[]) {
  const terminal = fakeTerminal();
  const exitCode = await dispatch(argv, terminal);
  return { exitCode, out: terminal.out(), err: terminal.err() };
}

describe('help', () => {
  it.each([
    ['general', ['--help']],
    ['demo', ['demo', '--help']],
    ['collect', ['collect', '--help']],
    ['migrate', ['migrate', '--help']],
    ['init', ['init', '--help']],
    ['dashboards', ['dashboards', '--help']],
    ['doctor', ['doctor', '--help']],
    ['completion', ['completion', '--help']],
  ])('explains %s on standard output', async (name, argv) => {
    const { exitCode, out, err } = await answerTo(...argv);

    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    await expectGolden(`cli/help-${name}.txt`, out);
  });

  it.each([
    [['help'], ['--help']],
    [['-h'], ['--help']],
    [
      ['help', 'collect'],
      ['collect', '--help'],
    ],
    [
      ['collect', '-h'],
      ['collect', '--help'],
    ],
    [
      ['collect', '--config', 'x', '--nonsense', '--help'],
      ['collect', '--help'],
    ],
  ])('gives for %j what it gives for %j', async (argv, same) => {
    expect(await answerTo(...argv)).toEqual(await answerTo(...same));
  });

  it.each([collectCommand, dashboardsCommand, demoCommand, doctorCommand, initCommand, migrateCommand])(
    'has an example for and a word on every option of $name',
    async (command) => {
      const { out } = await answerTo(command.name, '--help');

      expect(command.examples.length).toBeGreaterThan(1);
      for (const [name, { help }] of Object.entries(command.options)) {
        expect(out).toContain(`--${name}`);
        expect(help).toMatch(/^[A-Za-z].+[.)]$/);
      }
    },
  );

  it('fits into a terminal of 120 columns', async () => {
    for (const name of ['demo', 'collect', 'doctor', 'migrate', 'init', 'dashboards']) {
      const { out } = await answerTo(name, '--help');

      expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(120);
    }
  });

  it('is coloured on a terminal and not with --no-color', async () => {
    const coloured = fakeTerminal({ isTty: true });
    const refused = fakeTerminal({ isTty: true });

    await dispatch(['collect', '--help'], coloured);
    await dispatch(['collect', '--help', '--no-color'], refused);

    expect(coloured.out()).toContain('\x1b[1mUsage\x1b[22m');
    expect(refused.out()).not.toContain('\x1b');
  });
});

describe('version', () => {
  it.each(['version', '--version', '-V', 'collect --version', 'demo -V', 'collect -qV', 'collect -Vq'])(
    'is told by %s',
    async (line) => {
      expect(await answerTo(...line.split(' '))).toEqual({ exitCode: 0, out: `${version}\n`, err: '' });
    },
  );
});

describe('a command line that makes no sense', () => {
  it.each([
    [[], 'no command is given'],
    [['colect'], 'unknown command colect; did you mean collect?'],
    [
      ['frobnicate'],
      'unknown command frobnicate; there are demo, init, collect, doctor, dashboards, migrate, completion, help, version',
    ],
    [['help', 'dmo'], 'unknown command dmo; did you mean demo?'],
    [['collect'], '--config FILE is missing: it names the collector.yaml to read'],
    [['collect', '--confg', 'x'], 'unknown option --confg; did you mean --config?'],
    [
      ['collect', '-c', 'x', '--quiet', '--json'],
      '--quiet and --format json exclude each other: a program would miss its runs',
    ],
    [
      ['collect', '-c', 'x', '-q', '--format', 'prometheus'],
      '--quiet and --format prometheus exclude each other: a program would miss its runs',
    ],
    [['collect', 'x.yaml'], 'unexpected argument "x.yaml"'],
    [['demo', '--speed', '1000'], '--speed must be a number from 0.1 to 100, not "1000"'],
    [['demo', '--port', '70000'], '--port must be a whole number from 0 to 65535, not "70000"'],
    [['demo', '--every', '0s'], '--every must be a time such as 500ms, 10s or 2m, at most 24h 00m, not "0s"'],
    [['demo', '--every', '10ms'], '--every must be at least 200ms'],
    [
      ['demo', '--speed', '100', '--every', '37s'],
      '--every must be at most 36s at --speed 100: in an hour of simulated time more ends than one run can read',
    ],
    [['demo', '--push', 'localhost:9091'], '--push must be an http or https URL, not "localhost:9091"'],
    [['demo', '--remote-write', 'prometheus'], '--remote-write must be an http or https URL, not "prometheus"'],
  ])('is refused with 2 and a reason: %j', async (argv, message) => {
    const { exitCode, out, err } = await answerTo(...argv);

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err.split('\n')[0]).toBe(`error: ${message}`);
    expect(err).toMatch(/\nsee: node lambda\/cli\/main\.ts (collect |demo )?--help\n$/);
  });

  it('tells who calls through npm where options go', async () => {
    const terminal = fakeTerminal({ variables: { npm_lifecycle_event: 'collect' } });

    const exitCode = await dispatch(['collect', 'collector.yaml'], terminal);

    expect(exitCode).toBe(2);
    expect(terminal.err()).toContain('with npm, options stand after two dashes: npm run collect -- --help');
  });

  it('cannot make the terminal obey it', async () => {
    const { err } = await answerTo('collect', '\x1b[2J\x1b]0;owned\x07');

    expect(err).toMatch(/^[^\p{Cc}]+\n[^\p{Cc}]+\n$/u);
  });
});

describe('an error that ends the demo', () => {
  it.each(['-v', '--verbose'])('shows its stack with %s', async (option) => {
    // A file is no folder to keep anything in.
    const argv = ['demo', '--port', '0', '--for', '1s', '--state', join(import.meta.filename, 'state')];

    expect((await answerTo(...argv)).err).not.toContain('\n    at ');
    expect((await answerTo(...argv, option)).err).toContain('\n    at ');
  });
});

describe('a configuration that cannot be used', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ci-metrics-cli-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('that does not exist is 2, with the path and the remedy', async () => {
    const path = join(folder, 'none.yaml');

    const { exitCode, err } = await answerTo('collect', '--config', path);

    expect(exitCode).toBe(2);
    expect(err).toContain(
      `error: cannot read ${path}: there is no such file; give the path of a collector.yaml with --config\n`,
    );
  });

  it('that is a folder is 2', async () => {
    const { exitCode, err } = await answerTo('collect', '--config', folder);

    expect(exitCode).toBe(2);
    expect(err).toContain(`cannot read ${folder}: it is a folder`);
  });

  it('that has mistakes is 2, with every one of them, its line and its remedy', async () => {
    const path = join(folder, 'bad.yaml');
    await writeFile(
      path,
      [
        'sources:',
        '  - kind: buildkite',
        '    agentTokenz: [{ env: TOKEN }]',
        'sinks:',
        '  - kind: pushgatway',
        '    url: http://127.0.0.1:9091',
      ].join('\n'),
    );

    const { exitCode, out, err } = await answerTo('collect', '--config', path);

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toMatch(/bad\.yaml has \d+ problems:/);
    expect(err).toMatch(/bad\.yaml:3:\d+ .*agentTokenz.*did you mean agentTokens\?/);
    expect(err).toMatch(/bad\.yaml:5:\d+ .*did you mean pushgateway\?/);
  });
});
