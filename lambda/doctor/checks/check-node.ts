/** Looks at the version of Node that runs this program. */
import type { Finding } from '../../model/finding.ts';

/** The release that the function has, and that all tests run on. */
const testedMajor = 24;

/** @param version such as `v24.21.0` */
export function checkNode(version: string): Finding {
  const place = { subject: 'Node', where: 'this program' } as const;
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  if (major >= testedMajor) return { ...place, verdict: 'ok', message: version };
  return {
    ...place,
    verdict: 'warning',
    message: `${version} is older than the Node ${String(testedMajor)} of the deployed function`,
    remedy: `install Node ${String(testedMajor)}, for example with nvm install ${String(testedMajor)}`,
  };
}
