import { selects } from '../../config/glob.ts';
import type { Ledger } from '../../counters/ledger.ts';
import { credentialFamilies } from '../../model/credential.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import { withRotation } from '../../secrets/rotation.ts';
import type { CollectContext, Collection, CreateSource, SourcePorts } from '../source.ts';
import type { ChainloopConfig } from './config.ts';
import { type ControlPlane, controlPlaneOf } from './runs/client.ts';
import { NoServiceError, OtherOrganizationError } from './errors.ts';
import { controlPlaneProblem, fallbackProblem, relayProblem, storeProblem, whereOfSource } from './problems.ts';
import { readControlPlane } from './runs/read-control-plane.ts';
import { countDurations, readMetricsPage, relayedFamilies } from './metrics-page/map-page.ts';
import { claimsFor, type TokenClaims } from './token-claims.ts';

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
    return await withRotation(secrets, config.token, deadline.signal, (secret) =>
      // Within a promise, so that a token of another organization is read again like one that a server refuses.
      Promise.resolve().then(() => claimsFor(config.organization, secret.reveal().trim())),
    );
  } catch (error) {
    return { problem: controlPlaneProblem(error, config) };
  }
}

async function readOrganization(
  claims: TokenClaims,
  config: ChainloopConfig,
  ports: SourcePorts,
  context: CollectContext,
): Promise<Collection> {
  const opened = await openLedger(config, context);
  const ledger = 'ledger' in opened ? opened.ledger : undefined;
  const read = { claims, config, ports, context, ledger };
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
  readonly claims: TokenClaims;
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

async function askControlPlane(reading: Reading, compat: boolean): Promise<Collection> {
  const { claims, config, ports, context, ledger } = reading;
  const plane = controlPlaneOf(config, ports, context.deadline);
  if (claims.isOfUser) await assertOrganization(plane, config);
  const isProject = selects(config.projects ?? {});
  const isWorkflow = selects(config.workflows ?? {});
  const collection = await readControlPlane({
    plane,
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

/** A user may choose another organization at any time, and an older server follows that. @throws OtherOrganizationError */
async function assertOrganization(plane: ControlPlane, { organization }: ChainloopConfig): Promise<void> {
  const told = await plane.organization();
  if (told !== undefined && told !== organization) throw new OtherOrganizationError(told);
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
