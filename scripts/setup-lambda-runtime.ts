/** Builds the runtime client of AWS Lambda that tests use. */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Builds AWS's Lambda runtime interface client for `test/runtime-client`. node-gyp would download Node's headers; the
 * npm package that brings the binary has them as well.
 */
function headersFolder(): string {
  const node = realpathSync(process.execPath);
  const folders = [
    join(dirname(node), '..'),
    join(import.meta.dirname, '../node_modules/node/node_modules', `node-${process.platform}-${process.arch}`),
  ];
  const found = folders.find((folder) => existsSync(join(folder, 'include/node/node.h')));
  if (found === undefined) throw new Error(`no Node headers in ${folders.join(' or ')}; run npm ci first`);
  return found;
}

const { status } = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--prefix', 'test/servers/lambda-ric'], {
  stdio: 'inherit',
  env: { ...process.env, npm_config_nodedir: headersFolder() },
});
process.exitCode = status ?? 1;
