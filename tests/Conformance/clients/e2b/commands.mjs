import { assert, sleep, suite, thrown, until, works } from '../suite.mjs';

export default ({ Sandbox, CommandExitError, TimeoutError }) => suite(
  async () => ({ sandbox: await Sandbox.create('base', { timeoutMs: 300_000, envs: { FROM_CREATE: 'created', BOTH: 'created' } }) }),
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('commands.run', 'standard output, standard error and exit code', async ({ sandbox }) => {
      const result = await sandbox.commands.run('echo out; echo err >&2');
      assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['out\n', 'err\n', 0]);
    }),
    works('commands.run', 'a non-zero exit is a CommandExitError with all of it', async ({ sandbox }) => {
      const error = await thrown(() => sandbox.commands.run('echo a; echo b >&2; exit 7'));
      assert.ok(error instanceof CommandExitError, String(error));
      assert.deepEqual([error.exitCode, error.stdout, error.stderr], [7, 'a\n', 'b\n']);
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
    works('commands.run', 'runs as user in the home directory', async ({ sandbox }) => {
      const { stdout } = await sandbox.commands.run('whoami; pwd; echo $HOME; id -un');
      assert.equal(stdout, 'user\n/home/user\n/home/user\nuser\n');
    }),
    works('commands.run', 'user root', async ({ sandbox }) => {
      const { stdout } = await sandbox.commands.run('whoami; echo $HOME', { user: 'root' });
      assert.equal(stdout, 'root\n/root\n');
    }),
    works('commands.run', 'an unknown user is an error', ({ sandbox }) =>
      thrown(() => sandbox.commands.run('true', { user: 'nobody-at-all' }))),
    works('commands.run', 'cwd', async ({ sandbox }) => {
      assert.equal((await sandbox.commands.run('pwd', { cwd: '/usr/lib' })).stdout, '/usr/lib\n');
    }),
    works('commands.run', 'a cwd that does not exist is an error', ({ sandbox }) =>
      thrown(() => sandbox.commands.run('pwd', { cwd: '/no/such/place' }), /InvalidArgument/)),
    works('commands.run', 'environment of the sandbox and of the command', async ({ sandbox }) => {
      const { stdout } = await sandbox.commands.run('echo "$FROM_CREATE $BOTH $MINE"', { envs: { BOTH: 'command', MINE: 'ü "q" $x' } });
      assert.equal(stdout, 'created command ü "q" $x\n');
    }),
    works('commands.run', 'text that is not ASCII passes whole', async ({ sandbox }) => {
      const text = 'grüße 日本語 🎉 ';
      assert.equal((await sandbox.commands.run(`printf '%s' '${text}'`)).stdout, text);
    }),
    works('commands.run', 'eight megabytes of output arrive whole', async ({ sandbox }) => {
      const { stdout } = await sandbox.commands.run('head -c 8388608 /dev/zero | tr "\\0" x; echo end', { timeoutMs: 50_000 });
      assert.equal(stdout.length, 8_388_612);
      assert.ok(stdout.endsWith('xend\n'));
    }),
    works('commands.run', 'a timeout kills the command', async ({ sandbox }) => {
      const error = await thrown(() => sandbox.commands.run('sleep 987', { timeoutMs: 1_000 }));
      assert.ok(error instanceof TimeoutError, String(error));
      await until(async () => (await sandbox.commands.run('pgrep -f "^sleep 98[7]" || true')).stdout === '', 'the end of sleep');
    }),
    works('commands.run', 'in the background: pid, wait, output', async ({ sandbox }) => {
      const handle = await sandbox.commands.run('echo started; sleep 0.2; echo done; exit 0', { background: true });
      assert.ok(handle.pid > 0);
      assert.equal(handle.exitCode, undefined);
      const result = await handle.wait();
      assert.deepEqual([result.exitCode, result.stdout, handle.exitCode], [0, 'started\ndone\n', 0]);
    }),
    works('commands.run', 'one killed by a signal from inside ends with an error', async ({ sandbox }) => {
      const error = await thrown(() => sandbox.commands.run('kill -9 $$'));
      assert.ok(error instanceof CommandExitError, String(error));
      assert.notEqual(error.exitCode, 0);
    }),
    works('CommandHandle.kill', 'true; wait then fails; a second kill is false', async ({ sandbox }) => {
      const handle = await sandbox.commands.run('exec sleep 988', { background: true });
      const ended = thrown(() => handle.wait());
      assert.equal(await handle.kill(), true);
      assert.ok((await ended) instanceof CommandExitError);
      assert.equal(await sandbox.commands.kill(handle.pid), false);
    }),
    works('commands.kill', 'false for a pid that is no command', async ({ sandbox }) => {
      assert.equal(await sandbox.commands.kill(999_999), false);
    }),
    works('commands.list', 'a command in the background with its arguments, environment and directory', async ({ sandbox }) => {
      const handle = await sandbox.commands.run('sleep 989', { background: true, cwd: '/tmp', envs: { LISTED: 'yes' } });
      const found = (await sandbox.commands.list()).find((one) => one.pid === handle.pid);
      assert.ok(found, 'it is not in the list');
      assert.equal(found.cmd, '/bin/bash');
      assert.deepEqual(found.args, ['-l', '-c', 'sleep 989']);
      assert.equal(found.envs.LISTED, 'yes');
      assert.equal(found.cwd, '/tmp');
      await handle.kill();
      await thrown(() => handle.wait());
      await until(async () => !(await sandbox.commands.list()).some((one) => one.pid === handle.pid), 'its end in the list');
    }),
    works('commands.sendStdin', 'reaches the command; closeStdin ends it', async ({ sandbox }) => {
      const handle = await sandbox.commands.run('cat; echo closed', { background: true, stdin: true });
      await sandbox.commands.sendStdin(handle.pid, 'line one\n');
      await handle.sendStdin('line two ü\n');
      await until(() => handle.stdout.includes('two'), 'the echo');
      await handle.closeStdin();
      assert.equal((await handle.wait()).stdout, 'line one\nline two ü\nclosed\n');
    }),
    works('commands.sendStdin', 'a pid that is no command is an error', ({ sandbox }) =>
      thrown(() => sandbox.commands.sendStdin(999_999, 'x'), /NotFound/)),
    works('commands.connect', 'follows a command that runs, from another client object', async ({ sandbox }) => {
      const handle = await sandbox.commands.run('read line; echo "got $line"', { background: true, stdin: true });
      const other = await Sandbox.connect(sandbox.sandboxId);
      const seen = [];
      const same = await other.commands.connect(handle.pid, { onStdout: (data) => { seen.push(data); } });
      assert.equal(same.pid, handle.pid);
      await other.commands.sendStdin(handle.pid, 'it\n');
      assert.equal((await same.wait()).exitCode, 0);
      assert.equal(seen.join(''), 'got it\n');
      assert.equal((await handle.wait()).stdout, 'got it\n');
    }),
    works('commands.connect', 'a pid that is no command is an error', ({ sandbox }) =>
      thrown(() => sandbox.commands.connect(999_999), /NotFound/)),
    works('CommandHandle.disconnect', 'leaves the command running', async ({ sandbox }) => {
      const handle = await sandbox.commands.run('sleep 990', { background: true });
      await handle.disconnect();
      await sleep(200);
      assert.ok((await sandbox.commands.list()).some((one) => one.pid === handle.pid));
      assert.equal(await sandbox.commands.kill(handle.pid), true);
    }),
    works('commands.run', 'twenty at once, each with its own output', async ({ sandbox }) => {
      const results = await Promise.all(Array.from({ length: 20 }, (_, i) => sandbox.commands.run(`echo ${i}`)));
      assert.deepEqual(results.map((result) => result.stdout), Array.from({ length: 20 }, (_, i) => `${i}\n`));
    }),
  ],
);
