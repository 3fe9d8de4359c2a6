/** Starts real receivers of StatsD on loopback: the original server, and the exporter for Prometheus. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goProgram } from './go-servers.ts';
import { answersOk, startOnFreePort } from './process.ts';

export interface StatsdServer extends AsyncDisposable {
  readonly port: number;
  /** What it keeps under each name; of timers since the last flush each value. */
  kept(of: 'gauges' | 'counters' | 'timers'): Promise<Readonly<Record<string, readonly number[]>>>;
}

/** Flushes so late that nothing that a test sends is gone before it is looked at. */
const flushIntervalMs = 3_600_000;

/** The original: npm `statsd`. Its port for people is a TCP port of the same number. */
export async function startStatsd(): Promise<StatsdServer> {
  const folder = await mkdtemp(join(tmpdir(), 'statsd-'));
  const script = createRequire(import.meta.url).resolve('statsd/stats.js');
  const settings = join(folder, 'config.js');
  const started = await startOnFreePort((port) => ({
    name: 'StatsD',
    command: process.execPath,
    args: ['-e', starter(script, settings, port)],
    cwd: folder,
    ready: async () => (await ask(port, 'gauges')).includes('END'),
  }));
  return {
    port: started.port,
    kept: async (of) => figuresIn(await ask(started.port, of)),
    [Symbol.asyncDispose]: async () => {
      await started.process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Writes the settings for this port and becomes the server. */
function starter(script: string, settings: string, port: number): string {
  const given = {
    port,
    address: '127.0.0.1',
    mgmt_port: port,
    mgmt_address: '127.0.0.1',
    flushInterval: flushIntervalMs,
    backends: [],
    deleteGauges: false,
  };
  const written = JSON.stringify(JSON.stringify(given));
  // It was written for a Node that still had `util.log`.
  return `require('node:util').log ??= console.log; require('node:fs').writeFileSync(${JSON.stringify(settings)}, ${written}); process.argv = [process.argv[0], ${JSON.stringify(script)}, ${JSON.stringify(settings)}]; require(${JSON.stringify(script)});`;
}

async function ask(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(`${command}\n`);
    let answer = '';
    for await (const chunk of socket) {
      answer += String(chunk);
      if (answer.includes('END')) break;
    }
    return answer;
  } finally {
    socket.destroy();
  }
}

/** `{ 'a.b': 5, c: [ 1, 2 ] }`, as Node prints an object. */
function figuresIn(answer: string): Readonly<Record<string, readonly number[]>> {
  const pairs = [...answer.matchAll(/(?:'([^']+)'|([\w]+)): (\[[^\]]*\]|-?[\d.e+-]+)/g)];
  return Object.fromEntries(
    pairs.map(([, quoted, plain, figures = '']) => [
      quoted ?? plain ?? '',
      [...figures.matchAll(/-?[\d.]+(?:e[+-]?\d+)?/g)].map(([figure]) => Number(figure)),
    ]),
  );
}

export interface StatsdExporter extends AsyncDisposable {
  readonly port: number;
  /** What Prometheus would read. */
  page(): Promise<string>;
}

const statsdExporterCommand = goProgram('statsd_exporter');

export async function startStatsdExporter(): Promise<StatsdExporter> {
  const { process: running, port } = await startOnFreePort((free) => ({
    name: 'statsd_exporter',
    command: statsdExporterCommand,
    args: [
      `--web.listen-address=127.0.0.1:${String(free)}`,
      `--statsd.listen-udp=127.0.0.1:${String(free)}`,
      '--statsd.listen-tcp=',
    ],
    ready: () => answersOk(`http://127.0.0.1:${String(free)}/-/ready`),
  }));
  return {
    port,
    page: async () => await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text(),
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
