import { assert, refused, suite, thrown, until, works } from '../suite.mjs';

const near = (date, expected, tolerance = 15_000) => assert.ok(
  Math.abs(date.getTime() - expected) < tolerance, `${date.toISOString()} is not near ${new Date(expected).toISOString()}`);

const pages = async (paginator) => {
  const found = [];
  while (paginator.hasNext) found.push(await paginator.nextItems());
  return found;
};

export default ({ Sandbox, AuthenticationError, SandboxError, NotFoundError, RateLimitError }) => suite(
  async () => {
    const mark = `m ${Date.now()} &=ü`;
    return { mark, sandbox: await Sandbox.create('base', { timeoutMs: 120_000, metadata: { mark, kind: 'first' }, envs: { GREETING: 'hi there' } }) };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.create', 'an id of letters and digits, and a sandbox that runs', async ({ sandbox }) => {
      assert.match(sandbox.sandboxId, /^[a-z0-9]+$/);
      assert.equal(await sandbox.isRunning(), true);
    }),
    works('Sandbox.create', 'a template that does not exist is an error', () =>
      thrown(() => Sandbox.create('no-such-template'), /SandboxError.*404/)),
    works('Sandbox.create', 'a timeout of more than a day is an error', () =>
      thrown(() => Sandbox.create('base', { timeoutMs: 90_000_000 }), /SandboxError.*400/)),
    works('Sandbox.create', 'a wrong key is an AuthenticationError', async () => {
      const error = await thrown(() => Sandbox.create('base', { apiKey: `e2b_${'0'.repeat(40)}` }));
      assert.ok(error instanceof AuthenticationError, String(error));
    }),
    works('Sandbox.getInfo', 'template, state, sizes, metadata, start and end', async ({ sandbox, mark }) => {
      const info = await sandbox.getInfo();
      assert.equal(info.sandboxId, sandbox.sandboxId);
      assert.equal(info.name, 'base');
      assert.equal(info.state, 'running');
      assert.deepEqual(info.metadata, { mark, kind: 'first' });
      assert.ok(info.cpuCount >= 1 && info.memoryMB >= 128);
      assert.equal(info.allowInternetAccess, true);
      assert.equal(info.lifecycle.onTimeout, 'kill');
      assert.match(info.envdVersion, /^\d+\.\d+\.\d+$/);
      near(info.startedAt, Date.now(), 60_000);
      near(info.endAt, info.startedAt.getTime() + 120_000, 2_000);
    }),
    works('Sandbox.getInfo', 'one that does not exist is a NotFoundError', async () => {
      const error = await thrown(() => Sandbox.getInfo('0'.repeat(26)));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('Sandbox.setTimeout', 'lengthens and shortens, counted from now', async ({ sandbox }) => {
      await sandbox.setTimeout(600_000);
      near((await sandbox.getInfo()).endAt, Date.now() + 600_000);
      await sandbox.setTimeout(90_000);
      near((await sandbox.getInfo()).endAt, Date.now() + 90_000);
    }),
    works('Sandbox.setTimeout', 'one that does not exist is a NotFoundError', async () => {
      const error = await thrown(() => Sandbox.setTimeout('0'.repeat(26), 1_000));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('Sandbox.setTimeout', 'one that runs out ends the sandbox', async () => {
      const short = await Sandbox.create('base', { timeoutMs: 60_000 });
      await short.setTimeout(1_000);
      await until(async () => !(await short.isRunning()), 'it still runs');
      assert.equal(await short.kill(), false);
    }),
    works('Sandbox.connect', 'the same sandbox, whose end never comes sooner', async ({ sandbox }) => {
      await sandbox.setTimeout(400_000);
      const again = await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 60_000 });
      assert.equal(again.sandboxId, sandbox.sandboxId);
      near((await again.getInfo()).endAt, Date.now() + 400_000);
      assert.equal((await again.commands.run('echo $GREETING')).stdout, 'hi there\n');
    }),
    works('Sandbox.connect', 'one that does not exist is a NotFoundError', async () => {
      const error = await thrown(() => Sandbox.connect('0'.repeat(26)));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('Sandbox.list', 'pages, filters by metadata and state, order', async ({ sandbox, mark }) => {
      const second = await Sandbox.create('base', { timeoutMs: 60_000, metadata: { mark, kind: 'second' } });
      try {
        const query = { metadata: { mark } };
        const ids = (found) => found.flat().map((info) => info.sandboxId);
        const single = await pages(Sandbox.list({ query, limit: 1 }));
        assert.deepEqual(single.map((page) => page.length), [1, 1]);
        assert.deepEqual(ids(single), [second.sandboxId, sandbox.sandboxId]);
        assert.deepEqual(ids(await pages(Sandbox.list({ query: { metadata: { mark, kind: 'first' } } }))), [sandbox.sandboxId]);
        assert.deepEqual(ids(await pages(Sandbox.list({ query: { ...query, state: ['running'] } }))).length, 2);
        assert.deepEqual(ids(await pages(Sandbox.list({ query: { ...query, state: ['paused'] } }))), []);
        assert.deepEqual((await pages(Sandbox.list({ query })))[0][0].metadata, { mark, kind: 'second' });
      } finally {
        await second.kill();
      }
    }),
    works('Sandbox.kill', 'true, then false; the sandbox runs no more and is not listed', async ({ mark }) => {
      const short = await Sandbox.create('base', { timeoutMs: 60_000, metadata: { mark, kind: 'killed' } });
      assert.equal(await short.kill(), true);
      assert.equal(await short.kill(), false);
      assert.equal(await short.isRunning(), false);
      assert.deepEqual((await pages(Sandbox.list({ query: { metadata: { mark, kind: 'killed' } } }))).flat(), []);
      await thrown(() => short.commands.run('true'));
    }),
    works('Sandbox.create', 'allowInternetAccess false is kept', async () => {
      const closed = await Sandbox.create('base', { timeoutMs: 60_000, allowInternetAccess: false });
      try {
        assert.equal((await closed.getInfo()).allowInternetAccess, false);
      } finally {
        await closed.kill();
      }
    }),
    works('Sandbox.getMetrics', 'processors, memory and disk at present', async ({ sandbox }) => {
      const [metrics] = await sandbox.getMetrics();
      assert.ok(metrics.cpuCount >= 1 && metrics.cpuUsedPct >= 0);
      assert.ok(metrics.memUsed > 0 && metrics.memUsed <= metrics.memTotal);
      assert.ok(metrics.diskTotal > metrics.diskUsed);
      near(metrics.timestamp, Date.now(), 60_000);
    }),
    refused('Sandbox.create', 'egress rules are not built: an error of status 501', () =>
      thrown(() => Sandbox.create('base', { network: { denyOut: ['1.1.1.1'] } }), /501/)),
    refused('Sandbox.updateNetwork', 'not built: an error of status 501', ({ sandbox }) =>
      thrown(() => sandbox.updateNetwork({ allowInternetAccess: false }), /501/)),
  ],
);
