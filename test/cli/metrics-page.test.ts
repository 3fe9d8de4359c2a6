import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { serveMetrics } from '../../lambda/cli/metrics-page.ts';

const page = () => 'ci_workers{queue="größe"} 3\n';

describe('the metrics page', () => {
  it('serves the text exposition with its content type', async () => {
    const served = await serveMetrics({ port: 0, mayMove: false, page });

    const answer = await fetch(served.url);

    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toBe(page());
    await served.close();
  });

  it.each([
    ['GET', '/metrics?name[]=x', 200],
    ['HEAD', '/metrics', 200],
    ['POST', '/metrics', 405],
    ['GET', '/', 404],
    ['GET', '/../etc/passwd', 404],
  ])('answers %s %s with %d', async (method, path, status) => {
    const served = await serveMetrics({ port: 0, mayMove: false, page });

    const answer = await fetch(new URL(path, served.url), { method });
    await answer.text();

    expect(answer.status).toBe(status);
    await served.close();
  });

  it('serves the page as it is at the moment of the request', async () => {
    let text = 'a 1\n';
    const served = await serveMetrics({ port: 0, mayMove: false, page: () => text });

    const first = await (await fetch(served.url)).text();
    text = 'a 2\n';
    const second = await (await fetch(served.url)).text();

    expect([first, second]).toEqual(['a 1\n', 'a 2\n']);
    await served.close();
  });

  it('moves to a free port when its own is taken and it may', async () => {
    const first = await serveMetrics({ port: 0, mayMove: false, page });
    const port = Number(new URL(first.url).port);

    const second = await serveMetrics({ port, mayMove: true, page });

    expect(second.url).not.toBe(first.url);
    expect((await fetch(second.url)).status).toBe(200);
    await second.close();
    await first.close();
  });

  it('says which port is taken and what to do when it may not move', async () => {
    const first = await serveMetrics({ port: 0, mayMove: false, page });
    const { port } = new URL(first.url);

    const second = serveMetrics({ port: Number(port), mayMove: false, page });

    await expect(second).rejects.toThrow(
      `port ${port} on 127.0.0.1 is taken or not allowed; choose another one with --port, or 0 for any`,
    );
    await first.close();
  });

  it('closes although a scraper keeps its connection open', async () => {
    const served = await serveMetrics({ port: 0, mayMove: false, page });
    const scraper = connect(Number(new URL(served.url).port), '127.0.0.1');
    scraper.on('error', () => undefined);
    await new Promise((resolve) => scraper.once('connect', resolve));
    const ended = new Promise((resolve) => scraper.once('close', resolve));

    await served.close();

    await ended;
    await expect(fetch(served.url)).rejects.toThrow();
  });
});
