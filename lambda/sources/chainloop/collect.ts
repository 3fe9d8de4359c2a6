/** The Chainloop source: collects from the control plane, from the metrics page, or from both. */
import { tryOpenLedger } from '../../counters/try-open-ledger.ts';
import { matchSelection } from '../../settings/glob.ts';
import type { Ledger } from '../../counters/ledger.ts';
import { credentialFamilies } from '../../model/credential.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import { useWithRotation } from '../../http/auth/rotation.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import type { ChainloopConfig } from './config.ts';
import { type ControlPlane, createControlPlane } from './runs/client.ts';
import { NoServiceError, OtherOrganizationError } from './errors.ts';
import { describeControlPlaneProblem, describeFallback, describePageProblem, whereOfSource } from './problems.ts';
import { readControlPlane } from './runs/read-control-plane.ts';
import { markCounted, mapRelayedPage } from './metrics-page/map-page.ts';
import { readMetricsPage } from './metrics-page/read-page.ts';
import { checkClaims, type TokenClaims } from './token-claims.ts';

/** Reads the runs of one organization, or what the server itself says about them, with one API token. */
export const createChainloop: CreateSource<ChainloopConfig> = (config, ports) => ({
  collect: async (context) => {
    const claims = await readClaims(config, ports, context);
    if ('problem' in claims) return { families: [], problems: [claims.problem] };
    const { families, problems } = await readOrganization(claims, config, ports, context);
    const ofToken = credentialFamilies({ system: 'chainloop', source: config.name }, claims);
    return { families: [...ofToken, ...families].filter(hasSamples), problems };
  },
});

function hasSamples({ samples }: MetricFamily): boolean {
  return samples.length > 0;
}

async function readClaims(
  config: ChainloopConfig,
  { secrets }: SourcePorts,
  { deadline }: CollectContext,
): Promise<TokenClaims | { readonly problem: Problem }> {
  try {
    return await useWithRotation(secrets, config.token, deadline.signal, (secret) =>
      // Within a promise, so that a token of another organization is read again like one that a server refuses.
      Promise.resolve().then(() => checkClaims(config.organization, secret.reveal().trim())),
    );
  } catch (error) {
    return { problem: describeControlPlaneProblem(error, config) };
  }
}

async function readOrganization(
  claims: TokenClaims,
  config: ChainloopConfig,
  ports: SourcePorts,
  context: CollectContext,
): Promise<Collection> {
  const { ledger, problems } = await tryOpenLedger(context, whereOfSource(config), 'runs are not counted without it');
  const read = { claims, config, ports, context, ledger };
  const collections = await readPaths(read);
  return {
    families: collections.flatMap(({ families }) => families),
    problems: [...problems, ...collections.flatMap((collection) => collection.problems)],
  };
}

interface Reading {
  readonly claims: TokenClaims;
  readonly config: ChainloopConfig;
  readonly ports: SourcePorts;
  readonly context: CollectContext;
  readonly ledger: Ledger | undefined;
}

async function readPaths(reading: Reading): Promise<readonly Collection[]> {
  switch (reading.config.read) {
    case 'relay':
      return [await readRelay(reading)];
    case 'control-plane':
      return [await tryReadRuns(reading, reading.config.compat)];
    case 'both':
      return [await tryReadRuns(reading, false), await readRelay(reading)];
    case 'auto':
      return [await readAuto(reading)];
  }
}

/** The runs; and where the control plane cannot be called, the server's own page. */
async function readAuto(reading: Reading): Promise<Collection> {
  const { config } = reading;
  try {
    return await readSelectedRuns(reading, config.compat);
  } catch (error) {
    if (!(error instanceof NoServiceError))
      return { families: [], problems: [describeControlPlaneProblem(error, config)] };
    const relayed = await readRelay(reading);
    // Two paths that both lead nowhere are one problem: the address or the token.
    if (relayed.families.length === 0 && relayed.problems.length > 0) return relayed;
    return { families: relayed.families, problems: [describeFallback(error, config), ...relayed.problems] };
  }
}

async function tryReadRuns(reading: Reading, compat: boolean): Promise<Collection> {
  try {
    return await readSelectedRuns(reading, compat);
  } catch (error) {
    return { families: [], problems: [describeControlPlaneProblem(error, reading.config)] };
  }
}

async function readSelectedRuns(reading: Reading, compat: boolean): Promise<Collection> {
  const { claims, config, ports, context, ledger } = reading;
  const plane = createControlPlane(config, ports, context.deadline);
  if (claims.isOfUser) await assertOrganization(plane, config);
  const isProject = matchSelection(config.projects ?? {});
  const isWorkflow = matchSelection(config.workflows ?? {});
  const collection = await readControlPlane({
    plane,
    ledger,
    tickMs: context.tickMs,
    isSelected: ({ project, name }) => isProject(project) && isWorkflow(name),
    options: { source: config.name, organization: config.organization, compat },
    isOver: () => context.deadline.signal.aborted,
    describeProblem: (error) => describeControlPlaneProblem(error, config),
    where: whereOfSource(config),
  });
  if (compat && ledger !== undefined) markCounted(ledger);
  return collection;
}

/** A user may choose another organization at any time, and an older server follows that. @throws OtherOrganizationError */
async function assertOrganization(plane: ControlPlane, { organization }: ChainloopConfig): Promise<void> {
  const actual = await plane.requestOrganization();
  if (actual !== undefined && actual !== organization) throw new OtherOrganizationError(actual);
}

async function readRelay({ config, ports, context, ledger }: Reading): Promise<Collection> {
  try {
    const page = await readMetricsPage(config, ports, context.deadline);
    const { families, messages } = mapRelayedPage(page, ledger, {
      source: config.name,
      isSelected: matchSelection(config.workflows ?? {}),
    });
    const where = `${whereOfSource(config)} GET /prom/${config.organization}/metrics`;
    return { families, problems: messages.map((message) => ({ kind: 'bad-response', where, message })) };
  } catch (error) {
    return { families: [], problems: [describePageProblem(error, config)] };
  }
}
