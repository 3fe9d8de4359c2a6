export { resolveNamespace as namespaceOf } from '../../model/for-sinks/cloud-watch-shape.ts';
