/** Runs the commands of the documentation, and compares their output with what is printed there. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { collectCommand } from '../../../lambda/cli/commands/collect-command.ts';
import type { Command } from '../../../lambda/cli/commands/command.ts';
import { demoCommand } from '../../../lambda/cli/commands/demo-command.ts';
import { commonOptions } from '../../../lambda/cli/commands/options.ts';
import { type BuildkiteServer, startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import { agentMetrics } from '../../cli/loopback.ts';
import { startCli } from '../../cli/run-cli.ts';
import { serverFor } from '../../servers/require.ts';
import { commandsIn, type DocumentedCommand, wordsOf } from './commands.ts';
import { fencesIn, fencesOf, markdownFiles, proseOf, root, textOf } from '../files.ts';

const run = promisify(execFile);
const token = 'bkct_documented';

let folder = '';
let buildkite: BuildkiteServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-commands-'));
  buildkite = await startBuildkiteServer({
    clock: Date.now,
    answers: new Map([[token, agentMetrics]]),
    pollSeconds: 0,
  });
});

afterAll(async () => {
  await buildkite.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of the project as a person would who has only npm. */
async function call(words: readonly string[], cwd = root): Promise<Ended> {
  const [command = '', ...args] = words;
  const env = { ...process.env, BUILDKITE_AGENT_TOKEN: token, NO_COLOR: '1' };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [code] = z.tuple([z.int().nullable()], z.unknown()).parse(await once(child, 'close'));
  return { code, output };
}

/** The configuration that the README shows, with its token in the environment, against the simulated Buildkite. */
async function localConfig(): Promise<string> {
  const [example] = fencesIn('README.md').filter(({ language }) => language === 'yaml');
  const path = join(folder, 'local.yaml');
  await writeFile(
    path,
    (example?.text ?? '').replace('    agentTokens', `    endpoint: ${buildkite.endpoint}\n    agentTokens`),
  );
  return path;
}

function replaced(words: readonly string[], option: string, value: string): readonly string[] {
  return words.map((word, index) => (words[index - 1] === option ? value : word));
}

/** A block of the documentation shows what the command before it printed: each line, but for `…`, numbers and bars. */
function expectShown(output: string, shown: string): void {
  const lines = output.split('\n').map(shape);
  const missing = shown
    .split('\n')
    .filter((line) => line.trim() !== '' && line.trim() !== '…' && !lines.includes(shape(line)));
  expect(missing, output).toEqual([]);
}

function shape(line: string): string {
  return line
    .replaceAll(/\d[\d,.]*/g, '#')
    .replaceAll(/[█░]+/g, '#')
    .replaceAll(/<?# ?(µs|ms|s)\b/g, '# t')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** A text that stands right below a block of commands shows what the last of them prints. */
const shown = markdownFiles().flatMap((file) =>
  fencesIn(file).flatMap((fence, index, fences) => {
    const before = fences[index - 1];
    if (fence.language !== 'text' || before?.language !== 'sh') return [];
    return [{ place: fence.place, text: fence.text, line: commandsIn(before).at(-1)?.line ?? '' }];
  }),
);

/** What the documentation shows as the output of a command. */
function shownBelow({ line }: DocumentedCommand): string {
  return shown.find((block) => block.line === line)?.text ?? '';
}

async function synthesised(words: readonly string[], cwd = root): Promise<void> {
  const stack = join(folder, `cdk.out-${String(words.length)}-${words.at(-1)?.replaceAll(/\W/g, '') ?? ''}`);
  const { code, output } = await call([...words, '--quiet', '--no-notices', '--output', stack], cwd);
  expect(code, output).toBe(0);
  expect(
    (await readdir(stack)).some((name) => name.endsWith('.template.json')),
    output,
  ).toBe(true);
}

/** A command of `migrate`, up to the file that it is sent to, and the file then as a configuration. */
async function migrated({ words }: DocumentedCommand): Promise<void> {
  const { stdout } = await run('npm', words.slice(1, words.indexOf('>')), { cwd: root });
  expect(parseConfig(stdout, { file: 'collector.yaml', environment: 'lambda' }).sources).toHaveLength(1);
}

/** What this test runs, each exactly as it is written but for files, ports and the time that it lasts. */
const here: Readonly<Record<string, (command: DocumentedCommand) => Promise<void>>> = {
  'npm start': async (command) => {
    const faster = ['--', '--speed', '15', '--every', '500ms', '--for', '15s', '--port', '0'];
    const { code, output } = await call([...command.words, ...faster]);
    expect(code, output).toBe(0);
    expectShown(output, shownBelow(command));
  },
  'npm start -- --write-config play': async ({ words }) => {
    const play = join(folder, 'play');
    const { code, output } = await call([...replaced(words, '--write-config', play), '--for', '1s', '--port', '0']);
    expect(code, output).toBe(0);
    expect(output).toContain(`\nconfig     ${join(play, 'collector.yaml')}\n`);
  },
  'npm run collect -- --config play/collector.yaml --dry-run': async ({ words }) => {
    const play = join(folder, 'play');
    await using demo = startCli(['demo', '--write-config', play, '--for', '30m', '--port', '0']);
    await demo.printed(/^config /m);
    const { code, output } = await call(replaced(words, '--config', join(play, 'collector.yaml')));
    expect(code, output).toBe(0);
    expect(output).toMatch(/^buildkite\/demo +● complete/m);
  },
  'npm run collect -- --config local.yaml --dry-run': async (command) => {
    const { code, output } = await call(replaced(command.words, '--config', await localConfig()));
    expect(code, output).toBe(0);
    expectShown(output, shownBelow(command));
  },
  'npm run collect -- --config collector.yaml --dry-run': async ({ words }) => {
    const { code, output } = await call(replaced(words, '--config', await localConfig()));
    expect(code, output).toBe(0);
    expect(output).toContain('would send');
  },
  'npm run collect -- --config collector.yaml --dry-run --verbose': async ({ words }) => {
    const { code, output } = await call(replaced(words, '--config', await localConfig()));
    expect(code, output).toBe(0);
    expect(output).toMatch(/GET \/v3\/metrics|\/v3\/metrics/);
  },
  'npx cdk deploy -c config=team-b.yaml': async ({ words }) => {
    const [example] = fencesOf('yaml').filter(({ text }) => text.startsWith('collector: team-b\n'));
    const file = join(folder, 'team-b.yaml');
    await writeFile(file, example?.text ?? '');
    await synthesised(words.map((word) => (word === 'deploy' ? 'synth' : word.replace('team-b.yaml', file))));
  },
  "npx cdk deploy --app 'node infra/my-app.ts'": async ({ words }) => {
    // Where the page says to put the program: beside the construct, in a copy of the repository.
    const copy = join(folder, 'copy');
    await mkdir(join(copy, 'infra'), { recursive: true });
    for (const name of await readdir(root)) if (name !== 'infra') await symlink(join(root, name), join(copy, name));
    for (const name of await readdir(join(root, 'infra')))
      await symlink(join(root, 'infra', name), join(copy, 'infra', name));
    const [example] = fencesIn('docs/deploying.md').filter(({ language }) => language === 'ts');
    await writeFile(join(copy, 'infra/my-app.ts'), example?.text ?? '');
    await synthesised(
      words.map((word) => (word === 'deploy' ? 'synth' : word)),
      copy,
    );
  },
  'npm run -s migrate -- -token abc123 -interval 30s -backend statsd -statsd-tags > collector.yaml': migrated,
  'npm run -s migrate -- -environment lambda.json > collector.yaml': async ({ words, ...command }) => {
    const file = join(folder, 'lambda.json');
    const variables = { BUILDKITE_AGENT_TOKEN_SSM_KEY: '/buildkite/agent-token' };
    await writeFile(file, JSON.stringify({ FunctionName: 'a', Environment: { Variables: variables } }));
    await migrated({ ...command, words: words.map((word) => (word === 'lambda.json' ? file : word)) });
  },
  'npx cdk diff': async ({ words }) => {
    const assembly = join(folder, 'cdk.out-diff');
    const synth = await call(['npx', 'cdk', 'synth', '--quiet', '--no-notices', '--output', assembly]);
    expect(synth.code, synth.output).toBe(0);
    const template = join(assembly, 'ci-metrics.template.json');
    const { code, output } = await call([...words, '--app', assembly, '--template', template, '--no-notices']);
    expect(code, output).toBe(0);
    expect(output).toContain('no differences');
  },
};

/** The steps of a guide, which a test follows in a copy. */
const guideCopy = { file: 'test/repository/documentation/guide-copy.ts', text: "blocksOf(text, 'sh')" };

/** What others run; the text proves that they do. */
const elsewhere: Readonly<Record<string, { readonly file: string; readonly text: string }>> = {
  'cp -r docs/template-sink lambda/sinks/acme': guideCopy,
  "find lambda/sinks/acme -type f ! -name example.yaml -exec sed -i 's#/lambda/#/#; s/example/acme/g; s/Example/Acme/g' {} +":
    guideCopy,
  "sed -i 's/example/acme/g' lambda/sinks/acme/example.yaml": guideCopy,
  'cp -r docs/template-source lambda/sources/acme': guideCopy,
  "find lambda/sources/acme -type f ! -name example.yaml -exec sed -i 's#/lambda/#/#; s/example/acme/g; s/Example/Acme/g' {} +":
    guideCopy,
  "sed -i 's/example/acme/g' lambda/sources/acme/example.yaml": guideCopy,
  'npm run doctor -- --config collector.yaml': {
    file: 'test/cli/doctor/doctor.test.ts',
    text: "'doctor', '--config', config",
  },
  'npm run build': { file: 'test/package/installed-package.ts', text: 'await buildPackage(' },
  'npm pack ./dist': { file: 'test/package/installed-package.ts', text: "'pack'" },
  'npm install ./ci-metrics-collector-0.1.0.tgz': { file: 'test/package/installed-package.ts', text: "'install'" },
  'npx ci-metrics-collector init': { file: 'test/package/package.test.ts', text: "'init'" },
  'npx ci-metrics-collector collect --config collector.yaml --dry-run': {
    file: 'test/package/package.test.ts',
    text: "run(['collect', '--config', 'collector.yaml', '--dry-run'])",
  },
  'npx ci-metrics-collector dashboards --to monitoring': {
    file: 'test/package/package.test.ts',
    text: "run(['dashboards', '--to', 'monitoring'])",
  },
  'npx ci-metrics-collector demo': { file: 'test/package/package.test.ts', text: "run(['demo'" },
  'npm ci': { file: '.ci/run', text: '\nnpm ci' },
  'npm test': { file: '.ci/run', text: '\nnpm test' },
  'npm run check': { file: 'scripts/check.ts', text: "spawnSync('npm', ['run'" },
  'npx cdk bootstrap': { file: 'test/deployment/deployed-stack.ts', text: "cdk('bootstrap'" },
  'npx cdk deploy': { file: 'test/deployment/deployed-stack.ts', text: "cdk('deploy'" },
  'npx cdk destroy': { file: 'test/deployment/deployed-stack.ts', text: "cdk('destroy'" },
  'PATH="$PWD/node_modules/.bin:$PATH" BIND_HOST=127.0.0.1 GATEWAY_PORT=4566 IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 .venv/bin/ministack':
    { file: 'test/servers/ministack.ts', text: '.venv/bin/ministack' },
  'export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1':
    {
      file: 'test/servers/ministack.ts',
      text: "AWS_SECRET_ACCESS_KEY: 'test'",
    },
  'export CDK_HOME="$(mktemp -d)"': { file: 'test/servers/ministack.ts', text: 'CDK_HOME: join(home' },
  'npx cdk bootstrap aws://000000000000/us-east-1 -c emulator=1': {
    file: 'test/deployment/deployed-stack.ts',
    text: "cdk('bootstrap', 'aws://000000000000/us-east-1'",
  },
  'npx cdk deploy -c emulator=1 --require-approval never --outputs-file outputs.json': {
    file: 'test/deployment/deployed-stack.ts',
    text: "'--require-approval', 'never', '--outputs-file'",
  },
};

/** What belongs to the machine, a cluster or a vendor: only its shell is checked, for the reason beside it. */
const foreignPrograms: ReadonlyMap<string, string> = new Map([
  ['chainloop', "makes a token at a vendor's account"],
  ['curl', 'asks a server of the reader'],
  ['gcloud', "changes a vendor's account; the guide says that it was not tried"],
  ['git', 'pulls from where the reader has it from'],
  ['kubectl', 'changes a cluster of the reader'],
  ['mimirtool', 'loads into a server of the reader; the guide says that it was not tried'],
  ['openssl', 'makes random digits'],
]);

const commands = fencesOf('sh').flatMap(commandsIn);
const isAws = ({ words }: Pick<DocumentedCommand, 'words'>): boolean => words[0] === 'aws';
/** The program of a line, also of one that keeps its answer in a variable. */
const programOf = ({ words: [first = ''] }: DocumentedCommand): string => first.replace(/^\w+=\$\(/, '');
const isForeign = (command: DocumentedCommand): boolean => foreignPrograms.has(programOf(command));
/** Variables of the shell that only the lines below use. */
const isAssignment = ({ words }: DocumentedCommand): boolean => words.every((word) => /^[A-Z]+=[^$]*$/.test(word));

describe('commands in the documentation', () => {
  it('are each tried somewhere', () => {
    const known = new Set([...Object.keys(here), ...Object.keys(elsewhere)]);

    const untried = commands.filter(
      (command) => !isAws(command) && !isForeign(command) && !isAssignment(command) && !known.has(command.line),
    );

    expect(commands.length).toBeGreaterThan(15);
    expect(untried).toEqual([]);
  });

  it('have shown what stands below them', () => {
    const compared = ['npm start', 'npm run collect -- --config local.yaml --dry-run'];

    expect(shown.map(({ line }) => line)).toEqual(compared);
  });

  it('are in no list without being in the documentation', () => {
    const lines = new Set(commands.map(({ line }) => line));

    const listed = [...Object.keys(here), ...Object.keys(elsewhere)];
    const programs = new Set(commands.map(programOf));

    expect(listed.filter((line) => !lines.has(line))).toEqual([]);
    expect([...foreignPrograms.keys()].filter((program) => !programs.has(program))).toEqual([]);
  });

  it.each(fencesOf('sh'))('are understood by a shell: $place', async ({ text }) => {
    // Placeholders such as <FunctionName> would be redirections.
    const filled = text.replaceAll(/<\w+>/g, 'placeholder');

    await expect(run('sh', ['-n', '-c', filled])).resolves.toBeDefined();
  });

  it.each(Object.entries(elsewhere))('are run by others: %s', (_, { file, text }) => {
    expect(textOf(file).includes(text), `${file} has no ${text}`).toBe(true);
  });

  const tried = commands.filter(({ line }) => line in here);
  const once = tried.filter(({ line }, index) => tried.findIndex((other) => other.line === line) === index);

  it.each(once)('work: $line', { timeout: 600_000 }, async (command) => {
    await here[command.line]?.(command);
  });

  it('that a block only shows are noticed when they print something else', () => {
    expect(() => {
      expectShown('QUEUE  QUEUED\n', 'QUEUE  RUNNING\n');
    }).toThrow();
  });
});

describe('commands in the text', () => {
  const spans = markdownFiles().flatMap((file) =>
    [...proseOf(file).matchAll(/`(npm (?:start|run)[^`]*|npx [^`]*)`/g)].map(([, line = '']) => ({
      file,
      line,
      words: wordsOf(line),
    })),
  );

  it('call scripts that exist', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(textOf('package.json')));
    const named = [...spans, ...commands].flatMap(({ line, words }) =>
      words[0] === 'npm' && words[1] === 'run'
        ? [{ line, script: words.slice(2).find((word) => !word.startsWith('-')) ?? '' }]
        : [],
    );

    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ script }) => !(script in scripts))).toEqual([]);
  });

  it('give options that exist', () => {
    const given = [...spans, ...commands].flatMap(({ line, words }) => {
      const command = commandOf(words);
      const options = words.slice(words.indexOf('--') + 1).filter((word) => word.startsWith('--'));
      return command === undefined || !words.includes('--') ? [] : options.map((option) => ({ line, command, option }));
    });

    const unknown = given.filter(
      ({ command, option }) => !(option.slice(2) in { ...command.options, ...commonOptions }),
    );

    expect(given.length).toBeGreaterThan(5);
    expect(unknown.map(({ line, option }) => ({ line, option }))).toEqual([]);
  });
});

function commandOf(words: readonly string[]): Command | undefined {
  if (words[0] !== 'npm') return undefined;
  if (words[1] === 'start') return demoCommand;
  return words.includes('collect') ? collectCommand : undefined;
}

const python = join(root, '.venv/bin/python');
const withAwsModels = serverFor(
  "the AWS CLI's service models",
  python,
  'python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt',
);

/** What the AWS CLI would say about an operation and its options; it takes both from these models. */
const checkScript = `
import json, sys, botocore.session
from botocore import xform_name
session = botocore.session.get_session()
plain = {'region', 'profile', 'output', 'query'}
outfiles = {('lambda', 'invoke'): 1}
# Commands that the CLI has beside the operations of the service.
own = {('eks', 'get-token')}
for words in json.load(sys.stdin):
    # Where the answer goes is the shell's.
    words = words[:words.index('>')] if '>' in words else words
    service, operation, *rest = words[1:]
    if (service, operation) in own:
        continue
    try:
        model = session.get_service_model(service)
    except Exception as error:
        print(f'{words}: {error}')
        continue
    found = [name for name in model.operation_names if xform_name(name, '-') == operation]
    if not found:
        print(f'{words}: no such operation')
        continue
    shape = model.operation_model(found[0]).input_shape
    members = {xform_name(name, '-'): name for name in shape.members}
    flags = {option for option, name in members.items() if shape.members[name].type_name == 'boolean'}
    given, places, index = set(), 0, 0
    while index < len(rest):
        if rest[index].startswith('--'):
            option = rest[index][2:]
            name = option.removeprefix('no-') if option.removeprefix('no-') in flags else option
            given.add(name)
            if name not in members and name not in plain:
                print(f'{words}: no option --{option}')
            index += 1 if name in flags else 2
        else:
            places, index = places + 1, index + 1
    if places != outfiles.get((service, operation), 0):
        print(f'{words}: {places} words that are no option')
    for member in shape.required_members:
        if xform_name(member, '-') not in given:
            print(f'{words}: --{xform_name(member, "-")} is missing')
`;

async function faultsOf(lines: readonly (readonly string[])[]): Promise<string> {
  const checking = run(python, ['-c', checkScript]);
  checking.child.stdin?.end(JSON.stringify(lines));
  return (await checking).stdout;
}

withAwsModels('commands of the AWS CLI', () => {
  const inText = markdownFiles().flatMap((file) =>
    [...proseOf(file).matchAll(/`(aws [^`]*)`/g)].map(([, line = '']) => wordsOf(line)),
  );

  it('name operations and options that exist', async () => {
    const lines = [...commands.filter(isAws).map(({ words }) => words), ...inText];

    expect(lines.length).toBeGreaterThan(5);
    expect(await faultsOf(lines)).toBe('');
  });

  it('are noticed when they do not', async () => {
    const wrong = [
      'aws sqs purge-queues --queue-url x',
      'aws sqs purge-queue --queue x',
      'aws sqs purge-queue --queue-url x y',
    ];

    expect((await faultsOf(wrong.map(wordsOf))).trim().split('\n')).toHaveLength(4);
  });
});

describe('scripts of the documentation', () => {
  it('exist as files', () => {
    const paths = markdownFiles().flatMap((file) =>
      [...proseOf(file).matchAll(/`(?:bash )?(\.ci\/\w+|scripts\/[\w./-]+)`/g)].map(([, path = '']) => path),
    );

    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
