/** Fields that may be missing, null or of another type: a bad one is as good as none, and costs only itself. */
import * as z from 'zod';

export const Text = z.string().nullish().catch(undefined);
export const Flag = z.boolean().nullish().catch(undefined);
