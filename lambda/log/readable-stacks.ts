/** Makes the stacks of the bundled code name files and lines of the sources. */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/** A line and column of a file; both count from 1. */
interface CodeLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Makes the stacks of a bundle name the places in the sources, by the source maps beside its files. These are read when
 * a stack is first looked at: `--enable-source-maps` reads them while code is loaded, in every cold start.
 */
export function showSourcesInStacks(): void {
  const maps = new Map<string, SourceMap | undefined>();
  Error.prepareStackTrace = (error, frames): string => {
    const lines = frames.map((frame) => `\n    at ${formatFrame(frame, maps)}`);
    return `${String(error)}${lines.join('')}`;
  };
}

type Maps = Map<string, SourceMap | undefined>;

function formatFrame(frame: NodeJS.CallSite, maps: Maps): string {
  const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()];
  const name = frame.getFunctionName() ?? '<anonymous>';
  if (typeof file !== 'string' || line === null || column === null) return `${name} (<native>)`;
  const location = { file, line, column };
  const source = findSource(location, maps);
  // The name of a function in a bundle is one letter and says nothing.
  return source === undefined ? `${name} (${formatLocation(location)})` : formatLocation(source);
}

function formatLocation({ file, line, column }: CodeLocation): string {
  return `${file}:${String(line)}:${String(column)}`;
}

function findSource({ file, line, column }: CodeLocation, maps: Maps): CodeLocation | undefined {
  if (!maps.has(file)) maps.set(file, loadMapBeside(file));
  const entry = maps.get(file)?.findEntry(line - 1, column - 1);
  if (entry === undefined || !('originalSource' in entry)) return undefined;
  // The bundler writes `../lambda/run.ts`, as seen from its output.
  const name = entry.originalSource.replace(/^(?:\.\.\/)+/, '');
  return { file: name, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

/** Only files of the bundle have a map; they are all ES modules. */
function loadMapBeside(file: string): SourceMap | undefined {
  if (!file.startsWith('file:')) return undefined;
  try {
    return new SourceMap(parsePayload(readFileSync(`${fileURLToPath(file)}.map`, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Source map revision 3, of which only places are looked up. Described here, for it is seldom needed. */
function parsePayload(text: string): SourceMapPayload {
  const Payload = z.object({ sources: z.array(z.string()), names: z.array(z.string()), mappings: z.string() });
  return { ...Payload.parse(JSON.parse(text)), file: '', version: 3, sourcesContent: [], sourceRoot: '' };
}
