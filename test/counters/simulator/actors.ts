/** An invocation that stops before each of its steps until the simulation lets it go on, or crashes it. */

/** A crash stops it for good: what it waits for never comes. */
type Fate = 'lives' | 'dead';

/** One invocation of the collector; it stops before each of its steps until the simulation lets it go on. */
export interface Actor {
  readonly name: string;
  /** Waits for its turn; never resolves once the invocation is dead. */
  step(label: string): Promise<void>;
  /** What it waits for now. */
  readonly waiting: readonly string[];
  readonly steps: number;
  readonly isOver: boolean;
  /** Lets one waiting step happen, and everything up to the next. */
  advance(choice: number): Promise<void>;
  /** The process ends here: nothing it waits for happens. */
  kill(): void;
  /** Starts work; the actor is over when it ends. */
  run(work: Promise<unknown>): void;
}

interface Waiting {
  readonly label: string;
  readonly go: () => void;
}

export function newActor(name: string, onFailure: (error: unknown) => void): Actor {
  const waiting: Waiting[] = [];
  let fate: Fate = 'lives';
  let hasEnded = false;
  let steps = 0;
  return {
    name,
    step: (label) =>
      new Promise((resolve) => {
        if (fate === 'dead') return;
        waiting.push({ label, go: resolve });
      }),
    get waiting() {
      return waiting.map(({ label }) => label);
    },
    get steps() {
      return steps;
    },
    get isOver() {
      return fate === 'dead' || hasEnded;
    },
    async advance(choice) {
      steps += 1;
      const [next] = waiting.splice(choice % Math.max(1, waiting.length), 1);
      next?.go();
      await allSettled();
    },
    kill: () => {
      fate = 'dead';
      waiting.length = 0;
    },
    run: (work) => {
      work.then(
        () => {
          hasEnded = true;
        },
        (error: unknown) => {
          hasEnded = true;
          onFailure(error);
        },
      );
    },
  };
}

/** Everything that can happen without another step has happened: no port of the simulation uses timers or sockets. */
function allSettled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
