/** Reads a file with environment variables: `NAME=value` lines, or the JSON that AWS prints for a function. */
import * as z from 'zod';
import { UsageError } from '../commands/parse-arguments.ts';
import { readTextFile } from '../read-text-file.ts';
import type { Variables } from './installation.ts';

const FunctionConfiguration = z.object({ Environment: z.object({ Variables: z.record(z.string(), z.string()) }) });

/** @throws UsageError for a file that cannot be read or is of neither form; its text is never repeated. */
export async function readVariables(path: string): Promise<Variables> {
  const text = await readTextFile(path, 'give the path of a file with variables');
  return text.trimStart().startsWith('{') ? readJson(text, path) : readLines(text, path);
}

function readJson(text: string, path: string): Variables {
  const remedy = `${path} is not what \`aws lambda get-function-configuration\` prints`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The error of the parser quotes the text, which may hold a token.
    throw new UsageError(remedy);
  }
  const checked = FunctionConfiguration.safeParse(json);
  if (!checked.success) throw new UsageError(remedy);
  return checked.data.Environment.Variables;
}

function readLines(text: string, path: string): Variables {
  const pairs = text.split(/\r?\n/).flatMap((line, index): readonly (readonly [string, string])[] => {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return [];
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    // A name alone passes a variable of the machine on, as in docker's files; what it holds is not known here.
    if (/^\s*[A-Z_][A-Z0-9_]*\s*$/.test(line)) return [];
    if (match === null) throw new UsageError(`${path}, line ${String(index + 1)} is not NAME=value`);
    return [[match[1] ?? '', stripQuotes(match[2] ?? '')]];
  });
  return Object.fromEntries(pairs);
}

function stripQuotes(text: string): string {
  const match = /^(["'])(.*)\1$/.exec(text.trim());
  return match?.[2] ?? text.trim();
}
