/** Shows whether the page is live: the outcome of the last run, how long ago it was, and what to do when none comes. */
import type { Facts, Health, History } from '../messages.ts';
import { findElement, setAttribute, setText } from './elements.ts';
import { formatMilliseconds, formatSeconds, formatTime } from './format.ts';

/** Runs that may be missed before their figures are called old. */
const missedRuns = 3;

/** A run may take so long by default, whatever the interval. Milliseconds. */
const longestRunMs = 30_000;

export interface PageState {
  readonly facts: Facts | undefined;
  readonly history: History;
  readonly isConnected: boolean;
  /** When the last message came, by this browser's clock. Epoch milliseconds. */
  readonly heardAtMs: number;
}

export interface StatusView {
  readonly show: (state: PageState, nowMs: number) => void;
}

export function createStatusView(): StatusView {
  const pill = findElement('status', HTMLElement);
  const run = findElement('run', HTMLElement);
  const banner = findElement('banner', HTMLElement);
  return {
    show: (state, nowMs) => {
      const { health } = state.history;
      const agoMs = nowMs - state.heardAtMs;
      const warning = describeSilence(state, agoMs);
      setAttribute(pill, 'data-state', warning === undefined ? (health?.outcome ?? 'waiting') : 'silent');
      setText(pill, warning === undefined ? (health?.outcome ?? 'waiting') : 'not live');
      setText(run, health === null ? '' : describeRun(health, state.facts, agoMs));
      banner.hidden = warning === undefined;
      setText(banner, warning ?? '');
      document.body.classList.toggle('silent', warning !== undefined);
      document.title = describeTitle(state, warning);
    },
  };
}

function describeRun({ durationMs }: Health, facts: Facts | undefined, agoMs: number): string {
  const every = facts === undefined ? '' : ` · every ${formatSeconds(Math.round(facts.intervalMs / 100) / 10)}`;
  return `${formatSeconds(Math.max(0, Math.floor(agoMs / 1000)))} ago · took ${formatMilliseconds(durationMs)}${every}`;
}

/** Undefined while all is as it should be. */
function describeSilence({ facts, history, isConnected }: PageState, agoMs: number): string | undefined {
  const last = history.times.at(-1);
  const shown = last === undefined ? '' : ` What you see is of ${formatTime(last)}.`;
  if (!isConnected)
    return `The collector does not answer; this page tries again every few seconds.${shown} Is the command still running?`;
  if (facts === undefined || last === undefined) return undefined;
  if (agoMs <= Math.max(missedRuns * facts.intervalMs, facts.intervalMs + longestRunMs)) return undefined;
  return `No run has ended for ${formatSeconds(Math.floor(agoMs / 1000))}.${shown} See in the terminal or the log what keeps the collector.`;
}

function describeTitle({ facts, history }: PageState, warning: string | undefined): string {
  const starved = history.fleet.starvedQueues.at(-1) ?? 0;
  const name = `CI metrics${facts === undefined ? '' : ` · ${facts.collector}`}`;
  if (warning !== undefined) return `(not live) ${name}`;
  return starved > 0 ? `▲ ${String(starved)} starved · ${name}` : name;
}
