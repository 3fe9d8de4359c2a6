/** Finds the next version and writes it into texts. */

const plainVersion = /^(\d+)\.(\d+)\.(\d+)$/;

/** @throws Error for a version that is no version, or is not after the one before. */
export function chooseVersion(before: string, wanted: string): string {
  const [major, minor, patch] = parseVersion(before);
  if (wanted === 'major') return `${String(major + 1)}.0.0`;
  if (wanted === 'minor') return `${String(major)}.${String(minor + 1)}.0`;
  if (wanted === 'patch') return `${String(major)}.${String(minor)}.${String(patch + 1)}`;
  const next = parseVersion(wanted);
  const first = [major, minor, patch].findIndex((part, index) => part !== next[index]);
  const isLater = first !== -1 && (next[first] ?? 0) > ([major, minor, patch][first] ?? 0);
  if (isLater) return wanted;
  throw new Error(`${wanted} is not after ${before}`);
}

function parseVersion(text: string): readonly [number, number, number] {
  const [, major, minor, patch] = plainVersion.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined)
    throw new Error(`${JSON.stringify(text)} is no version such as 1.2.3, nor patch, minor or major`);
  return [Number(major), Number(minor), Number(patch)];
}

/** What was unreleased becomes the version, below a new and empty section. @throws Error where nothing is unreleased. */
export function dateChangelog(text: string, version: string, today: string): string {
  const heading = '## Unreleased\n';
  const start = text.indexOf(heading);
  if (start === -1) throw new Error('CHANGELOG.md has no section Unreleased');
  const rest = text.slice(start + heading.length);
  const end = rest.search(/^## /m);
  const released = end === -1 ? rest : rest.slice(0, end);
  if (!released.includes('\n- '))
    throw new Error('CHANGELOG.md has nothing under Unreleased; there is nothing to release');
  return `${text.slice(0, start)}${heading}\n## ${version} - ${today}\n${rest}`;
}

/** Of a lock file only the two places that name the project. @throws Error where the old version does not stand. */
export function replaceVersion(file: string, text: string, before: string, version: string): string {
  const old = file.endsWith('.json') ? `"version": "${before}"` : `version = '${before}'`;
  const head = text.slice(0, 1000);
  if (!head.includes(old)) throw new Error(`${file} does not name version ${before}`);
  return head.replaceAll(old, old.replace(before, version)) + text.slice(1000);
}
