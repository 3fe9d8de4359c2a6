/** Makes a release: version, changelog, commit, tag and tarball: `npm run release -- 1.2.3`. It publishes nothing. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from './package/build-package.ts';
import { chooseVersion, dateChangelog, replaceVersion } from './release/new-version.ts';

const root = join(import.meta.dirname, '..');

/** Files that name the version, beside the changelog. */
const versioned = ['package.json', 'package-lock.json', 'lambda/version.ts'];

function git(args: readonly string[]): string {
  return execFileSync('git', [...args], { cwd: root, encoding: 'utf8' }).trim();
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(join(root, file), change(readFileSync(join(root, file), 'utf8')));
}

/** Nothing is changed before everything that can be checked was checked. */
async function release(wanted: string): Promise<void> {
  if (git(['status', '--porcelain']) !== '')
    throw new Error('there are uncommitted changes; commit or stash them first');
  const { version: before } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const version = chooseVersion(before, wanted);
  const tag = `v${version}`;
  if (git(['tag', '--list', tag]) !== '') throw new Error(`the tag ${tag} is there already; choose another version`);
  const today = new Date().toISOString().slice(0, 10);
  const changelog = dateChangelog(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version, today);

  writeFileSync(join(root, 'CHANGELOG.md'), changelog);
  for (const file of versioned) edit(file, (text) => replaceVersion(file, text, before, version));
  git(['add', 'CHANGELOG.md', ...versioned]);
  git(['commit', '--quiet', '--message', `chore(release): ${version}`]);
  git(['tag', '--annotate', tag, '--message', tag]);

  const folder = join(root, 'dist');
  await buildPackage(folder);
  mkdirSync(join(root, 'release'), { recursive: true });
  const pack = ['pack', '--silent', '--pack-destination', join(root, 'release')];
  const tarball = execFileSync('npm', pack, { cwd: folder, encoding: 'utf8' }).trim();
  process.stdout.write(
    `${tag} is committed and tagged, and release/${tarball} is the package; nothing was pushed or published.\n` +
      `To undo it: git tag -d ${tag} && git reset --hard HEAD~1\n`,
  );
}

try {
  const [wanted, ...more] = process.argv.slice(2);
  if (wanted === undefined || more.length > 0)
    throw new Error('name one version: npm run release -- 1.2.3, or patch, minor or major');
  await release(wanted);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
