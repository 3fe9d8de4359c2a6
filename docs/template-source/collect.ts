/** Reads the list and maps it; what can be expected of a network becomes a problem, everything else is a bug and escapes. */
import { sendWithCredentials } from '../../lambda/http/auth/credentials.ts';
import { describeHttpProblem } from '../../lambda/http/errors/problem.ts';
import type { Problem } from '../../lambda/model/problem.ts';
import type { Deadline } from '../../lambda/runtime/deadline.ts';
import type { CreateSource, SourcePorts } from '../../lambda/sources/source.ts';
import { listQueues } from './api/list-queues.ts';
import type { ExampleConfig } from './config.ts';
import { describeCutShort, describeUnreadable, hints } from './problems.ts';
import { mapQueues } from './queues/map-queues.ts';

export const createExample: CreateSource<ExampleConfig> = (config, ports) => {
  const where = `example/${config.name}`;
  return {
    collect: async ({ deadline }) => {
      const { elements, problems } = await readQueues(config, ports, deadline, where);
      const { families, unreadable } = mapQueues(elements, config.name);
      return { families, problems: [...problems, ...describeUnreadable(unreadable, where)] };
    },
  };
};

interface Reading {
  readonly elements: readonly unknown[];
  readonly problems: readonly Problem[];
}

/** Keeps the pages before one that fails. */
async function readQueues(
  config: ExampleConfig,
  { http, secrets }: Pick<SourcePorts, 'http' | 'secrets'>,
  deadline: Deadline,
  where: string,
): Promise<Reading> {
  const { endpoint } = config;
  const problems: Problem[] = [];
  let elements: unknown[] = [];
  try {
    await sendWithCredentials(config, { secrets }, deadline.signal, async (credentials) => {
      // A rotated secret begins the list anew.
      elements = [];
      for await (const page of listQueues(http, { endpoint, credentials, deadline })) {
        for (const element of page.elements) elements.push(element);
        if (page.isCutShort) problems.push(describeCutShort(where));
      }
    });
  } catch (error) {
    const problem = describeHttpProblem(error, where, hints);
    if (problem === undefined) throw error;
    problems.push(problem);
  }
  return { elements, problems };
}
