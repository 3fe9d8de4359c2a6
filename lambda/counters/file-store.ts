import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { codeOf } from './error-code.ts';
import { fileFailure } from './file-failure.ts';
import { withLock } from './file-lock.ts';
import { jsonValue } from './json-value.ts';
import { type Saved, StateStoreError, type StateStore, type StoredDocument } from './store.ts';

/** The first line of a state file; the body follows it as it is. */
const Header = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  version: z.int().min(1),
  /** Length of the body in UTF-8; finds a file that was cut or edited. */
  bytes: z.int().min(0),
});
const AnyHeader = z.object({ format: z.int() });

/**
 * State in one file a document, for the terminal: readable by its owner only, replaced in one step so that a crash
 * leaves the old document or the new one, and locked while it is compared and replaced.
 */
export function fileStateStore(folder: string): StateStore {
  async function guarded<Result>(path: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      throw fileFailure(path, error, signal);
    }
  }

  return {
    load(id, signal) {
      const path = join(folder, fileNameOf(id));
      return guarded(path, signal, () => read(path, id, signal));
    },
    save(id, { body, before }, signal) {
      const path = join(folder, fileNameOf(id));
      return guarded(path, signal, () => replace(path, { id, body, before }, signal));
    },
  };
}

/**
 * `buildkite/main` is in `buildkite%2fmain.state`. No capital letters, so that ids which differ never share a file, on a
 * file system that ignores case either.
 */
function fileNameOf(id: string): string {
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
  const header = headerOf(path, text.slice(0, Math.max(0, end)));
  const body = text.slice(end + 1);
  if (header.id !== id || Buffer.byteLength(body) !== header.bytes) throw damaged(path);
  return { version: header.version, body };
}

async function readText(path: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return await readFile(path, { encoding: 'utf8', ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function headerOf(path: string, line: string): z.infer<typeof Header> {
  const json = jsonValue(line);
  const header = Header.safeParse(json);
  if (header.success) return header.data;
  const other = AnyHeader.safeParse(json);
  if (other.success && other.data.format > 1) {
    const reason = 'was written by a newer version of the collector; use that one, or another folder';
    throw new StateStoreError('configuration', `the state file ${path} ${reason}`);
  }
  throw damaged(path);
}

interface Replacement {
  readonly id: string;
  readonly body: string;
  readonly before: number;
}

async function replace(path: string, replacement: Replacement, signal: AbortSignal): Promise<Saved> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return withLock(`${path}.lock`, signal, async () => {
    const stored = await read(path, replacement.id);
    if ((stored?.version ?? 0) !== replacement.before) return 'overtaken';
    await write(path, replacement);
    return 'saved';
  });
}

/** Not cut off by the deadline: what was begun takes milliseconds, and is then either there or not. */
async function write(path: string, { id, body, before }: Replacement): Promise<void> {
  const header: z.infer<typeof Header> = { format: 1, id, version: before + 1, bytes: Buffer.byteLength(body) };
  // Only the holder of the lock writes it, so what a crash left is overwritten.
  const temporary = `${path}.new`;
  await writeDurably(temporary, `${JSON.stringify(header)}\n${body}`);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.chmod(0o600);
  await file.writeFile(text);
  await file.sync();
}

/** Without it a power failure can undo the rename; some file systems refuse it and then need none. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync().catch(() => undefined);
}

function damaged(path: string): StateStoreError {
  const reason = 'is damaged; restore it from a copy, or remove it to begin to count anew';
  return new StateStoreError('bad-response', `the state file ${path} ${reason}`);
}
