import { assert, suite, thrown, until, works } from '../suite.mjs';

export default ({ Sandbox }) => suite(
  async () => ({ sandbox: await Sandbox.create({ timeoutMs: 300_000, envs: { FROM_CREATE: 'created' } }) }),
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.create', 'the default template, code-interpreter-v1', async ({ sandbox }) => {
      assert.equal((await sandbox.getInfo()).name, 'code-interpreter');
    }),
    works('Sandbox.runCode', 'the value of the last expression', async ({ sandbox }) => {
      const execution = await sandbox.runCode('1 + 1');
      assert.equal(execution.text, '2');
      assert.equal(execution.results[0].isMainResult, true);
      assert.ok(execution.executionCount >= 1);
      assert.equal(execution.error, undefined);
    }),
    works('Sandbox.runCode', 'state is kept from call to call', async ({ sandbox }) => {
      await sandbox.runCode('kept = 40');
      assert.equal((await sandbox.runCode('kept + 2')).text, '42');
    }),
    works('Sandbox.runCode', 'standard output and error, also to callbacks', async ({ sandbox }) => {
      const out = [], err = [];
      const execution = await sandbox.runCode('import sys\nprint("ü out")\nprint("err", file=sys.stderr)', {
        onStdout: (message) => { out.push(message.line); }, onStderr: (message) => { err.push(message.line); },
      });
      assert.equal(execution.logs.stdout.join(''), 'ü out\n');
      assert.equal(execution.logs.stderr.join(''), 'err\n');
      assert.deepEqual([out.join(''), err.join('')], ['ü out\n', 'err\n']);
    }),
    works('Sandbox.runCode', 'output is streamed while the code runs', async ({ sandbox }) => {
      let text = '', ended = false;
      await sandbox.commands.run('rm -f /tmp/go && mkfifo -m 666 /tmp/go', { user: 'root' });
      const running = sandbox.runCode('print("one", flush=True)\nprint(open("/tmp/go").read().strip())', {
        onStdout: (message) => { text += message.line; },
      }).finally(() => { ended = true; });
      await until(() => text.includes('one'), 'the first line');
      assert.equal(ended, false);
      await sandbox.commands.run('echo two > /tmp/go');
      await running;
      assert.equal(text, 'one\ntwo\n');
    }),
    works('Sandbox.runCode', 'an error: name, value and traceback', async ({ sandbox }) => {
      const { error } = await sandbox.runCode('def f():\n    return 1 / 0\nf()');
      assert.deepEqual([error.name, error.value], ['ZeroDivisionError', 'division by zero']);
      assert.match(error.traceback, /f\(\)/);
    }),
    works('Sandbox.runCode', 'environment of the sandbox and of the call', async ({ sandbox }) => {
      const { text } = await sandbox.runCode('import os; os.environ["FROM_CREATE"] + " " + os.environ["MINE"]', { envs: { MINE: 'mine' } });
      assert.equal(text, "'created mine'");
    }),
    works('Sandbox.runCode', 'a picture of matplotlib, as PNG', async ({ sandbox }) => {
      const execution = await sandbox.runCode(
        'import matplotlib.pyplot as plt\nplt.plot([1, 2, 3], [4, 5, 6], label="l")\nplt.title("T")\nplt.xlabel("X")\nplt.show()');
      const result = execution.results.find((one) => one.png);
      assert.ok(result, JSON.stringify(execution));
      assert.equal(Buffer.from(result.png, 'base64').subarray(1, 4).toString(), 'PNG');
    }),
    works('Sandbox.runCode', 'a data frame, as text and HTML', async ({ sandbox }) => {
      const { results } = await sandbox.runCode('import pandas as pd\npd.DataFrame({"a": [1, 2]})');
      assert.match(results[0].html, /<table/);
      assert.match(results[0].text, /a/);
    }),
    works('Sandbox.runCode', 'javascript, typescript and bash', async ({ sandbox }) => {
      assert.equal((await sandbox.runCode('console.log([1, 2, 3].map((x) => x * 2).join())', { language: 'js' })).logs.stdout.join(''), '2,4,6\n');
      assert.equal(
        (await sandbox.runCode('const n: number = 6; console.log(n * 7)', { language: 'ts' })).logs.stdout.join(''), '42\n');
      assert.equal((await sandbox.runCode('echo "$((6 * 7))"', { language: 'bash' })).logs.stdout.join(''), '42\n');
    }),
    works('Sandbox.runCode', 'R and Java', async ({ sandbox }) => {
      assert.match((await sandbox.runCode('cat(6 * 7)', { language: 'r' })).logs.stdout.join(''), /42/);
      assert.match((await sandbox.runCode('System.out.println(6 * 7);', { language: 'java' })).logs.stdout.join(''), /42/);
    }),
    works('Sandbox.runCode', 'a timeout is an error, and the next call works', async ({ sandbox }) => {
      await thrown(() => sandbox.runCode('import time; time.sleep(50)', { timeoutMs: 1_500 }));
      assert.equal((await sandbox.runCode('"after"')).text, "'after'");
    }),
    works('Sandbox.createCodeContext', 'a state and a directory of its own', async ({ sandbox }) => {
      const context = await sandbox.createCodeContext({ cwd: '/tmp' });
      assert.deepEqual([context.language, context.cwd], ['python', '/tmp']);
      await sandbox.runCode('own = 1', { context });
      assert.equal((await sandbox.runCode('import os; (own, os.getcwd())', { context })).text, "(1, '/tmp')");
      assert.equal((await sandbox.runCode('own')).error.name, 'NameError');
      assert.ok((await sandbox.listCodeContexts()).some((one) => one.id === context.id));
      await sandbox.restartCodeContext(context);
      assert.equal((await sandbox.runCode('own', { context })).error.name, 'NameError');
      await sandbox.removeCodeContext(context);
      assert.ok(!(await sandbox.listCodeContexts()).some((one) => one.id === context.id));
      await thrown(() => sandbox.runCode('1', { context }));
    }),
    works('Sandbox.pause', 'variables, imports and contexts are there after a resume', async ({ sandbox }) => {
      const context = await sandbox.createCodeContext({ cwd: '/tmp' });
      await sandbox.runCode('import math\nmine = [1, 2]', { context });
      await sandbox.runCode('kept = 41');
      assert.equal(await sandbox.pause(), true);
      await sandbox.connect({ timeoutMs: 200_000 });
      assert.equal((await sandbox.runCode('kept + 1')).text, '42');
      const { text } = await sandbox.runCode('import os; (len(mine), math.floor(2.5), os.getcwd())', { context });
      assert.equal(text, "(2, 2, '/tmp')");
      assert.ok((await sandbox.listCodeContexts()).some((one) => one.id === context.id), 'the context is not in the list');
      await sandbox.removeCodeContext(context);
    }),
    works('Sandbox.fork', 'variables and contexts are there in the copy, and are its own', async ({ sandbox }) => {
      const context = await sandbox.createCodeContext({ cwd: '/tmp' });
      await sandbox.runCode('mine = [1, 2]', { context });
      await sandbox.runCode('kept = 41');
      const [fork] = await sandbox.fork({ timeoutMs: 120_000 });
      try {
        assert.equal((await fork.runCode('kept + 1')).text, '42');
        assert.equal((await fork.runCode('mine.append(3); len(mine)', { context })).text, '3');
      } finally {
        await fork.kill();
      }
      assert.equal((await sandbox.runCode('len(mine)', { context })).text, '2');
      await sandbox.removeCodeContext(context);
    }),
  ],
);
