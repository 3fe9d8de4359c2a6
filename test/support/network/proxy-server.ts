/** A forward proxy on loopback that resolves every name to 127.0.0.1. */
import { createServer, request as forward } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen } from './loopback-server.ts';

/** A forward proxy on loopback that resolves every name to 127.0.0.1, as a company's proxy resolves inner names. */
export interface ProxyServer extends AsyncDisposable {
  readonly port: number;
  /** Request lines as they came: `CONNECT host:port` and `GET http://host/path`. */
  readonly seen: readonly string[];
  /** Values of `Proxy-Authorization`, in order. */
  readonly credentials: readonly (string | undefined)[];
}

export interface ProxyOptions {
  /** Answers this instead of forwarding. */
  readonly refuseWith?: number;
}

export async function startProxy({ refuseWith }: ProxyOptions = {}): Promise<ProxyServer> {
  const seen: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    credentials.push(request.headers['proxy-authorization']);
    if (refuseWith !== undefined) {
      response.writeHead(refuseWith);
      response.end();
      return;
    }
    const { port, pathname, search, host } = new URL(request.url ?? '');
    // Meant for the proxy alone (RFC 9110, section 11.7.2).
    const passedOn = Object.entries(request.headers).filter(([name]) => name !== 'proxy-authorization');
    const options = {
      host: '127.0.0.1',
      port,
      path: pathname + search,
      method: request.method,
      headers: { ...Object.fromEntries(passedOn), host },
    };
    const onward = forward(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url ?? ''}`);
    credentials.push(request.headers['proxy-authorization']);
    if (refuseWith !== undefined) {
      socket.end(`HTTP/1.1 ${String(refuseWith)} Refused\r\n\r\n`);
      return;
    }
    const target = connect(Number((request.url ?? '').split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) {
      end.on('error', () => end.destroy());
      end.once('close', () => {
        socket.destroy();
        target.destroy();
      });
    }
  });
  const port = await listen(server);
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port, seen, credentials, [Symbol.asyncDispose]: close };
}
