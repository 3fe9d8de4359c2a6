/** Puts the agent API and the APIs for users together. */
import { mergeFamilies } from '../../model/families/merge.ts';
import type { CreateSource } from '../source.ts';
import { createAgentReader } from './agent-api/read-clusters.ts';
import { resolveApiSettings, type BuildkiteConfig } from './config.ts';
import { createUserReader } from './read-user-api.ts';

/** Reads the agent API by its tokens and, at the same time, the APIs for users by theirs. */
export const createBuildkite: CreateSource<BuildkiteConfig> = (config, ports) => {
  const readAgents = createAgentReader(config, ports);
  const settings = resolveApiSettings(config);
  const readUser = settings === undefined ? undefined : createUserReader(config, settings, ports);
  return {
    collect: async (context) => {
      const reading = readAgents(context.deadline);
      if (readUser === undefined) {
        const { mapFamilies, problems } = await reading;
        return { ...mapFamilies(new Map(), context.room), problems };
      }
      const [agents, user] = await Promise.all([reading, readUser(context, reading)]);
      // Where both have a figure, the agent API's is taken: it stands first.
      const { families: agentFamilies, folded } = agents.mapFamilies(user.hosted, context.room);
      const { families } = mergeFamilies([...agentFamilies, ...user.families]);
      return { families, folded, problems: [...agents.problems, ...user.problems] };
    },
  };
};
