import { selects } from '../../config/glob.ts';
import type { Ledger } from '../../counters/ledger.ts';
import { gauge, type MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import { problemOf } from '../../http/problem.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import type { ChainloopConfig } from './config.ts';
import { controlPlaneOf } from './control-plane.ts';
import { NoServiceError } from './errors.ts';
import { tokenExpiry } from './metrics.ts';
import { controlPlaneProblem, fallbackProblem, relayProblem, storeProblem, whereOfSource } from './problems.ts';
import { readControlPlane } from './read-control-plane.ts';
import { countDurations, readMetricsPage, relayedFamilies } from './relay.ts';
import { claimsOf, type TokenClaims } from './token.ts';

/** Reads the runs of one organization, or what the server itself says about them, with one API token. */
export const createChainloop: CreateSource<ChainloopConfig> = (config, ports) => ({
  collect: async (context) => {
    const claims = await readClaims(config, ports, context);
    if ('problem' in claims) return { families: [], problems: [claims.problem] };
    const { families, problems } = await readOrganization(config, ports, context);
    return { families: [...expiryFamily(claims, config), ...families].filter(hasSamples), problems };
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
  const where = whereOfSource(config);
  try {
    const claims = claimsOf((await secrets.read(config.token, deadline.signal)).reveal().trim());
    const { organization } = claims;
    if (organization === undefined || organization === config.organization) return claims;
    const message = `the API token is one of the organization ${JSON.stringify(organization)}; put its name into organization, or a token of ${config.organization} into the secret`;
    return { problem: { kind: 'configuration', where, message } };
  } catch (error) {
    const problem = problemOf(error, where);
    if (problem === undefined) throw error;
    return { problem };
  }
}

function expiryFamily({ expiresMs }: TokenClaims, { name }: ChainloopConfig): readonly MetricFamily[] {
  if (expiresMs === undefined) return [];
  return [gauge(tokenExpiry, [{ labels: { system: 'chainloop', source: name }, value: expiresMs / 1000 }])];
}

async function readOrganization(
  config: ChainloopConfig,
  ports: SourcePorts,
  context: CollectContext,
): Promise<Collection> {
  const opened = await openLedger(config, context);
  const ledger = 'ledger' in opened ? opened.ledger : undefined;
  const read = { config, ports, context, ledger };
  const parts = await readParts(read);
  const problems = 'problem' in opened ? [opened.problem] : [];
  return {
    families: parts.flatMap(({ families }) => families),
    problems: [...problems, ...parts.flatMap((part) => part.problems)],
  };
}

async function openLedger(
  config: ChainloopConfig,
  { openLedger: open }: CollectContext,
): Promise<{ readonly ledger: Ledger } | { readonly problem: Problem }> {
  try {
    return { ledger: await open() };
  } catch (error) {
    return { problem: storeProblem(error, config) };
  }
}

interface Reading {
  readonly config: ChainloopConfig;
  readonly ports: SourcePorts;
  readonly context: CollectContext;
  readonly ledger: Ledger | undefined;
}

async function readParts(reading: Reading): Promise<readonly Collection[]> {
  switch (reading.config.read) {
    case 'relay':
      return [await readRelay(reading)];
    case 'control-plane':
      return [await readRuns(reading, reading.config.compat)];
    case 'both':
      return [await readRuns(reading, false), await readRelay(reading)];
    case 'auto':
      return [await readWhatThereIs(reading)];
  }
}

/** The runs; and where the control plane cannot be called, the server's own page. */
async function readWhatThereIs(reading: Reading): Promise<Collection> {
  const { config } = reading;
  try {
    return await askControlPlane(reading, config.compat);
  } catch (error) {
    if (!(error instanceof NoServiceError)) return { families: [], problems: [controlPlaneProblem(error, config)] };
    const relayed = await readRelay(reading);
    // Two paths that both lead nowhere are one problem: the address or the token.
    if (relayed.families.length === 0 && relayed.problems.length > 0) return relayed;
    return { families: relayed.families, problems: [fallbackProblem(error, config), ...relayed.problems] };
  }
}

async function readRuns(reading: Reading, compat: boolean): Promise<Collection> {
  try {
    return await askControlPlane(reading, compat);
  } catch (error) {
    return { families: [], problems: [controlPlaneProblem(error, reading.config)] };
  }
}

async function askControlPlane({ config, ports, context, ledger }: Reading, compat: boolean): Promise<Collection> {
  const isProject = selects(config.projects ?? {});
  const isWorkflow = selects(config.workflows ?? {});
  const collection = await readControlPlane({
    plane: controlPlaneOf(config, ports, context.deadline),
    ledger,
    tickMs: context.tickMs,
    isSelected: ({ project, name }) => isProject(project) && isWorkflow(name),
    options: { source: config.name, organization: config.organization, compat },
    isOver: () => context.deadline.signal.aborted,
    problemOf: (error) => controlPlaneProblem(error, config),
    where: whereOfSource(config),
  });
  if (compat && ledger !== undefined) countDurations(ledger);
  return collection;
}

async function readRelay({ config, ports, context, ledger }: Reading): Promise<Collection> {
  try {
    const page = await readMetricsPage(config, ports, context.deadline);
    const { families, faults } = relayedFamilies(page, ledger, selects(config.workflows ?? {}));
    const where = `${whereOfSource(config)} GET /prom/${config.organization}/metrics`;
    return { families, problems: faults.map((message) => ({ kind: 'bad-response', where, message })) };
  } catch (error) {
    return { families: [], problems: [relayProblem(error, config)] };
  }
}
