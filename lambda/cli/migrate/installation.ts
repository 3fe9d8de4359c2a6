/** What an installation of buildkite-agent-metrics was told, in whichever of its three ways. */

/** Where one agent token lies today; its value is never kept here. */
export type TokenLocation =
  /** Typed into a command line or an environment variable: it needs a secret of its own. */
  | { readonly kind: 'typed' }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'secret'; readonly name: string; readonly key: string | undefined };

export type Backend =
  | {
      readonly kind: 'cloudwatch';
      /** Undefined: the Region that it runs in. */
      readonly region: string | undefined;
      readonly dimensions: Readonly<Record<string, string>>;
      readonly isHighResolution: boolean;
    }
  | { readonly kind: 'statsd'; readonly address: string; readonly hasTags: boolean }
  | { readonly kind: 'prometheus'; readonly address: string; readonly path: string }
  | {
      readonly kind: 'stackdriver';
      readonly project: string | undefined;
      /** Of a service account, as Google's own libraries find it. */
      readonly keyFile: string | undefined;
    }
  | { readonly kind: 'newrelic' }
  | {
      readonly kind: 'opentelemetry';
      readonly endpoint: string | undefined;
      readonly isGrpc: boolean;
      readonly serviceName: string | undefined;
      readonly headers: readonly OtlpHeader[];
    };

/** A header of OpenTelemetry's exporter without its value, which may be a credential. */
export interface OtlpHeader {
  readonly name: string;
  /** Whether the value is a user name and a password. */
  readonly isBasic: boolean;
}

export interface Installation {
  readonly runsAs: 'program' | 'lambda' | 'google-function';
  readonly tokens: readonly TokenLocation[];
  readonly endpoint: string | undefined;
  /** Undefined: all queues. */
  readonly queues: readonly string[] | undefined;
  /** Undefined: it ran once a call. Milliseconds. */
  readonly intervalMs: number | undefined;
  readonly backend: Backend;
  /** What has another form or none here, each a sentence. */
  readonly notes: readonly string[];
}

/** Variables of the process or of a deployed function. */
export type Variables = Readonly<Record<string, string | undefined>>;
