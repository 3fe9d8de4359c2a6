/** Tells of one change of one file whether the project still type-checks, without checking all of it again. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';
import type { Mutant } from './choose.ts';
import { openProject } from './editable-project.ts';

/** Only for mutants in one top folder of the project, such as `lambda`. */
export function startTypeCheck(root: string, topFolder: string): (mutant: Mutant) => boolean {
  const { service, edit } = openProject(root, topFolder);
  const importers = findImporters(service);
  const declarations = new Map<string, string>();
  const compiles = (path: string): boolean => service.getSemanticDiagnostics(path).length === 0;

  return (mutant) => {
    const path = resolve(root, mutant.fileName);
    const text = readFileSync(path, 'utf8');
    if (!declarations.has(path)) {
      edit(path, text);
      declarations.set(path, declarationsOf(service, path));
    }
    edit(path, applyMutant(text, mutant));
    if (service.getSyntacticDiagnostics(path).length > 0 || !compiles(path)) return false;
    // As `tsc --incremental` does: who imports the file sees its declarations only.
    const isSameOutside = declarationsOf(service, path) === declarations.get(path);
    return isSameOutside || [...(importers.get(path) ?? [])].every(compiles);
  };
}

/** What other files see of this one. */
function declarationsOf(service: ts.LanguageService, path: string): string {
  const { outputFiles } = service.getEmitOutput(path, true, true);
  return outputFiles.map(({ text }) => text).join('');
}

/** The text with the mutant in it. */
export function applyMutant(text: string, { location, replacement }: Pick<Mutant, 'location' | 'replacement'>): string {
  const file = ts.createSourceFile('mutant.ts', text, ts.ScriptTarget.ESNext);
  const start = file.getPositionOfLineAndCharacter(location.start.line, location.start.column);
  const end = file.getPositionOfLineAndCharacter(location.end.line, location.end.column);
  return text.slice(0, start) + replacement + text.slice(end);
}

/** By the path of a file, the files that import it. */
function findImporters(service: ts.LanguageService): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const files = service.getProgram()?.getSourceFiles() ?? [];
  for (const { fileName, text, isDeclarationFile } of files) {
    if (isDeclarationFile) continue;
    for (const { fileName: specifier } of ts.preProcessFile(text).importedFiles) {
      if (!specifier.startsWith('.')) continue;
      const imported = resolve(dirname(fileName), specifier);
      found.set(imported, (found.get(imported) ?? new Set()).add(fileName));
    }
  }
  return found;
}
