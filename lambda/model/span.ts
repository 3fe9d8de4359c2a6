/** What a finished run, or a job of one, tells to a sink that shows it as a span of a trace. */
import type { Result } from './catalogue/results.ts';

/** All spans of one source with the same run and attempt are one trace. */
export interface Span {
  /** A run of a pipeline, or a job, step or task that is a part of one. */
  readonly is: 'run' | 'job';
  /** The vendor's id of the run, which no other run of the source has. */
  readonly run: string;
  /** Where each attempt of a run is a trace of its own: which one. */
  readonly attemptNumber?: number | undefined;
  /** The vendor's id within the run; absent for the run itself, which the other spans are parts of. */
  readonly id?: string | undefined;
  /** Of a job: its name in the definition of the pipeline. */
  readonly name?: string | undefined;
  readonly pipeline?: string | undefined;
  readonly scope: string;
  readonly queue?: string | undefined;
  readonly result: Result;
  readonly attempt?: 'first' | 'retry' | undefined;
  /** When a run was created or a job started; absent where the vendor does not tell. Epoch milliseconds. */
  readonly startMs?: number | undefined;
  /** Epoch milliseconds. */
  readonly endMs: number;
  readonly waitSeconds?: number | undefined;
  /** Without the time for which a run waited for a person. */
  readonly activeSeconds?: number | undefined;
  /** The web page of the run or job. */
  readonly url?: string | undefined;
  readonly commit?: string | undefined;
  /** As it is called, and not as a class of branches. */
  readonly branch?: string | undefined;
}
