import { assert, suite, thrown, until, works } from '../suite.mjs';

export default ({ Sandbox }) => suite(
  async () => ({ sandbox: await Sandbox.create('base', { timeoutMs: 300_000, envs: { FROM_CREATE: 'created', BOTH: 'created' } }) }),
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('commands.run', 'standard output, standard error and exit code', async ({ sandbox }) => {
      const result = await sandbox.commands.run('echo out; echo err >&2; exit 7');
      assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['out\n', 'err\n', 7]);
    }),
    works('commands.run', 'runs as root', async ({ sandbox }) => {
      assert.equal((await sandbox.commands.run('whoami')).stdout, 'root\n');
    }),
    works('commands.run', 'cwd', async ({ sandbox }) => {
      assert.equal((await sandbox.commands.run('pwd', { cwd: '/usr/lib' })).stdout, '/usr/lib\n');
    }),
    works('commands.run', 'a cwd that does not exist is an error', ({ sandbox }) =>
      thrown(() => sandbox.commands.run('pwd', { cwd: '/no/such/place' }))),
    works('commands.run', 'environment of the sandbox and of the command', async ({ sandbox }) => {
      const { stdout } = await sandbox.commands.run('echo "$FROM_CREATE $BOTH $MINE"', { envs: { BOTH: 'command', MINE: 'ü "q" $x' } });
      assert.equal(stdout, 'created command ü "q" $x\n');
    }),
    works('commands.run', 'output reaches the callbacks while the command runs', async ({ sandbox }) => {
      const seen = [];
      let ended = false;
      await sandbox.commands.run('rm -f /tmp/go && mkfifo /tmp/go');
      const running = sandbox.commands.run('echo one; read line < /tmp/go; echo $line', { onStdout: (data) => { seen.push(data); } })
        .finally(() => { ended = true; });
      await until(() => seen.join('').includes('one'), 'the first line');
      assert.equal(ended, false);
      await sandbox.commands.run('echo two > /tmp/go');
      assert.equal((await running).stdout, 'one\ntwo\n');
      assert.equal(seen.join(''), 'one\ntwo\n');
    }),
    works('commands.run', 'eight megabytes of output arrive whole', async ({ sandbox }) => {
      const { stdout } = await sandbox.commands.run('head -c 8388608 /dev/zero | tr "\\0" x; echo end', { timeoutMs: 50_000 });
      assert.equal(stdout.length, 8_388_612);
      assert.ok(stdout.endsWith('xend\n'));
    }),
    works('commands.run', 'a timeout is an error and ends the command', async ({ sandbox }) => {
      await thrown(() => sandbox.commands.run('exec sleep 977', { timeoutMs: 1_000 }));
      await until(async () => (await sandbox.commands.run('pgrep -f "^sleep 97[7]" || true')).stdout === '', 'the end of sleep');
    }),
    works('commands.run', 'in the background: pid, wait, output', async ({ sandbox }) => {
      const handle = await sandbox.commands.run('echo started; sleep 0.2; echo done', { background: true });
      const result = await handle.wait();
      assert.ok(handle.pid > 0);
      assert.deepEqual([result.exitCode, result.stdout], [0, 'started\ndone\n']);
    }),
    works('CommandHandle.kill', 'true; the command ends; a second kill is false', async ({ sandbox }) => {
      let text = '';
      const handle = await sandbox.commands.run('echo up; exec sleep 978', { background: true, onStdout: (data) => { text += data; } });
      await until(() => text.includes('up'), 'the start');
      assert.equal(await handle.kill(), true);
      await handle.wait().catch(() => {});
      assert.equal(await sandbox.commands.kill(handle.pid), false);
    }),
    works('commands.kill', 'false for a pid that is no command', async ({ sandbox }) => {
      assert.equal(await sandbox.commands.kill(999_999), false);
    }),
    works('commands.list', 'a command in the background with its arguments', async ({ sandbox }) => {
      let text = '';
      const handle = await sandbox.commands.run('echo up; sleep 979', { background: true, cwd: '/tmp', onStdout: (data) => { text += data; } });
      await until(() => text.includes('up'), 'the start');
      const found = (await sandbox.commands.list()).find((one) => one.pid === handle.pid);
      assert.deepEqual([found.cmd, found.args, found.cwd], ['/bin/bash', ['-l', '-c', 'echo up; sleep 979'], '/tmp']);
      assert.equal(await handle.kill(), true);
    }),
    works('commands.sendStdin', 'reaches the command', async ({ sandbox }) => {
      let text = '';
      const handle = await sandbox.commands.run('echo up; read line; echo "got $line"', { background: true, onStdout: (data) => { text += data; } });
      await until(() => text.includes('up'), 'the start');
      await sandbox.commands.sendStdin(handle.pid, 'line ü\n');
      assert.equal((await handle.wait()).stdout, 'up\ngot line ü\n');
    }),
    works('commands.connect', 'follows a command that runs', async ({ sandbox }) => {
      let first = '', second = '';
      const handle = await sandbox.commands.run('echo up; read line; echo "got $line"', { background: true, onStdout: (data) => { first += data; } });
      await until(() => first.includes('up'), 'the start');
      const same = await sandbox.commands.connect(handle.pid, { onStdout: (data) => { second += data; } });
      await until(() => { try { return same.pid === handle.pid; } catch { return false; } }, 'its pid');
      await sandbox.commands.sendStdin(handle.pid, 'it\n');
      await same.wait();
      assert.match(second, /got it\n$/);
    }),
    works('processes.list', 'what runs', async ({ sandbox }) => {
      let text = '';
      const handle = await sandbox.commands.run('echo up; sleep 976', { background: true, onStdout: (data) => { text += data; } });
      await until(() => text.includes('up'), 'the start');
      assert.ok((await sandbox.processes.list()).some((one) => one.pid === handle.pid));
      await handle.kill();
    }),
    works('processes.start', 'events of a program with a tag, by which a signal finds it', async ({ sandbox }) => {
      const events = [];
      for await (const event of sandbox.processes.start({ cmd: '/bin/sh', args: ['-c', 'echo up; exec sleep 975'] }, { tag: 'mine' })) {
        events.push(event);
        if (event.type === 'data') await sandbox.processes.sendSignal({ tag: 'mine' }, 'SIGTERM');
      }
      assert.equal(events[0].type, 'start');
      assert.ok(events[0].data.pid > 0);
      assert.equal(Buffer.from(events.find((event) => event.type === 'data').data.stdout).toString(), 'up\n');
      assert.equal(events.at(-1).type, 'end');
      assert.equal(events.at(-1).data.exited, false);
    }),
  ],
);
