import { assert, suite, thrown, until, works } from '../suite.mjs';

const encode = (text) => new TextEncoder().encode(text);

export default ({ Sandbox }) => {
  const open = async (sandbox, options = {}) => {
    const decoder = new TextDecoder();
    const seen = { text: '' };
    const handle = await sandbox.pty.create({
      cols: 80, rows: 24, timeoutMs: 0, ...options, onData: (data) => { seen.text += decoder.decode(data, { stream: true }); },
    });
    return { handle, seen, send: (text) => sandbox.pty.sendInput(handle.pid, encode(text)) };
  };

  return suite(
    async () => ({ sandbox: await Sandbox.create('base', { timeoutMs: 300_000 }) }),
    async ({ sandbox }) => { await sandbox.kill(); },
    [
      works('pty.create', 'a shell on a terminal of the size asked for', async ({ sandbox }) => {
        const { handle, seen, send } = await open(sandbox, { cols: 91, rows: 33, envs: { MINE: 'yes' }, cwd: '/tmp' });
        await send('stty size; tty; echo "$MINE:$TERM:$(pwd):$(whoami)"\n');
        await until(() => /33 91\r\n\/dev\/pts\/\d+\r\nyes:xterm[^:]*:\/tmp:user\r\n/.test(seen.text), `the answers in ${JSON.stringify(seen.text)}`);
        await handle.kill();
      }),
      works('pty.sendInput', 'exit ends it with its code', async ({ sandbox }) => {
        const { handle, send } = await open(sandbox);
        const ended = thrown(() => handle.wait());
        await send('exit 5\n');
        assert.equal((await ended).exitCode, 5);
      }),
      works('pty.resize', 'the program sees the new size', async ({ sandbox }) => {
        const { handle, seen, send } = await open(sandbox);
        await sandbox.pty.resize(handle.pid, { cols: 120, rows: 50 });
        await send('stty size\n');
        await until(() => seen.text.includes('50 120'), 'the new size');
        await handle.kill();
      }),
      works('pty.sendInput', 'Ctrl-C interrupts what runs, and the shell lives on', async ({ sandbox }) => {
        const { handle, seen, send } = await open(sandbox);
        await send('echo be""fore; sleep 991\n');
        await until(() => seen.text.includes('before\r\n'), 'the start');
        await until(async () => (await sandbox.commands.run('pgrep -f "^sleep 99[1]" || true')).stdout !== '', 'sleep');
        await send('\x03');
        await send('echo af""ter $?\n');
        await until(() => seen.text.includes('after 130'), `the next prompt in ${JSON.stringify(seen.text)}`);
        await handle.kill();
      }),
      works('pty.connect', 'a second reader sees what comes next', async ({ sandbox }) => {
        const { handle, send } = await open(sandbox);
        let text = '';
        const same = await sandbox.pty.connect(handle.pid, { timeoutMs: 0, onData: (data) => { text += new TextDecoder().decode(data); } });
        assert.equal(same.pid, handle.pid);
        await send('echo sec""ond\n');
        await until(() => text.includes('second\r\n'), 'the output');
        await handle.kill();
      }),
      works('pty.kill', 'true, and false once it is over', async ({ sandbox }) => {
        const { handle } = await open(sandbox);
        const ended = thrown(() => handle.wait());
        assert.equal(await sandbox.pty.kill(handle.pid), true);
        await ended;
        assert.equal(await sandbox.pty.kill(handle.pid), false);
      }),
    ],
  );
};
