/** What Datadog would not store as it is. */

/**
 * `number`: not a finite one; `size`: larger by itself than a request; `time`: too old or too far ahead; `name`: no name
 * for Datadog; `collision`: another level has the same name and tags there, and is kept; `merged`: another series has
 * them, and both are added up; `cut`: a tag is longer than Datadog keeps.
 */
export type FindingReason = 'number' | 'size' | 'time' | 'name' | 'collision' | 'merged' | 'cut';
