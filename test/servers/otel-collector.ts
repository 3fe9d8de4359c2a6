/** An OpenTelemetry Collector that takes OTLP over HTTP and writes what it has taken to a file. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goProgram } from './go-servers.ts';
import { startOnFreePort } from './process.ts';

export interface OtelCollector extends AsyncDisposable {
  readonly url: string;
  /** What it has taken so far: one ExportMetricsServiceRequest or ExportTraceServiceRequest in JSON a line. */
  readonly received: () => Promise<readonly string[]>;
}

/** The port comes by the environment, for the file is written before it is known. */
const config = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:\${env:OTLP_PORT}
exporters:
  file:
    path: \${env:OTLP_FILE}
    flush_interval: 100ms
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    metrics:
      receivers: [otlp]
      exporters: [file]
    traces:
      receivers: [otlp]
      exporters: [file]
`;

export async function startOtelCollector(): Promise<OtelCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'otel-collector-'));
  const file = join(folder, 'received.jsonl');
  const configFile = join(folder, 'config.yaml');
  await writeFile(configFile, config);
  const { process, port } = await startOnFreePort((free) => ({
    name: 'OpenTelemetry Collector',
    command: goProgram('otel-collector'),
    args: ['--config', configFile],
    cwd: folder,
    env: { OTLP_PORT: String(free), OTLP_FILE: file },
    ready: () => takesRequests(`http://127.0.0.1:${String(free)}/v1/metrics`),
  }));
  return {
    url: `http://127.0.0.1:${String(port)}`,
    // What stands behind the last line break is still being written.
    received: async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1),
    [Symbol.asyncDispose]: async () => {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An empty request is taken, and leaves nothing in the file. */
async function takesRequests(url: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: '{}', signal: AbortSignal.timeout(20_000) });
  await response.arrayBuffer();
  return response.status === 200;
}
