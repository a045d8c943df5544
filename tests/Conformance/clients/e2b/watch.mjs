import { assert, suite, thrown, until, works } from '../suite.mjs';

export default ({ Sandbox, NotFoundError }) => {
  const watching = async (sandbox, path, body, options) => {
    const events = [];
    const handle = await sandbox.files.watchDir(path, (event) => { events.push(event); }, options);
    const has = (type, name) => until(
      () => events.find((event) => event.type === type && event.name === name), `${type} of ${name}`);
    try {
      await body(has, events);
    } finally {
      await handle.stop();
    }
  };

  return suite(
    async () => {
      const sandbox = await Sandbox.create('base', { timeoutMs: 300_000 });
      await sandbox.commands.run('mkdir -p w deep/a/b');
      return { sandbox, path: '/home/user/w' };
    },
    async ({ sandbox }) => { await sandbox.kill(); },
    [
      works('files.watchDir', 'create, write, chmod, rename and remove', ({ sandbox, path }) => watching(sandbox, path, async (has) => {
        await sandbox.commands.run('echo x > w/one');
        await has('create', 'one');
        await has('write', 'one');
        await sandbox.commands.run('chmod 600 w/one');
        await has('chmod', 'one');
        await sandbox.files.rename(`${path}/one`, `${path}/two`);
        await has('rename', 'one');
        await sandbox.files.remove(`${path}/two`);
        await has('remove', 'two');
      })),
      works('files.watchDir', 'what files.write does is seen', ({ sandbox, path }) => watching(sandbox, path, async (has) => {
        await sandbox.files.write(`${path}/api`, 'x');
        await has('create', 'api');
      })),
      works('files.watchDir', 'recursive: names are relative to the directory', ({ sandbox }) =>
        watching(sandbox, '/home/user/deep', async (has) => {
          await sandbox.commands.run('echo x > deep/a/b/file');
          await has('create', 'a/b/file');
          await sandbox.commands.run('mkdir deep/new && sleep 0.3 && echo x > deep/new/file');
          await has('create', 'new');
          await has('create', 'new/file');
        }, { recursive: true })),
      works('files.watchDir', 'not recursive: what is deeper is not seen', ({ sandbox }) =>
        watching(sandbox, '/home/user/deep', async (has, events) => {
          await sandbox.commands.run('echo x > deep/a/hidden; echo x > deep/seen');
          await has('create', 'seen');
          assert.deepEqual(events.filter((event) => event.name.includes('hidden')), []);
        })),
      works('WatchHandle.stop', 'no events after it', async ({ sandbox, path }) => {
        const events = [];
        const handle = await sandbox.files.watchDir(path, (event) => { events.push(event); });
        await handle.stop();
        await sandbox.commands.run('touch w/late; sleep 0.3');
        assert.deepEqual(events, []);
      }),
      works('files.watchDir', 'one that does not exist is a NotFoundError', async ({ sandbox }) => {
        const error = await thrown(() => sandbox.files.watchDir('/no/such/place', () => {}));
        assert.ok(error instanceof NotFoundError, String(error));
      }),
      works('files.watchDir', 'a file is an error', ({ sandbox }) => thrown(() => sandbox.files.watchDir('/etc/passwd', () => {}))),
    ],
  );
};
