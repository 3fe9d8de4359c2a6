/** Shows how the collector itself is: its sources, its sinks, and its problems with what to do about them. */
import type { Health, ShownProblem, SinkHealth, SourceHealth } from '../messages.ts';
import { createElement, findElement, setText } from './elements.ts';
import { formatCount, formatMilliseconds, formatNoun, formatTime } from './format.ts';

export interface HealthView {
  readonly show: (health: Health | null) => void;
}

export function createHealthView(): HealthView {
  const place = findElement('health', HTMLElement);
  const note = findElement('health-note', HTMLElement);
  const card = findElement('problems', HTMLElement);
  const title = findElement('problems-title', HTMLElement);
  const list = findElement('problem-list', HTMLElement);
  let shownProblems = '';
  return {
    show: (health) => {
      if (health === null) {
        place.replaceChildren(createElement('p', { class: 'empty' }, ['Waiting for the first run …']));
        return;
      }
      setText(note, formatRuns(health));
      place.replaceChildren(
        buildList('Sources', health.sources.map(describeSource)),
        buildList('Sinks', health.sinks.map(describeSink)),
      );
      // Only what has changed, lest a text that somebody marks or reads be taken away by each run.
      const problems = JSON.stringify([health.problems, health.moreProblems]);
      if (problems === shownProblems) return;
      shownProblems = problems;
      const count = health.problems.length + health.moreProblems;
      card.hidden = count === 0;
      setText(title, formatNoun(count, 'problem'));
      list.replaceChildren(...health.problems.map(buildProblem), ...describeRest(health.moreProblems));
    },
  };
}

/** `120 runs: 118 ok, 2 degraded` */
function formatRuns({ runs }: Health): string {
  const counts = (['ok', 'degraded', 'failed'] as const).filter((outcome) => runs[outcome] > 0);
  const listed = counts.map((outcome) => `${formatCount(runs[outcome])} ${outcome}`).join(', ');
  return `${formatNoun(runs.ok + runs.degraded + runs.failed, 'run')}: ${listed}`;
}

interface Part {
  readonly id: string;
  readonly state: 'good' | 'poor' | 'bad';
  readonly word: string;
  readonly facts: readonly string[];
}

const states = { complete: 'good', partial: 'poor', failed: 'bad', skipped: 'poor' } as const;

function describeSource(source: SourceHealth): Part {
  const { id, status, durationMs, samples, answers, quota, quotaLimit, lastSuccessMs } = source;
  const isSilent = status === 'failed' || status === 'partial';
  return {
    ...{ id, state: states[status], word: status },
    facts: [
      ...(isSilent
        ? [lastSuccessMs === null ? 'never complete so far' : `complete at ${formatTime(lastSuccessMs)}`]
        : []),
      formatNoun(samples, 'sample'),
      formatMilliseconds(durationMs),
      ...(answers === '' ? [] : [answers]),
      ...(quota === null
        ? []
        : [`${formatCount(quota)}${quotaLimit === null ? '' : ` of ${formatCount(quotaLimit)}`} requests left`]),
    ],
  };
}

function describeSink({ id, isUp, durationMs, accepted, pending }: SinkHealth): Part {
  const refused = accepted > 0 ? 'poor' : 'bad';
  return {
    ...{ id, state: isUp ? 'good' : refused, word: isUp ? 'delivered' : 'refused' },
    facts: [
      formatNoun(accepted, 'sample'),
      formatMilliseconds(durationMs),
      ...((pending ?? 0) === 0 ? [] : [`${formatCount(pending)} wait`]),
    ],
  };
}

function buildList(title: string, parts: readonly Part[]): HTMLElement {
  const items = parts.map(({ id, state, word, facts }) =>
    createElement('li', { 'data-state': state }, [
      createElement('b', {}, [id]),
      createElement('span', { class: 'word' }, [word]),
      createElement('span', { class: 'facts' }, [facts.join(' · ')]),
    ]),
  );
  return createElement('div', {}, [createElement('h3', {}, [title]), createElement('ul', { class: 'parts' }, items)]);
}

function buildProblem({ component, kind, where, message, retryAtMs }: ShownProblem): HTMLElement {
  const again =
    retryAtMs === undefined
      ? []
      : [createElement('p', { class: 'again' }, [`asked again at ${formatTime(retryAtMs)}`])];
  return createElement('li', {}, [
    createElement('p', { class: 'where' }, [
      createElement('span', { class: 'kind' }, [kind]),
      ` ${where === '' ? component : where}`,
    ]),
    createElement('p', {}, [message]),
    ...again,
  ]);
}

function describeRest(more: number): readonly HTMLElement[] {
  return more === 0 ? [] : [createElement('li', {}, [`and ${formatNoun(more, 'more problem')}: the log has all`])];
}
