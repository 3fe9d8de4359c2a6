/** Reads secrets from files. */
import { failRead, decodeText, type ProblemReason, type ReadOutcome, type SecretStore } from './secret-store.ts';

/** A bundle of CA certificates has some 200 KiB; more is not a secret but the wrong file. */
const maxFileBytes = 1024 * 1024;

const reasons: Readonly<Record<string, ProblemReason>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  EISDIR: 'invalid',
};

/** Files, such as the ones that Docker and Kubernetes mount; read anew whenever the cache has run out. */
export function createFileStore(readFile: (path: string) => Promise<Uint8Array>): SecretStore {
  async function readOne(path: string): Promise<ReadOutcome> {
    try {
      const bytes = await readFile(path);
      return bytes.byteLength > maxFileBytes ? failRead('invalid', 'larger than 1 MiB') : decodeText(bytes);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      return failRead(reasons[code] ?? 'unavailable', code);
    }
  }
  return {
    read: async (paths) => new Map(await Promise.all(paths.map(async (path) => [path, await readOne(path)] as const))),
  };
}
