/** Keeps state in files, for the terminal: one a document, replaced in one step. */
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../../../runtime/replace-file.ts';
import type { Logger } from '../../../runtime/log.ts';
import { maxBodyBytes, maxBodyText } from '../body-limit.ts';
import { codeOf } from '../error-code.ts';
import { explainFileError } from './explain-error.ts';
import { type Lock, type LockOptions, runLocked } from './lock.ts';
import { tryParseJson } from '../../../model/text/try-parse-json.ts';
import { sealDocument } from '../seal.ts';
import { type Saved, StateStoreError, type StateStore, type StoredDocument } from '../store.ts';

/** Rises when an older version of the collector could not read what is written; that one then says so. */
const format = 2;

/** The first line of a state file; the body follows it as it is. */
const Header = z.strictObject({
  format: z.literal(format),
  id: z.string(),
  version: z.int().min(1),
  /** Length of the body in UTF-8; finds a file that was cut. */
  bytes: z.int().min(0),
  seal: z.string(),
});
/** Earlier versions wrote no checksum; their files are read until the next save. */
const EarlierHeader = Header.omit({ seal: true }).extend({ format: z.literal(1) });
const AnyHeader = z.object({ format: z.int() });

/** The longest name of a source has some 200 bytes. */
const maxHeaderBytes = 4096;

/**
 * State in one file a document, for the terminal: readable by its owner only, replaced in one step so that a crash
 * leaves the old document or the new one, and locked while it is compared and replaced.
 */
export function createFileStateStore(folder: string, notices?: Pick<Logger, 'warn'>): StateStore {
  const warnOfTakeover = (lock: string, owner: string): void => {
    notices?.warn('a lock was taken over: the process that made it has ended', { lock, owner });
  };

  async function runGuarded<Result>(path: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      throw explainFileError(path, error, signal);
    }
  }

  return {
    load(id, signal) {
      const path = join(folder, formatFileName(id));
      return runGuarded(path, signal, () => read(path, id, signal));
    },
    save(id, { body, before }, signal) {
      const path = join(folder, formatFileName(id));
      return runGuarded(path, signal, () =>
        replace(path, { id, body, before }, { signal, onTakenOver: warnOfTakeover }),
      );
    },
  };
}

/**
 * `buildkite/main` is in `buildkite%2fmain.state`. No capital letters, so that ids which differ never share a file, on a
 * file system that ignores case either.
 */
function formatFileName(id: string): string {
  const safe = Array.from(Buffer.from(id), (byte) => {
    const character = String.fromCharCode(byte);
    return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  });
  return `${safe.join('')}.state`;
}

async function read(path: string, id: string, signal?: AbortSignal): Promise<StoredDocument | undefined> {
  const text = await readText(path, signal);
  if (text === undefined) return undefined;
  const end = text.indexOf('\n');
  const header = parseHeader(path, text.slice(0, Math.max(0, end)));
  const body = text.slice(end + 1);
  if (header.id !== id || Buffer.byteLength(body) !== header.bytes) throw explainDamage(path);
  if ('seal' in header && header.seal !== sealDocument(id, header.version, body)) throw explainChange(path);
  return { version: header.version, body };
}

async function readText(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > maxBodyBytes + maxHeaderBytes) throw explainTooLargeToRead(path, size);
    return await file.readFile({ encoding: 'utf8', ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHeader(path: string, line: string): z.infer<typeof Header> | z.infer<typeof EarlierHeader> {
  const json = tryParseJson(line);
  const header = z.union([Header, EarlierHeader]).safeParse(json);
  if (header.success) return header.data;
  const other = AnyHeader.safeParse(json);
  if (other.success && other.data.format > format) {
    const reason = 'was written by a newer version of the collector; use that one, or another folder';
    throw new StateStoreError('configuration', `the state file ${path} ${reason}`);
  }
  throw explainDamage(path);
}

interface Replacement {
  readonly id: string;
  readonly body: string;
  readonly before: number;
}

async function replace(path: string, replacement: Replacement, options: LockOptions): Promise<Saved> {
  const bytes = Buffer.byteLength(replacement.body);
  if (bytes > maxBodyBytes) throw explainTooLargeToSave(path, bytes);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return runLocked(`${path}.lock`, options, async (lock) => {
    const stored = await read(path, replacement.id);
    if ((stored?.version ?? 0) !== replacement.before) return 'overtaken';
    await write(path, replacement, lock);
    return 'saved';
  });
}

/** Not cut off by the deadline: what was begun takes milliseconds, and is then either there or not. */
async function write(path: string, { id, body, before }: Replacement, { confirm }: Lock): Promise<void> {
  const version = before + 1;
  const bytes = Buffer.byteLength(body);
  const header: z.infer<typeof Header> = { format, id, version, bytes, seal: sealDocument(id, version, body) };
  await replaceFile(path, `${JSON.stringify(header)}\n${body}`, { mode: 0o600, isDurable: true, confirm });
}

const beginAnew = 'restore it from a copy, or remove it to begin to count anew';

function explainDamage(path: string): StateStoreError {
  return new StateStoreError('bad-response', `the state file ${path} is damaged; ${beginAnew}`);
}

function explainChange(path: string): StateStoreError {
  const reason = 'does not fit its checksum: somebody has changed it by hand, or the disk has';
  return new StateStoreError('bad-response', `the state file ${path} ${reason}; ${beginAnew}`);
}

function explainTooLargeToRead(path: string, bytes: number): StateStoreError {
  const reason = `has ${formatMebibytes(bytes)} MiB, and no state has more than ${maxBodyText}: it was not read`;
  return new StateStoreError('bad-response', `the state file ${path} ${reason}; ${beginAnew}`);
}

function explainTooLargeToSave(path: string, bytes: number): StateStoreError {
  const reason = `would have ${formatMebibytes(bytes)} MiB, above ${maxBodyText}`;
  const remedy = "lower seriesPerMetric, narrow the source's pipelines or split it in two";
  return new StateStoreError('configuration', `the state file ${path} ${reason}; ${remedy}`);
}

function formatMebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
