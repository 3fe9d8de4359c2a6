import { matches, selectorFault } from './selector.ts';
import { coreForbidden, coreNotFound, failure, jsonReply, pageNotFound, type Reply, unreachable } from './wire.ts';

/** A pod of Tekton's controller. */
export interface ControllerPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: 'Pending' | 'Running' | 'Failed';
  /** What `GET /metrics` of the pod answers; undefined where nothing listens. */
  readonly metrics: (() => string) | undefined;
}

/** The labels of the release's manifests (config/controller.yaml). */
export const controllerLabels = {
  'app.kubernetes.io/name': 'controller',
  'app.kubernetes.io/part-of': 'tekton-pipelines',
} as const;

/** What Tekton's manifests call the Service and its port. */
const controllerService = 'http:tekton-pipelines-controller:9090';

const corePath = /^\/api\/v1\/namespaces\/([^/]+)\/(pods|services)(?:\/([^/]+)\/proxy(\/.*))?$/;

export interface CoreOptions {
  readonly pods: readonly ControllerPod[];
  /** A user without the rights of the metrics mode. */
  readonly isForbidden: boolean;
  /** Picks the pod that a Service leads to; none of the pods is preferred. */
  readonly pick: (pods: readonly ControllerPod[]) => ControllerPod | undefined;
}

/** The core API as far as it leads to the controller: a list of pods, and the proxies of pods and Services. */
export function coreReply(url: URL, options: CoreOptions): Reply | undefined {
  const [, namespace, kind, target, path] = corePath.exec(url.pathname) ?? [];
  if (namespace === undefined || kind === undefined) return undefined;
  if (options.isForbidden) return coreForbidden(target === undefined ? 'list' : 'get', kind, namespace, target);
  const pods = options.pods.filter((pod) => pod.namespace === namespace);
  if (target !== undefined) return proxied(kind, target, path, { ...options, pods });
  if (kind !== 'pods') return undefined;
  const fault = selectorFault(url.searchParams.get('labelSelector') ?? '');
  return fault === undefined ? jsonReply(200, podList(pods, url.searchParams)) : failure(400, 'BadRequest', fault);
}

function proxied(kind: string, target: string, path: string | undefined, { pods, pick }: CoreOptions): Reply {
  const [, name = '', port] = /^(?:https?:)?([^:]+):(\d+)$/.exec(target) ?? [];
  if (kind === 'services') {
    if (target !== controllerService) return coreNotFound(kind, name);
    const pod = pick(pods.filter(({ phase }) => phase === 'Running'));
    return pod === undefined ? unreachable('no endpoints available for service') : answerOf(pod, port, path);
  }
  const pod = pods.find((candidate) => candidate.name === name);
  return pod === undefined ? coreNotFound(kind, name) : answerOf(pod, port, path);
}

function answerOf({ metrics }: ControllerPod, port: string | undefined, path: string | undefined): Reply {
  if (port !== '9090' || metrics === undefined) return unreachable('error trying to reach service: dial tcp');
  if (path !== '/metrics') return pageNotFound;
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores', body: metrics() };
}

function podList(pods: readonly ControllerPod[], query: URLSearchParams): object {
  const selected = pods.filter(({ labels }) => matches(query.get('labelSelector') ?? '', labels));
  return {
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '10225' },
    items: selected.map(({ name, namespace, uid, labels, phase }) => ({
      metadata: { name, namespace, uid, labels, creationTimestamp: '2026-11-21T08:00:00Z' },
      spec: {
        containers: [{ name: 'tekton-pipelines-controller', ports: [{ name: 'metrics', containerPort: 9090 }] }],
      },
      status: { phase, podIP: '10.0.0.7' },
    })),
  };
}
