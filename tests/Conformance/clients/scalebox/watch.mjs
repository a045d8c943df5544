import { assert, suite, thrown, until, works } from '../suite.mjs';

export default ({ Sandbox }) => suite(
  async () => {
    const sandbox = await Sandbox.create('base', { timeoutMs: 300_000 });
    await sandbox.commands.run('mkdir -p /workspace/w /workspace/deep/a');
    return { sandbox };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('files.watchDir', 'create, write and remove', async ({ sandbox }) => {
      const seen = [];
      let wrote = false;
      const stream = sandbox.files.watchDir('/workspace/w', { requestTimeoutMs: 30_000 });
      const writing = (async () => {
        // The stream says nothing of its start: what is done before that is not seen, hence again until something is.
        for (let i = 0; !wrote; i++) await sandbox.commands.run(`echo x > /workspace/w/f${i}; rm /workspace/w/f${i}; sleep 0.1`);
      })();
      for await (const event of stream) {
        seen.push(event);
        wrote = ['create', 'write', 'remove'].every((type) => seen.some((one) => one.type === type));
        if (wrote) break;
      }
      await writing;
      assert.match(seen[0].name, /^f\d+$/);
      assert.equal(seen[0].path, `/workspace/w/${seen[0].name}`);
    }),
    works('files.createWatcher', 'getEvents answers what happened since, once', async ({ sandbox }) => {
      const watcher = await sandbox.files.createWatcher('/workspace/w');
      const seen = [];
      await sandbox.commands.run('echo x > /workspace/w/polled');
      await until(async () => {
        seen.push(...await watcher.getEvents());
        return seen.some((event) => event.type === 'create' && event.name === 'polled');
      }, 'the event');
      await watcher.remove();
      await thrown(() => watcher.getEvents());
    }),
    works('files.createWatcher', 'recursive', async ({ sandbox }) => {
      const watcher = await sandbox.files.createWatcher('/workspace/deep', { recursive: true });
      const seen = [];
      await sandbox.commands.run('echo x > /workspace/deep/a/inner');
      await until(async () => {
        seen.push(...await watcher.getEvents());
        return seen.some((event) => event.type === 'create' && event.name === 'a/inner');
      }, 'the event');
      await watcher.remove();
    }),
    works('files.createWatcher', 'of what does not exist is an error', ({ sandbox }) => thrown(() => sandbox.files.createWatcher('/no/such/place'))),
  ],
);
