/** Builds the package, packs it and installs it into an empty folder, as whoever uses it does. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import * as z from 'zod';
import { buildPackage } from '../../scripts/package/build-package.ts';

export const root = join(import.meta.dirname, '../..');

const Packed = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

export interface InstalledPackage extends Disposable {
  /** The folder that was packed. */
  readonly built: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];
  readonly tarball: string;
  /** A folder with nothing but the package and the CDK. */
  readonly project: string;
}

/** Takes some ten seconds, most of them for jsii. */
export async function installPackage(): Promise<InstalledPackage> {
  // Below the repository, because jsii looks for the CDK there.
  mkdirSync(join(root, '.cache'), { recursive: true });
  const built = mkdtempSync(join(root, '.cache/package-'));
  const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-package-'));
  await buildPackage(built);
  const [{ filename, files }] = Packed.parse(
    JSON.parse(runNpm(built, ['pack', '--json', '--pack-destination', folder])),
  );
  const project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const tarball = join(folder, filename);
  // The CDK is linked afterwards: the package brings nothing that would have to be fetched.
  runNpm(project, ['install', '--offline', '--legacy-peer-deps', '--ignore-scripts', tarball]);
  linkPeers(project, join(root, 'node_modules'));
  return {
    built,
    files: files.map(({ path }) => path),
    tarball,
    project,
    [Symbol.dispose]: () => {
      for (const each of [built, folder]) rmSync(each, { recursive: true, force: true });
    },
  };
}

/** Puts a CDK beside the package. */
export function linkPeers(project: string, modules: string): void {
  for (const name of ['aws-cdk-lib', 'constructs']) {
    const place = join(project, 'node_modules', name);
    rmSync(place, { force: true });
    symlinkSync(join(modules, name), place);
  }
}

function runNpm(folder: string, args: readonly string[]): string {
  return execFileSync('npm', [...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, npm_config_audit: 'false', npm_config_fund: 'false', npm_config_loglevel: 'error' },
  });
}

/** This Node, and the one of the machine where that is another. */
export function findNodes(): readonly string[] {
  const own = dirname(process.execPath);
  const others = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules') && folder !== own)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path));
  return [process.execPath, ...others.slice(0, 1)];
}

/** `20.20.2` of a Node; too old ones are not for the package. */
export function readVersion(node: string): string {
  return execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
}

export function readJson(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}
