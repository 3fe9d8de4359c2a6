/** Finds and reads the files of the repository, and the fenced blocks of its Markdown files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** What `.gitignore` names, Git's own folder and files that are no text of ours. */
const ignored: ReadonlySet<string> = new Set([
  '.git',
  '.venv',
  'dist',
  '.vitest',
  '.cache',
  'cdk.out',
  'coverage',
  'node_modules',
  'package-lock.json',
]);

/** Every file of the repository, by its path from the root; read from the disk, because an export has no `.git`. */
export function repositoryFiles(folder = ''): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !ignored.has(name) && !name.endsWith('.log'))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? repositoryFiles(path) : [path];
    })
    .sort();
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function markdownFiles(): readonly string[] {
  return repositoryFiles().filter((path) => path.endsWith('.md'));
}

export interface Fence {
  /** `docs/deploying.md:42`, where its first line stands. */
  readonly place: string;
  readonly file: string;
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a Markdown file, without the indentation of their fence. */
export function fencesIn(file: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { language: string; indent: number; line: number; lines: string[] } | undefined;
  for (const [index, line] of textOf(file).split('\n').entries()) {
    const fence = /^( *)```(\S*)/.exec(line);
    if (open === undefined) {
      if (fence !== null)
        open = { language: fence[2] ?? '', indent: fence[1]?.length ?? 0, line: index + 2, lines: [] };
    } else if (fence === null) open.lines.push(line.slice(open.indent));
    else {
      const text = `${open.lines.join('\n')}\n`;
      fences.push({ place: `${file}:${String(open.line)}`, file, language: open.language, text });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${file}:${String(open.line)}: the block has no end`);
  return fences;
}

export function fencesOf(language: string): readonly Fence[] {
  return markdownFiles()
    .flatMap(fencesIn)
    .filter((fence) => fence.language === language);
}

/** The text of a Markdown file without its fenced blocks. */
export function proseOf(file: string): string {
  return textOf(file).replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
}
