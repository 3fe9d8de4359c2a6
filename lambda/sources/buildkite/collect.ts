/** Puts the agent API and the APIs for users together. */
import { mergeFamilies } from '../../model/families/merge.ts';
import type { CreateSource } from '../source.ts';
import { agentReader } from './agent-api/read-clusters.ts';
import { apiSettings, type BuildkiteConfig } from './config.ts';
import { userReader } from './read-user-api.ts';

/** Reads the agent API by its tokens and, at the same time, the APIs for users by theirs. */
export const createBuildkite: CreateSource<BuildkiteConfig> = (config, ports) => {
  const readAgents = agentReader(config, ports);
  const settings = apiSettings(config);
  const readUser = settings === undefined ? undefined : userReader(config, settings, ports);
  return {
    collect: async (context) => {
      const reading = readAgents(context.deadline);
      if (readUser === undefined) {
        const { familiesWith, problems } = await reading;
        return { ...familiesWith(new Map(), context.room), problems };
      }
      const [agents, user] = await Promise.all([reading, readUser(context, reading)]);
      // Where both tell a figure, the agent API's is taken: it stands first.
      const { families: ofAgents, folded } = agents.familiesWith(user.hosted, context.room);
      const { families } = mergeFamilies([...ofAgents, ...user.families]);
      return { families, folded, problems: [...agents.problems, ...user.problems] };
    },
  };
};
