/** The project as the compiler sees it, with one file of it changed in memory. */
import { join, relative } from 'node:path';
import ts from 'typescript';

interface Edited {
  readonly path: string;
  readonly text: string;
  readonly version: number;
}

export interface EditableProject {
  readonly service: ts.LanguageService;
  /** All other files are again as they are on disk. */
  readonly edit: (path: string, text: string) => void;
}

/** Of `root`'s tsconfig.json; only the files of one top folder are read, and what they import. */
export function openProject(root: string, topFolder: string): EditableProject {
  const { options, fileNames } = readConfig(root);
  const files = fileNames.filter((path) => relative(root, path).startsWith(`${topFolder}/`));
  let edited: Edited = { path: '', text: '', version: 0 };
  const edit = (path: string, text: string): void => {
    edited = { path, text, version: edited.version + 1 };
  };
  return { service: ts.createLanguageService(createHost({ root, options, files }, () => edited)), edit };
}

interface Project {
  readonly root: string;
  readonly options: ts.CompilerOptions;
  readonly files: readonly string[];
}

function readConfig(root: string): ts.ParsedCommandLine {
  const path = join(root, 'tsconfig.json');
  const parsed = ts.parseJsonSourceFileConfigFileContent(
    ts.readJsonConfigFile(path, (file) => ts.sys.readFile(file)),
    ts.sys,
    root,
  );
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(error.messageText, '\n')}`);
  return { ...parsed, options: { ...parsed.options, noEmit: false, declaration: true, emitDeclarationOnly: true } };
}

/** The files as they are on disk, but for the one that is edited. */
function createHost({ root, options, files }: Project, edited: () => Edited): ts.LanguageServiceHost {
  const readFile = (path: string): string | undefined =>
    path === edited().path ? edited().text : ts.sys.readFile(path);
  return {
    getScriptFileNames: () => [...files],
    getScriptVersion: (path) => (path === edited().path ? String(edited().version) : '0'),
    getScriptSnapshot: (path) => {
      const text = readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => options,
    getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
    fileExists: (path) => ts.sys.fileExists(path),
    readFile,
    readDirectory: (path, extensions, exclude, include, depth) =>
      ts.sys.readDirectory(path, extensions, exclude, include, depth),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  };
}
