import { assert, suite, works } from '../suite.mjs';

export default ({ CodeInterpreter }) => suite(
  async () => {
    const interpreter = await CodeInterpreter.create({ templateId: 'code-interpreter', timeoutMs: 300_000, envs: { FROM_CREATE: 'created' } });
    return { interpreter };
  },
  async ({ interpreter }) => { await interpreter.close(); },
  [
    works('CodeInterpreter.runCode', 'the value of the last expression', async ({ interpreter }) => {
      const result = await interpreter.runCode('1 + 1', { language: 'python' });
      assert.deepEqual([result.success, result.text, result.exitCode], [true, '2', 0]);
    }),
    works('CodeInterpreter.runCode', 'standard output and error, also to callbacks', async ({ interpreter }) => {
      const out = [];
      const result = await interpreter.runCode('import sys\nprint("ü out")\nprint("err", file=sys.stderr)', {
        language: 'python', onStdout: (message) => { out.push(message.content); },
      });
      assert.deepEqual([result.stdout, result.stderr, out.join('')], ['ü out\n', 'err\n', 'ü out\n']);
    }),
    works('CodeInterpreter.runCode', 'an error: name, value and traceback', async ({ interpreter }) => {
      const { error, success } = await interpreter.runCode('1 / 0', { language: 'python' });
      assert.deepEqual([success, error.name, error.value], [false, 'ZeroDivisionError', 'division by zero']);
      assert.match(error.traceback, /1 \/ 0/);
    }),
    works('CodeInterpreter.runCode', 'environment of the sandbox and of the call', async ({ interpreter }) => {
      const { stdout } = await interpreter.runCode('import os; print(os.environ["FROM_CREATE"], os.environ["MINE"])', {
        language: 'python', envVars: { MINE: 'mine' },
      });
      assert.equal(stdout, 'created mine\n');
    }),
    works('CodeInterpreter.createCodeContext', 'keeps state and directory; another has none of it', async ({ interpreter }) => {
      const context = await interpreter.createCodeContext({ language: 'python', cwd: '/tmp' });
      await interpreter.runCode('own = 40', { language: 'python', context });
      const { stdout } = await interpreter.runCode('import os; print(own + 2, os.getcwd())', { language: 'python', context });
      assert.equal(stdout, '42 /tmp\n');
      const other = await interpreter.runCode('own', { language: 'python' });
      assert.equal(other.error.name, 'NameError');
      await interpreter.destroyContext(context);
    }),
    works('CodeInterpreter.runCode', 'javascript, typescript and bash', async ({ interpreter }) => {
      assert.equal((await interpreter.runCode('console.log([1, 2].map((x) => x * 2).join())', { language: 'javascript' })).stdout, '2,4\n');
      assert.equal((await interpreter.runCode('const n: number = 6; console.log(n * 7)', { language: 'typescript' })).stdout, '42\n');
      assert.equal((await interpreter.runCode('echo "$((6 * 7))"', { language: 'bash' })).stdout, '42\n');
    }),
    works('CodeInterpreter.runCode', 'R and Java', async ({ interpreter }) => {
      assert.match((await interpreter.runCode('cat(6 * 7)', { language: 'r' })).stdout, /42/);
      assert.match((await interpreter.runCode('System.out.println(6 * 7);', { language: 'java' })).stdout, /42/);
    }),
    works('CodeInterpreter.runCode', 'a picture of matplotlib, as PNG', async ({ interpreter }) => {
      const result = await interpreter.runCode('import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()', { language: 'python' });
      assert.equal(Buffer.from(result.png, 'base64').subarray(1, 4).toString(), 'PNG');
    }),
  ],
);
