/** Builds the whole package: the construct, the functions, the terminal's command and what is read with them. */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleCommand } from './bundle-command.ts';
import { bundleConstruct } from './bundle-construct.ts';
import { bundleFunctions } from './bundle-functions.ts';
import { compileFace } from './compile-face.ts';
import { describePackage } from './describe-package.ts';
import { describeThirdParty } from './third-party.ts';

const root = join(import.meta.dirname, '../..');

/** Files and folders of the repository that the package has as they are. */
const copied = ['README.md', 'LICENSE', 'CHANGELOG.md', 'collector.schema.json', 'dashboards', 'examples'];

/** Writes the package into a folder, which is emptied before. */
export async function buildPackage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const library = join(folder, 'lib');
  mkdirSync(library, { recursive: true });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(describePackage(root), undefined, 2)}\n`);
  for (const name of copied)
    if (existsSync(join(root, name))) cpSync(join(root, name), join(folder, name), { recursive: true });
  const ofConstruct = await bundleConstruct(library);
  compileFace(folder);
  const ofFunctions = await bundleFunctions(join(library, 'functions'));
  const ofCommand = await bundleCommand(join(folder, 'cli'));
  const thirdParty = describeThirdParty(root, [ofConstruct, ...ofFunctions, ofCommand]);
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), thirdParty);
}
