/** Chooses the version of the protocol for a receiver, and remembers what its answers have shown. */
import { findWorkspaceRegion } from '../../../settings/workspace-region.ts';
import type { RemoteWriteConfig } from '../config.ts';
import type { Version } from './protocol.ts';

export interface Dialect {
  readonly version: () => Version;
  /** The receiver answered as one of 2.0 does: a refusal is now about the data. */
  readonly prove: () => void;
  /** Whether a receiver that says that it does not speak 2.0 may be sent 1.0. */
  readonly mayFallBack: () => boolean;
  /** Whether a 400 may mean the version: nothing has proven so far that the receiver speaks 2.0. */
  readonly isUnproven: () => boolean;
  readonly fallBack: (why: { readonly status: number }) => void;
}

/** Amazon documents 1.0 only, so that nothing is tried out on a workspace. */
export function chooseFirstVersion({ version, url }: Pick<RemoteWriteConfig, 'version' | 'url'>): Version {
  if (version !== 'auto') return version;
  return findWorkspaceRegion(new URL(url).hostname) === undefined ? '2.0' : '1.0';
}

export function createDialect(
  config: Pick<RemoteWriteConfig, 'version' | 'url'>,
  onFallBack: (why: { readonly status: number }) => void,
): Dialect {
  let version = chooseFirstVersion(config);
  const isAuto = config.version === 'auto';
  let isProven = false;
  return {
    version: () => version,
    prove: () => {
      isProven = true;
    },
    mayFallBack: () => isAuto,
    isUnproven: () => isAuto && !isProven,
    fallBack: (why) => {
      if (version === '1.0') return;
      version = '1.0';
      onFallBack(why);
    },
  };
}
