/** Makes a certificate authority and certificates with openssl for one test. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A key and a certificate for it, in PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority that exists only for one test. */
export interface Authority {
  /** Its own certificate in PEM. */
  readonly cert: string;
  /** A certificate for a server by its alternative names, such as `IP:127.0.0.1` and `DNS:ci.test`. */
  readonly server: (...names: readonly string[]) => Promise<Identity>;
  readonly client: (commonName: string) => Promise<Identity>;
}

/** Makes a CA with openssl in a temporary folder, which `use` may sign with until it ends. */
export async function withAuthority<Result>(use: (authority: Authority) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-ca-'));
  try {
    return await use(await authorityIn(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function authorityIn(folder: string): Promise<Authority> {
  const at = (name: string): string => join(folder, name);
  const read = (name: string): Promise<string> => readFile(at(name), 'utf8');
  const openssl = async (...args: readonly string[]): Promise<void> => {
    await run('openssl', [...args], { cwd: folder });
  };
  let serial = 0;

  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test CA');

  const issue = async (subject: string, extensions: readonly string[]): Promise<Identity> => {
    serial += 1;
    const name = `leaf${String(serial)}`;
    await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`);
    await writeFile(at(`${name}.ext`), extensions.join('\n'));
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', String(serial), '-extfile', `${name}.ext`];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-days', '2', '-out', `${name}.pem`);
    return { key: await read(`${name}.key`), cert: await read(`${name}.pem`) };
  };

  return {
    cert: await read('ca.pem'),
    server: (...names) => issue('server', [`subjectAltName=${names.join(',')}`, 'extendedKeyUsage=serverAuth']),
    client: (commonName) => issue(commonName, ['extendedKeyUsage=clientAuth']),
  };
}
