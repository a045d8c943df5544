import { assert, suite, thrown, until, works } from '../suite.mjs';

const near = (date, expected, tolerance = 15_000) => assert.ok(
  Math.abs(date.getTime() - expected) < tolerance, `${date.toISOString()} is not near ${new Date(expected).toISOString()}`);

const all = async (paginator) => {
  const found = [];
  while (paginator.hasNext) found.push(...await paginator.nextItems());
  return found;
};

const counter = 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.05; done';
const read = async (sandbox) => Number(await sandbox.files.read('/tmp/count'));

export default ({ Sandbox, NotFoundError }) => suite(
  async () => {
    const mark = `l ${Date.now()}`;
    const sandbox = await Sandbox.create('base', { timeoutMs: 300_000, metadata: { mark }, envs: { GREETING: 'hi there' } });
    await sandbox.files.write('/home/user/kept.txt', 'kept');
    const background = await sandbox.commands.run(counter, { background: true, timeoutMs: 0 });
    await until(async () => await sandbox.files.exists('/tmp/count') && await read(sandbox) > 0, 'the counter runs');
    return { mark, sandbox, pid: background.pid };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.pause', 'true, and false for one that is paused; it does not run and is listed as paused', async ({ sandbox, mark }) => {
      assert.equal(await sandbox.pause(), true);
      assert.equal(await sandbox.pause(), false);
      assert.equal(await sandbox.isRunning(), false);
      assert.equal((await sandbox.getInfo()).state, 'paused');
      const query = (state) => all(Sandbox.list({ query: { metadata: { mark }, state } }));
      assert.deepEqual((await query(['paused'])).map((info) => [info.sandboxId, info.state]), [[sandbox.sandboxId, 'paused']]);
      assert.deepEqual(await query(['running']), []);
      assert.equal((await query(undefined)).length, 1);
      await thrown(() => sandbox.commands.run('true'));
    }),
    works('Sandbox.connect', 'resumes one that is paused: files, processes, environment and a new end', async ({ sandbox, pid }) => {
      const again = await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 200_000 });
      assert.equal(again.sandboxId, sandbox.sandboxId);
      assert.equal((await again.getInfo()).state, 'running');
      near((await again.getInfo()).endAt, Date.now() + 200_000);
      assert.equal(await again.files.read('/home/user/kept.txt'), 'kept');
      assert.ok((await again.commands.list()).some((one) => one.pid === pid), 'the counter is not in the list');
      const seen = await read(again);
      await until(async () => await read(again) > seen, 'the counter goes on');
      assert.equal((await sandbox.commands.run('echo $GREETING')).stdout, 'hi there\n');
      assert.equal(await sandbox.isRunning(), true);
    }),
    works('Sandbox.pause', 'one that does not exist is a NotFoundError', async () => {
      const error = await thrown(() => Sandbox.pause('0'.repeat(26)));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('Sandbox.betaPause', 'as pause', async ({ sandbox }) => {
      assert.equal(await sandbox.betaPause(), true);
      await sandbox.connect();
      assert.equal(await sandbox.isRunning(), true);
    }),
    works('Sandbox.fork', 'copies with files and processes of their own, and the origin goes on', async ({ sandbox }) => {
      const forks = await sandbox.fork({ count: 2, timeoutMs: 120_000 });
      try {
        assert.equal(new Set([...forks, sandbox].map((one) => one.sandboxId)).size, 3);
        for (const fork of forks) {
          assert.equal(await fork.files.read('/home/user/kept.txt'), 'kept');
          const seen = await read(fork);
          await until(async () => await read(fork) > seen, 'the counter goes on in the copy');
        }
        await forks[0].files.write('/home/user/kept.txt', 'changed');
        assert.equal(await forks[1].files.read('/home/user/kept.txt'), 'kept');
        assert.equal(await sandbox.files.read('/home/user/kept.txt'), 'kept');
      } finally {
        await Promise.all(forks.map((fork) => fork.kill()));
      }
    }),
    works('Sandbox.createSnapshot', 'is listed, makes sandboxes, and is deleted once', async ({ sandbox }) => {
      const name = `conformance-${Date.now()}`;
      const snapshot = await sandbox.createSnapshot({ name });
      assert.ok(snapshot.snapshotId.length > 0);
      assert.ok(snapshot.names.some((one) => one.includes(name)), JSON.stringify(snapshot));
      assert.deepEqual((await all(sandbox.listSnapshots())).map((one) => one.snapshotId), [snapshot.snapshotId]);
      assert.deepEqual((await all(Sandbox.listSnapshots({ name }))).map((one) => one.snapshotId), [snapshot.snapshotId]);
      const made = await Sandbox.create(snapshot.snapshotId, { timeoutMs: 120_000 });
      try {
        assert.notEqual(made.sandboxId, sandbox.sandboxId);
        assert.equal(await made.files.read('/home/user/kept.txt'), 'kept');
      } finally {
        await made.kill();
      }
      assert.equal(await Sandbox.deleteSnapshot(snapshot.snapshotId), true);
      assert.equal(await Sandbox.deleteSnapshot(snapshot.snapshotId), false);
      assert.deepEqual(await all(sandbox.listSnapshots()), []);
      await thrown(() => Sandbox.create(snapshot.snapshotId), /404/);
    }),
    works('Sandbox.create', 'onTimeout pause: it is paused at its timeout, and a connect brings it back', async () => {
      const short = await Sandbox.create('base', { timeoutMs: 60_000, lifecycle: { onTimeout: 'pause' } });
      try {
        assert.deepEqual((await short.getInfo()).lifecycle, { onTimeout: 'pause', autoResume: false });
        await short.setTimeout(1_000);
        await until(async () => (await short.getInfo()).state === 'paused', 'it is paused', 30_000);
        await short.connect({ timeoutMs: 60_000 });
        assert.equal((await short.commands.run('echo back')).stdout, 'back\n');
      } finally {
        assert.equal(await short.kill(), true);
      }
    }),
    works('Sandbox.create', 'autoResume: a command brings back one that is paused; being asked whether it runs does not', async () => {
      const eager = await Sandbox.create('base', { timeoutMs: 120_000, lifecycle: { onTimeout: 'pause', autoResume: true } });
      try {
        assert.equal((await eager.getInfo()).lifecycle.autoResume, true);
        await eager.pause();
        assert.equal(await eager.isRunning(), false);
        assert.equal((await eager.getInfo()).state, 'paused');
        const said = await Promise.all([1, 2, 3].map((number) => eager.commands.run(`echo ${number}`)));
        assert.deepEqual(said.map((one) => one.stdout), ['1\n', '2\n', '3\n']);
        assert.equal((await eager.getInfo()).state, 'running');
      } finally {
        await eager.kill();
      }
    }),
    works('Sandbox.kill', 'one that is paused', async ({ sandbox }) => {
      await sandbox.pause();
      assert.equal(await sandbox.kill(), true);
      assert.equal(await sandbox.kill(), false);
      await thrown(() => Sandbox.connect(sandbox.sandboxId), /not found/i);
    }),
  ],
);
