/** What New Relic would not store as it is. */

/**
 * `number`: not a finite one; `size`: larger by itself than a request; `time`: too old or too far ahead; `name`: longer
 * than New Relic takes; `attributes`: more than it takes of a metric; `setting`: an attribute of the settings has the
 * name of the metric; `collision`: another level has the same attributes once they are cut, and is kept; `renamed`: a
 * label may not be called so; `cut`: a value is longer than New Relic keeps.
 */
export type FindingReason =
  'number' | 'size' | 'time' | 'name' | 'attributes' | 'setting' | 'collision' | 'renamed' | 'cut';
