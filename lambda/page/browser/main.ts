/** The page in the browser: listens to the runs of the collector and draws each. */
import { addRun, createHistory } from '../history.ts';
import type { Facts, History, Opening, Run } from '../messages.ts';
import { createAnnouncer } from './announcer.ts';
import { createCharts } from './charts/create-charts.ts';
import { findElement, setAttribute, setText } from './elements.ts';
import { formatTime } from './format.ts';
import { createHealthView } from './health.ts';
import { createPipelineTable } from './pipeline-table.ts';
import { createQueueTable } from './queue-table.ts';
import { createStatusView } from './status.ts';
import { openTheme } from './theme.ts';
import { createTiles } from './tiles.ts';
import { collapseCalls } from './virtual-table.ts';

/** Where the collector sends each run; relative, so that a proxy may put a path before it. */
const eventsPath = './-/events';

/** A browser gives up after some answers, such as one that refuses; then the page asks anew. */
const askAgainMs = 5000;

function main(): void {
  let facts: Facts | undefined;
  let history: History = createHistory();
  let [isConnected, heardAtMs] = [true, Date.now()];
  const [tiles, charts, queues, pipelines] = [createTiles(), createCharts(), createQueueTable(), createPipelineTable()];
  const [health, status, announcer] = [createHealthView(), createStatusView(), createAnnouncer()];

  const tick = (): void => {
    status.show({ facts, history, isConnected, heardAtMs }, Date.now());
  };
  const draw = (): void => {
    const isWaiting = history.times.length === 0;
    tiles.show(history, facts?.sinceMs ?? Date.now());
    charts.show(history, facts?.intervalMs ?? 1000);
    queues.show(history.queues, history.times.at(-1) ?? Date.now(), isWaiting);
    pipelines.show(history.pipelines, isWaiting);
    health.show(history.health);
    announcer.note(history);
    tick();
  };
  // A page in the background draws nothing, and all at once when it is looked at.
  const drawSoon = collapseCalls(draw);

  openTheme(charts.repaint);
  listen({
    open: (opening) => {
      ({ facts, history } = opening);
      const sinceRunMs = opening.nowMs - (history.times.at(-1) ?? opening.nowMs);
      [isConnected, heardAtMs] = [true, Date.now() - sinceRunMs];
      showFacts(facts);
      drawSoon();
    },
    run: (run) => {
      addRun(history, run);
      [isConnected, heardAtMs] = [true, Date.now()];
      drawSoon();
    },
    lose: () => {
      isConnected = false;
      tick();
    },
  });
  setInterval(tick, 1000);
  draw();
}

function showFacts({ collector, version, sinceMs, metricsPath }: Facts): void {
  setText(findElement('collector', HTMLElement), collector);
  setAttribute(findElement('metrics', HTMLAnchorElement), 'href', `.${metricsPath}`);
  setText(
    findElement('foot', HTMLElement),
    `Collector ${version}, watched since ${formatTime(sinceMs)}. The page keeps the newest runs in memory; what is to last goes to a sink.`,
  );
}

interface Listener {
  readonly open: (opening: Opening) => void;
  readonly run: (run: Run) => void;
  readonly lose: () => void;
}

/** The messages come from the collector that has sent this page, so that their types hold. */
function listen(listener: Listener): void {
  const events = new EventSource(eventsPath);
  events.addEventListener('opening', ({ data }: MessageEvent<string>) => {
    listener.open(JSON.parse(data) as Opening);
  });
  events.addEventListener('run', ({ data }: MessageEvent<string>) => {
    listener.run(JSON.parse(data) as Run);
  });
  events.addEventListener('error', () => {
    listener.lose();
    if (events.readyState !== EventSource.CLOSED) return;
    events.close();
    setTimeout(listen, askAgainMs, listener);
  });
}

main();
