/** The JSON of runners, their groups and the larger runners of GitHub. */
import type { Pool } from '../organization/pools.ts';
import type { RegisteredRunner } from '../organization/records.ts';
import type { AnswerContext } from './answers.ts';

/** Those that are registered by now at the organization or at its enterprise, in the order of their pools. */
export function listRunners(
  pools: readonly Pool[],
  owner: 'organization' | 'enterprise',
  nowMs: number,
): readonly RegisteredRunner[] {
  return pools
    .filter(({ plan }) => (plan.isOfEnterprise === true) === (owner === 'enterprise'))
    .flatMap(({ runners }) => runners.filter(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs));
}

/** Labels that GitHub gives by itself. */
const givenLabels: ReadonlySet<string> = new Set(['self-hosted', 'linux', 'macos', 'windows', 'x64', 'arm64']);

export function mapRunner(runner: RegisteredRunner, nowMs: number): object {
  const { id, name, groupId, labels, isOnline, isEphemeral, busyFromMs, busyUntilMs } = runner;
  return {
    ...{ id, name, runner_group_id: groupId, os: 'linux', status: isOnline ? 'online' : 'offline' },
    ...{ busy: busyFromMs <= nowMs && nowMs < busyUntilMs, ephemeral: isEphemeral, version: '2.331.0' },
    labels: labels.map((label, index) => ({
      ...{ id: index + 1, name: label, type: givenLabels.has(label) ? 'read-only' : 'custom' },
    })),
  };
}

/** The group `Default` is always there. */
export function mapRunnerGroups(pools: readonly Pool[], { api, login }: AnswerContext): readonly object[] {
  const own = pools.filter(({ plan }) => plan.kind !== 'hosted').map(({ plan }) => plan.group ?? 'Default');
  return [...new Set(['Default', ...own])].map((name, index) => ({
    ...{ id: index + 1, name, visibility: 'all', default: name === 'Default', inherited: false },
    runners_url: `${api}/orgs/${login}/actions/runner-groups/${String(index + 1)}/runners`,
    allows_public_repositories: false,
  }));
}

/** The larger ones only, and how busy they are is not told. */
export function mapHostedRunners(pools: readonly Pool[]): readonly object[] {
  const hosted = pools.filter(({ plan }) => plan.isLarger === true);
  return hosted.map(({ plan }, index) => ({
    ...{ id: index + 1, name: plan.name, runner_group_id: 1, platform: 'linux-x64', status: 'Ready' },
    ...{ maximum_runners: plan.size, public_ip_enabled: false, last_active_on: null },
    image_details: { id: plan.name, size_gb: 86, display_name: plan.name, source: 'github' },
    machine_size_details: { id: '4-core', cpu_cores: 4, memory_gb: 16, storage_gb: 150 },
  }));
}
