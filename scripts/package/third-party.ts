/** Lists the packages that are bundled, with their licences, which ask to go along with their code. */
import type { Metafile } from 'esbuild';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const Description = z.object({ name: z.string(), version: z.string(), license: z.string() });

/** The text of a file with every bundled package. @throws Error for one that has no licence, which nobody may hand on. */
export function describeThirdParty(root: string, metafiles: readonly Metafile[]): string {
  const folders = new Set(metafiles.flatMap(({ inputs }) => Object.keys(inputs).flatMap(findPackage)));
  const parts = [...folders].sort().map((folder) => describePackage(join(root, folder)));
  return `This package contains code of the packages below, under their licences.\n\n${parts.join('\n')}`;
}

/** `node_modules/@scope/name` of a file in it, the innermost one. */
function findPackage(input: string): readonly string[] {
  const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
  return folder === undefined ? [] : [folder];
}

function describePackage(folder: string): string {
  const description: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = Description.parse(description);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  const notice = existsSync(join(folder, 'NOTICE')) ? `\n${readFileSync(join(folder, 'NOTICE'), 'utf8').trim()}\n` : '';
  return `---\n${name} ${version}: ${license}\n${text}${notice}`;
}
