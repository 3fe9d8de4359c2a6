import { withCredentials } from '../../lambda/http/credentials.ts';
import { problemOf } from '../../lambda/http/problem.ts';
import type { Problem } from '../../lambda/model/problem.ts';
import type { CreateSource } from '../../lambda/sources/source.ts';
import { listQueues } from './api/list-queues.ts';
import type { ExampleConfig } from './config.ts';
import { familiesOf } from './queues/map-queues.ts';

/** Puts the parts together; what can be expected of a network becomes a problem, everything else is a bug and escapes. */
export const createExample: CreateSource<ExampleConfig> = (config, { http, secrets }) => {
  const { endpoint } = config;
  const where = `example/${config.name}`;
  return {
    collect: async ({ deadline }) => {
      const elements: unknown[] = [];
      const problems: Problem[] = [];
      try {
        await withCredentials(config, { secrets }, deadline.signal, async (credentials) => {
          elements.length = 0;
          for await (const page of listQueues(http, { endpoint, credentials, deadline }))
            for (const element of page) elements.push(element);
        });
      } catch (error) {
        const problem = problemOf(error, where, { 403: 'the token may not read queues; give it that right' });
        if (problem === undefined) throw error;
        problems.push(problem);
      }
      const { families, unreadable } = familiesOf(elements, config.name);
      return { families, problems: [...problems, ...malformed(unreadable, where)] };
    },
  };
};

function malformed(count: number, where: string): readonly Problem[] {
  if (count === 0) return [];
  const message = `left out ${String(count)} queues that are not what the API documents; the others are published`;
  return [{ kind: 'bad-response', where, message }];
}
