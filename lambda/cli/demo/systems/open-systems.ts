/** Opens all simulated CI systems of the demo. */
import type { Clock } from '../../../runtime/clock.ts';
import type { Life } from '../fleet-life.ts';
import { openBitbucket } from './bitbucket.ts';
import { openBuildkite } from './buildkite.ts';
import { openChainloop } from './chainloop.ts';
import { openGithub } from './github.ts';
import type { DemoSystem, OpenSystem, ReferToToken } from './system.ts';
import { openTekton } from './tekton.ts';

/** In the order in which the title of the demo names them. */
const all: readonly OpenSystem[] = [openBuildkite, openGithub, openBitbucket, openTekton, openChainloop];

export interface OpenSystems extends AsyncDisposable {
  readonly systems: readonly DemoSystem[];
}

/** Those that have been opened are closed again where one of them cannot be. */
export async function openSystems(life: Life, clock: Clock): Promise<OpenSystems> {
  await using opened = new AsyncDisposableStack();
  const systems: DemoSystem[] = [];
  for (const open of all) {
    const system = await open(life, clock);
    opened.defer(() => system.close());
    systems.push(system);
  }
  const kept = opened.move();
  return { systems, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** All of them as a configuration names them. */
export interface DescribedSystems {
  readonly sources: readonly object[];
  /** By the name that each has among the variables of the environment. */
  readonly tokens: Readonly<Record<string, string>>;
}

export function describeSystems(systems: readonly DemoSystem[], refer: ReferToToken): DescribedSystems {
  return {
    sources: systems.flatMap(({ describeSources }) => describeSources(refer)),
    tokens: Object.fromEntries(systems.flatMap(({ tokens }) => Object.entries(tokens))),
  };
}
