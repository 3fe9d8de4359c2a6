/** How often the things are asked that cost the same whatever goes on. */
import { computeAffordableInterval, shares } from './rate.ts';
import { minuteMs } from '../model/time.ts';

/** Largest page of repositories that Bitbucket and GitHub give. */
export const repositoriesPerPage = 100;

/** A repository that is new is found within this, if the budget allows. */
const discoveryMs = 30 * minuteMs;

export function computeDiscoveryInterval(repositories: number, perHour: number): number {
  const pages = Math.max(1, Math.ceil(repositories / repositoriesPerPage));
  return computeAffordableInterval(pages, shares.discovery, perHour, discoveryMs);
}

/** What was pushed since the last time; not worth a request where every repository can be asked as often. */
export function computeProbeInterval(perHour: number): number {
  return computeAffordableInterval(1, shares.probe, perHour, minuteMs);
}

/** @param requests What one reading of all runner lists costs. */
export function computeRunnersInterval(requests: number, perHour: number): number {
  return computeAffordableInterval(Math.max(1, requests), shares.runners, perHour, minuteMs);
}

/** Up to here all repositories can be visited every two minutes, so that a probe would find nothing new. */
export function isProbeWorthwhile(repositories: number, perHour: number): boolean {
  return repositories > perHour / 60;
}

/** A push shows up here within 2 s and its pipeline about 14 s later (one sample); three minutes cover a slow start. */
export const hotMs = 3 * minuteMs;
