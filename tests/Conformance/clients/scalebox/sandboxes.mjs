import { assert, suite, thrown, until, works } from '../suite.mjs';

const near = (date, expected, tolerance = 15_000) => assert.ok(
  Math.abs(date.getTime() - expected) < tolerance, `${date.toISOString()} is not near ${new Date(expected).toISOString()}`);

export default ({ Sandbox }) => suite(
  async () => ({
    sandbox: await Sandbox.create('base', { timeoutMs: 120_000, metadata: { stage: 'conformance' }, envs: { GREETING: 'hi there' } }),
  }),
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.create', 'an id, an address and a token; the sandbox runs', async ({ sandbox }) => {
      assert.match(sandbox.sandboxId, /^sbx-[a-z0-9]{26}$/);
      assert.match(sandbox.sandboxDomain, /^127\.0\.0\.1:\d+$/);
      assert.ok(sandbox.envdAccessToken.length > 20);
      assert.equal(await sandbox.isRunning(), true);
    }),
    works('Sandbox.create', 'a template that does not exist is an error that names it', () =>
      thrown(() => Sandbox.create('no-such-template'), /no-such-template/)),
    works('Sandbox.create', 'a wrong key is an error', () =>
      thrown(() => Sandbox.create('base', { apiKey: `sk-${'0'.repeat(40)}` }), /unauthorized/)),
    works('Sandbox.getInfo', 'template, status, sizes, metadata, start and end', async ({ sandbox }) => {
      const info = await sandbox.getInfo();
      assert.equal(info.sandboxId, sandbox.sandboxId);
      assert.equal(info.templateName, 'base');
      assert.equal(info.status, 'running');
      assert.deepEqual(info.metadata, { stage: 'conformance' });
      assert.equal(info.timeout, 120);
      assert.ok(info.cpuCount >= 1 && info.memoryMB >= 128);
      near(info.startedAt, Date.now(), 60_000);
      near(info.endAt, info.startedAt.getTime() + 120_000, 2_000);
    }),
    works('Sandbox.getInfo', 'one that does not exist is an error', () => thrown(() =>
      Sandbox.connect(`sbx-${'0'.repeat(26)}`), /not_found/)),
    works('Sandbox.setTimeout', 'counts from the start', async ({ sandbox }) => {
      await sandbox.setTimeout(600_000);
      const info = await sandbox.getInfo();
      near(info.endAt, info.startedAt.getTime() + 600_000, 2_000);
    }),
    works('Sandbox.connect', 'the same sandbox, with its address, token and environment', async ({ sandbox }) => {
      const again = await Sandbox.connect(sandbox.sandboxId);
      assert.deepEqual(
        [again.sandboxId, again.sandboxDomain, again.envdAccessToken], [sandbox.sandboxId, sandbox.sandboxDomain, sandbox.envdAccessToken]);
      assert.equal((await again.commands.run('echo $GREETING')).stdout, 'hi there\n');
    }),
    works('Sandbox.list', 'those that run', async ({ sandbox }) => {
      const found = await Sandbox.list({ query: { status: ['running'] }, limit: 100 }).nextItems();
      const one = found.find((info) => info.sandboxId === sandbox.sandboxId);
      assert.ok(one, 'it is not in the list');
      assert.deepEqual([one.status, one.templateName, one.metadata.stage], ['running', 'base', 'conformance']);
    }),
    works('Sandbox.kill', 'it runs no more', async () => {
      const short = await Sandbox.create('base', { timeoutMs: 60_000 });
      await short.kill();
      await until(async () => !(await short.isRunning()), 'it still runs');
      await thrown(() => short.commands.run('true'));
    }),
    works('Sandbox.getMetrics', 'processors, memory and disk at present', async ({ sandbox }) => {
      const [metrics] = await sandbox.getMetrics();
      assert.ok(metrics.cpuCount >= 1);
      assert.ok(metrics.memUsed > 0 && metrics.memUsed <= metrics.memTotal);
      near(metrics.timestamp, Date.now(), 60_000);
    }),
  ],
);
