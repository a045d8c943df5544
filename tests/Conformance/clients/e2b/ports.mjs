import { assert, suite, until, works } from '../suite.mjs';
import { ask, converse, follow, serverSource } from '../web.mjs';

// The name below which sandboxes are has no wildcard in DNS here: the requests go to the server's own address, under
// the host that the client names.
const edge = process.env.E2B_API_URL;

export default ({ Sandbox }) => suite(
  async () => {
    const sandbox = await Sandbox.create('base', { timeoutMs: 300_000 });
    for (const [port, address] of [[3000, '0.0.0.0'], [3001, '127.0.0.1']]) {
      await sandbox.files.write(`/home/user/${port}.js`, serverSource(port, address));
      await sandbox.commands.run(`node ${port}.js`, { background: true, timeoutMs: 0 });
    }
    const host = sandbox.getHost(3000);
    await until(async () => (await ask(edge, host, '/')).status === 200, 'the server in the sandbox');
    await until(async () => (await ask(edge, sandbox.getHost(3001), '/')).status === 200, 'the server on loopback in the sandbox');
    return { sandbox, host };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.getHost', 'a program in the sandbox answers under it', async ({ host }) => {
      const reply = await ask(edge, host, '/a%20path?q=1', { method: 'POST', body: 'x'.repeat(100_000), headers: { 'x-mine': 'kept' } });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['x-own'], 'yes');
      const seen = JSON.parse(reply.text);
      assert.deepEqual([seen.method, seen.url, seen.bytes, seen.headers['x-mine']], ['POST', '/a%20path?q=1', 100_000, 'kept']);
      assert.equal(seen.host, host);
    }),
    works('Sandbox.getHost', 'the program\'s own status comes through', async ({ host }) => {
      assert.equal((await ask(edge, host, '/teapot')).status, 418);
    }),
    works('Sandbox.getHost', 'a program that listens on loopback only is reached too', async ({ sandbox }) => {
      assert.equal(JSON.parse((await ask(edge, sandbox.getHost(3001), '/in')).text).url, '/in');
    }),
    works('Sandbox.getHost', 'WebSocket', async ({ host }) => {
      assert.deepEqual(await converse(edge, host, '/socket', ['one', 'two ü', 'three']), ['echo one', 'echo two ü', 'echo three']);
    }),
    works('Sandbox.getHost', 'a reply is streamed as it is written', async ({ host }) => {
      let text = '';
      const ended = follow(edge, host, '/stream', (part) => { text += part; });
      await until(() => text === 'data: first\n\n', 'the first part');
      await until(async () => {
        await ask(edge, host, '/go');
        return text.endsWith('data: last\n\n');
      }, 'the last part');
      await ended;
    }),
    works('Sandbox.getHost', 'a port on which nothing listens is 502 and names it', async ({ sandbox }) => {
      const reply = await ask(edge, sandbox.getHost(3999), '/');
      assert.equal(reply.status, 502);
      const body = JSON.parse(reply.text);
      assert.deepEqual([body.code, body.port, body.sandboxId], [502, 3999, sandbox.sandboxId]);
    }),
    works('Sandbox.trafficAccessToken', 'opens ports that are not public, and nothing else does', async () => {
      const closed = await Sandbox.create('base', { timeoutMs: 60_000, network: { allowPublicTraffic: false } });
      try {
        await closed.files.write('/home/user/s.js', serverSource(3000, '0.0.0.0'));
        await closed.commands.run('node s.js', { background: true, timeoutMs: 0 });
        const withToken = (token) => ask(edge, closed.getHost(3000), '/', { headers: { 'e2b-traffic-access-token': token } });
        await until(async () => (await withToken(closed.trafficAccessToken)).status === 200, 'the server in the sandbox');
        const seen = JSON.parse((await withToken(closed.trafficAccessToken)).text);
        assert.equal(seen.headers['e2b-traffic-access-token'], undefined);
        assert.ok([401, 403].includes((await ask(edge, closed.getHost(3000), '/')).status));
        assert.ok([401, 403].includes((await withToken('0'.repeat(64))).status));
      } finally {
        await closed.kill();
      }
    }),
    works('Sandbox.create', 'network.maskRequestHost is what programs see as Host', async () => {
      const masked = await Sandbox.create('base', { timeoutMs: 60_000, network: { maskRequestHost: 'localhost:${PORT}' } });
      try {
        await masked.files.write('/home/user/s.js', serverSource(3000, '0.0.0.0'));
        await masked.commands.run('node s.js', { background: true, timeoutMs: 0 });
        await until(async () => (await ask(edge, masked.getHost(3000), '/')).status === 200, 'the server in the sandbox');
        assert.equal(JSON.parse((await ask(edge, masked.getHost(3000), '/')).text).host, 'localhost:3000');
      } finally {
        await masked.kill();
      }
    }),
  ],
);
