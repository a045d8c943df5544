import { assert, suite, until, works } from '../suite.mjs';

export default ({ Sandbox }) => {
  const open = async (sandbox, options = {}) => {
    const handle = await sandbox.pty.start({ timeoutMs: 0, ...options });
    await until(() => { try { return handle.pid; } catch { return 0; } }, 'its pid');
    return handle;
  };

  return suite(
    async () => ({ sandbox: await Sandbox.create('base', { timeoutMs: 300_000 }) }),
    async ({ sandbox }) => { await sandbox.kill(); },
    [
      works('pty.start', 'a shell on a terminal of the size asked for', async ({ sandbox }) => {
        const handle = await open(sandbox, { size: { cols: 91, rows: 33 }, envs: { MINE: 'yes' }, cwd: '/tmp' });
        await handle.send('stty size; tty; echo "$MINE:$TERM:$(pwd)"\n');
        await until(() => /33 91\r\n\/dev\/pts\/\d+\r\nyes:xterm-256color:\/tmp\r\n/.test(handle.data), `the answers in ${JSON.stringify(handle.data)}`);
        await handle.kill();
      }),
      works('pty.resize', 'the program sees the new size', async ({ sandbox }) => {
        const handle = await open(sandbox);
        await sandbox.pty.resize(handle.pid, { cols: 120, rows: 50 });
        await handle.send('stty size\n');
        await until(() => handle.data.includes('50 120'), 'the new size');
        await handle.kill();
      }),
      works('pty.sendInput', 'Ctrl-C interrupts what runs; exit ends it', async ({ sandbox }) => {
        const handle = await open(sandbox);
        await handle.send('echo be""fore; sleep 971\n');
        await until(() => handle.data.includes('before\r\n'), 'the start');
        await until(async () => (await sandbox.commands.run('pgrep -f "^sleep 97[1]" || true')).stdout !== '', 'sleep');
        await sandbox.pty.sendInput(handle.pid, new Uint8Array([3]));
        await handle.send('echo af""ter $?\n');
        await until(() => handle.data.includes('after 130'), `the next prompt in ${JSON.stringify(handle.data)}`);
        await handle.send('exit\n');
        await handle.wait().catch(() => {});
      }),
      works('pty.kill', 'true, and false once it is over', async ({ sandbox }) => {
        const handle = await open(sandbox);
        assert.equal(await handle.kill(), true);
        await handle.wait().catch(() => {});
        assert.equal(await sandbox.pty.kill(handle.pid), false);
      }),
    ],
  );
};
