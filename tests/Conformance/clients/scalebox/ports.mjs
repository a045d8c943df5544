import { assert, suite, until, works } from '../suite.mjs';
import { ask, converse, serverSource } from '../web.mjs';

const api = process.env.SCALEBOX_API_URL;
const headers = { 'x-api-key': process.env.SCALEBOX_API_KEY, 'content-type': 'application/json' };

/** The port calls of this version of the client are on a class that takes its own configuration. */
const portsOf = ({ ApiClient }, sandbox) => new ApiClient({ apiKey: process.env.SCALEBOX_API_KEY, apiUrl: api }, sandbox.sandboxId);

export default (sdk) => suite(
  async () => {
    const sandbox = await sdk.Sandbox.create('base', { timeoutMs: 300_000 });
    await sandbox.files.write('/workspace/s.js', serverSource(3000, '127.0.0.1'));
    await sandbox.commands.run('node /workspace/s.js', { background: true, timeoutMs: 0 });
    const host = sandbox.getHost(3000);
    await until(async () => (await ask(`http://${sandbox.sandboxDomain}`, host, '/')).status === 200, 'the server in the sandbox');
    return { sandbox, host, ports: portsOf(sdk, sandbox) };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.getHost', 'a program in the sandbox answers under it', async ({ sandbox, host }) => {
      // The address is the sandbox's own; the name in front of it says which port.
      const reply = await ask(`http://${sandbox.sandboxDomain}`, host, '/path?q=1', { method: 'POST', body: 'x'.repeat(1000) });
      assert.equal(reply.status, 200);
      const seen = JSON.parse(reply.text);
      assert.deepEqual([seen.method, seen.url, seen.bytes], ['POST', '/path?q=1', 1000]);
    }),
    works('Sandbox.getHost', 'WebSocket', async ({ sandbox, host }) => {
      assert.deepEqual(await converse(`http://${sandbox.sandboxDomain}`, host, '/', ['one', 'two']), ['echo one', 'echo two']);
    }),
    works('ApiClient.getSandboxPorts', 'none of its own to begin with', async ({ sandbox, ports }) => {
      assert.deepEqual((await ports.getSandboxPorts(sandbox.sandboxId)).customPorts, []);
    }),
    works('ApiClient.addSandboxPort', 'the port is listed, and is gone after removeSandboxPort', async ({ sandbox, ports }) => {
      await ports.addSandboxPort(sandbox.sandboxId, { port: 3000, servicePort: 3000, protocol: 'TCP', name: 'web' });
      const [port] = (await ports.getSandboxPorts(sandbox.sandboxId)).customPorts;
      assert.deepEqual([port.port, port.servicePort, port.protocol, port.name], [3000, 3000, 'TCP', 'web']);
      await ports.removeSandboxPort(sandbox.sandboxId, 3000);
      assert.deepEqual((await ports.getSandboxPorts(sandbox.sandboxId)).customPorts, []);
      assert.equal((await fetch(`${api}/v1/sandboxes/${sandbox.sandboxId}/ports/3000`, { method: 'DELETE', headers })).status, 404);
    }),
  ],
);
