/** Finds the tests that a folder or a file of the code is held to. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';

/** Paths are relative to `root` and have slashes. */
export interface TestChoice {
  readonly root: string;
  readonly place: string;
  /** Also those that live elsewhere and import the place by name. */
  readonly withImporters: boolean;
}

/**
 * `lambda/http` is held to `test/http`, and `lambda/webhook.ts` to `test/webhook.test.ts`. A place without tests of its
 * own is held to those that import it.
 */
export function findTests({ root, place, withImporters }: TestChoice): readonly string[] {
  const own = ownTests(root, place);
  const wanted = withImporters || own.length === 0 ? [...own, ...importers(root, place)] : own;
  return [...new Set(wanted)].toSorted();
}

function ownTests(root: string, place: string): readonly string[] {
  const mirror = posix.join('test', place.replace(/^(lambda|scripts)\//, '').replace(/\.ts$/, ''));
  const file = `${mirror}.test.ts`;
  return [...(existsSync(join(root, file)) ? [file] : []), ...testsIn(root, mirror)];
}

function testsIn(root: string, folder: string): readonly string[] {
  if (!existsSync(join(root, folder)) || !statSync(join(root, folder)).isDirectory()) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => posix.relative(root, posix.join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('node_modules/'));
}

function importers(root: string, place: string): readonly string[] {
  return testsIn(root, 'test').filter((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return [...text.matchAll(/\bfrom '(\.[^']+)'/g)].some(([, specifier = '']) => {
      const target = posix.join(dirname(path), specifier);
      return target === place || target.startsWith(`${place}/`);
    });
  });
}

/** What Stryker mutates: the file itself, or the files of the folder. Undefined where there is no code. */
export function codePattern(root: string, place: string): string | undefined {
  const path = join(root, place);
  if (!existsSync(path)) return undefined;
  if (statSync(path).isDirectory()) return `${place}/**/!(*.d).ts`;
  return basename(place).endsWith('.ts') ? place : undefined;
}
