/** Sends server-sent events to the browsers that watch, and lets none of them slow the collector down. */
import type { ServerResponse } from 'node:http';

/** Some people at a time are usual; each holds a connection that a scraper then cannot have. */
const maxWatchers = 20;

/** A proxy ends a silent connection after 30 or 60 seconds. */
const keepAliveMs = 15_000;

/** What a browser tries again after. */
const retryMs = 2000;

/** A browser that reads no more than this behind is cut off; it comes back for a fresh history. */
const maxUnreadBytes = 8_000_000;

export interface EventStream {
  /** Keeps the answer open and begins with this event; false where too many watch already. */
  readonly join: (response: ServerResponse, event: string, data: unknown) => boolean;
  /** Nothing is made of the data while nobody watches. */
  readonly send: (event: string, data: unknown) => void;
  readonly close: () => void;
}

export function createEventStream(): EventStream {
  const watchers = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;
  const stopWhenAlone = (): void => {
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const broadcast = (text: string): void => {
    for (const response of watchers) {
      if (response.writableLength > maxUnreadBytes) response.destroy();
      else response.write(text);
    }
  };
  return {
    join: (response, event, data) => {
      if (watchers.size >= maxWatchers) return false;
      watchers.add(response);
      response.once('close', () => {
        watchers.delete(response);
        stopWhenAlone();
      });
      response.write(`retry: ${String(retryMs)}\n\n${formatEvent(event, data)}`);
      timer ??= setInterval(broadcast, keepAliveMs, ': still here\n\n').unref();
      return true;
    },
    send: (event, data) => {
      if (watchers.size > 0) broadcast(formatEvent(event, data));
    },
    close: () => {
      for (const response of watchers) response.end();
    },
  };
}

/** JSON has no line breaks of its own, so that the data is one line. */
function formatEvent(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
