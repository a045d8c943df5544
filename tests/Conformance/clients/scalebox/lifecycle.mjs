import { assert, suite, thrown, works } from '../suite.mjs';

const near = (date, expected, tolerance = 15_000) => assert.ok(
  Math.abs(date.getTime() - expected) < tolerance, `${date.toISOString()} is not near ${new Date(expected).toISOString()}`);

export default ({ Sandbox, SandboxApi }) => suite(
  async () => {
    const sandbox = await Sandbox.create('base', { timeoutMs: 300_000, autoPause: true, envs: { GREETING: 'hi there' } });
    await sandbox.files.write('/root/kept.txt', 'kept');
    return { sandbox };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.betaPause', 'true; it does not run; a second one is an error', async ({ sandbox }) => {
      assert.equal(await sandbox.betaPause(), true);
      assert.equal(await sandbox.isRunning(), false);
      await thrown(() => sandbox.betaPause(), /wrong_state/);
      await thrown(() => sandbox.files.read('/root/kept.txt'));
    }),
    works('Sandbox.getInfo', 'of one that is paused: status, since when and for how long', async ({ sandbox }) => {
      const info = await sandbox.getInfo();
      assert.equal(info.status, 'paused');
      near(info.pausedAt, Date.now(), 60_000);
      assert.ok(Number.isInteger(info.totalPausedSeconds) && info.totalPausedSeconds >= 0, `${info.totalPausedSeconds}`);
    }),
    works('Sandbox.setTimeout', 'of one that is paused is for its next phase', async ({ sandbox }) => {
      await sandbox.setTimeout(600_000);
      assert.equal((await sandbox.getInfo()).timeout, 600);
    }),
    works('Sandbox.connect', 'resumes one that is paused, with its files, environment, address and token', async ({ sandbox }) => {
      const again = await Sandbox.connect(sandbox.sandboxId);
      assert.deepEqual([again.sandboxId, again.envdAccessToken], [sandbox.sandboxId, sandbox.envdAccessToken]);
      assert.equal(await again.isRunning(), true);
      assert.equal(await again.files.read('/root/kept.txt'), 'kept');
      assert.equal((await again.commands.run('echo $GREETING')).stdout, 'hi there\n');
      const info = await again.getInfo();
      assert.equal(info.status, 'running');
      near(info.endAt, Date.now() + 600_000, 30_000);
    }),
    works('SandboxApi.resumeSandbox', 'resumes one that is paused; one that runs is an error', async ({ sandbox }) => {
      await sandbox.betaPause();
      assert.equal(await SandboxApi.resumeSandbox(sandbox.sandboxId), true);
      assert.equal((await sandbox.commands.run('cat /root/kept.txt')).stdout, 'kept');
      await thrown(() => SandboxApi.resumeSandbox(sandbox.sandboxId), /wrong_state/);
    }),
    works('Sandbox.kill', 'one that is paused', async () => {
      const short = await Sandbox.create('base', { timeoutMs: 60_000 });
      await short.betaPause();
      await short.kill();
      await thrown(() => Sandbox.connect(short.sandboxId));
    }),
  ],
);
