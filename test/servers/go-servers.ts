/** Where the servers lie that are built with Go: those of this year, beside the older ones of Debian. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** One Go module, whose `tool` lines name its programs with their exact versions. */
export interface GoModule {
  /** The folder with `go.mod` and `go.sum`. */
  readonly folder: string;
  /** Names of the programs that its `tool` lines build. */
  readonly programs: readonly string[];
  /** Where they are put. Its name changes with the module, so that an old build is never taken for a new one. */
  readonly builtInto: string;
  readonly buildFlags: readonly string[];
  readonly buildEnv: Readonly<Record<string, string>>;
  /**
   * Present where the `tool` line names a program that puts the wanted one together: it is started with the `manifest.yaml`
   * of the folder, and leaves what it makes under this path.
   */
  readonly assembled?: { readonly builder: string; readonly leaves: string };
}

/** Outside the repository: a build takes minutes, and every checkout can use it. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ci-metrics-collector', 'servers');

export const goModules: readonly GoModule[] = [
  moduleNamed('prometheus', ['prometheus', 'promtool'], {
    // Without the clients of forty clouds that could be asked for targets, and without the C library.
    buildFlags: ['-tags', 'remove_all_sd,netgo'],
    buildEnv: {},
  }),
  // Apart from Prometheus: with the libraries of that one it panics at the first push.
  moduleNamed('pushgateway', ['pushgateway'], { buildFlags: ['-tags', 'netgo'], buildEnv: {} }),
  moduleNamed('statsd-exporter', ['statsd_exporter'], { buildFlags: ['-tags', 'netgo'], buildEnv: {} }),
  moduleNamed('victoria-metrics', ['victoria-metrics'], {
    buildFlags: [],
    // Its C library for zstd would need a compiler; it has the same in Go.
    buildEnv: { CGO_ENABLED: '0' },
  }),
  moduleNamed('otel-collector', ['otel-collector'], {
    buildFlags: [],
    buildEnv: { CGO_ENABLED: '0' },
    assembled: { builder: 'builder', leaves: 'distribution/otel-collector' },
  }),
];

/** The path of a program, whether it has been built or not. */
export function goProgram(program: string): string {
  const found = goModules.find(({ programs }) => programs.includes(program));
  if (found === undefined) throw new Error(`no module in test/servers/go builds ${program}`);
  return join(found.builtInto, program);
}

function moduleNamed(
  name: string,
  programs: readonly string[],
  build: Pick<GoModule, 'buildFlags' | 'buildEnv' | 'assembled'>,
): GoModule {
  const folder = join(import.meta.dirname, 'go', name);
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${build.buildFlags.join(' ')}`);
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, file)));
  // Twelve digits tell any number of versions apart.
  const version = hash.digest('hex').slice(0, 12);
  return { folder, programs, builtInto: join(cache, `${name}-${version}`), ...build };
}
