import { assert, suite, until, works } from '../suite.mjs';
import { ask } from '../web.mjs';

const edge = process.env.E2B_API_URL;

/** Asks for a signed URL at the server's own address, under the URL's host: that name is in no DNS here. */
const askUrl = (url, options) => {
  const { host, pathname, search } = new URL(url);
  return ask(edge, host, pathname + search, options);
};

const upload = (url, text, filename = 'up.txt') => {
  const boundary = 'conformance-boundary';
  const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n\r\n${text}\r\n--${boundary}--\r\n`;
  return askUrl(url, { method: 'POST', body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } });
};

const altered = (url, name, value) => {
  const other = new URL(url);
  other.searchParams.set(name, value);
  return other.toString();
};

export default ({ Sandbox }) => suite(
  async () => {
    const sandbox = await Sandbox.create('base', { timeoutMs: 300_000 });
    await sandbox.files.write('/home/user/signed.txt', 'signed content');
    return { sandbox };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.downloadUrl', 'reads the file without any header', async ({ sandbox }) => {
      const reply = await askUrl(await sandbox.downloadUrl('/home/user/signed.txt'));
      assert.deepEqual([reply.status, reply.text], [200, 'signed content']);
    }),
    works('Sandbox.downloadUrl', 'with an expiry and a user', async ({ sandbox }) => {
      const url = await sandbox.downloadUrl('/home/user/signed.txt', { user: 'root', useSignatureExpiration: 60 });
      const reply = await askUrl(url);
      assert.deepEqual([reply.status, reply.text], [200, 'signed content']);
    }),
    works('Sandbox.downloadUrl', 'an altered path, signature, expiry or user is refused', async ({ sandbox }) => {
      const url = await sandbox.downloadUrl('/home/user/signed.txt', { user: 'user', useSignatureExpiration: 60 });
      for (const [name, value] of [['path', '/etc/passwd'], ['signature', 'v1_x'], ['signature_expiration', '9999999999'], ['username', 'root']]) {
        const reply = await askUrl(altered(url, name, value));
        assert.ok([401, 403, 404].includes(reply.status), `${name}: ${reply.status} ${reply.text}`);
        assert.ok(!reply.text.includes('root:'), name);
      }
    }),
    works('Sandbox.downloadUrl', 'is refused once it has expired', async ({ sandbox }) => {
      const url = await sandbox.downloadUrl('/home/user/signed.txt', { useSignatureExpiration: 2 });
      await until(async () => (await askUrl(url)).status === 401, 'its end');
    }),
    works('Sandbox.uploadUrl', 'writes the file without any header', async ({ sandbox }) => {
      const reply = await upload(await sandbox.uploadUrl('/home/user/up.txt'), 'uploaded');
      assert.equal(reply.status, 200, reply.text);
      assert.equal(await sandbox.files.read('/home/user/up.txt'), 'uploaded');
    }),
    works('Sandbox.uploadUrl', 'an URL for reading does not write', async ({ sandbox }) => {
      const reply = await upload(await sandbox.downloadUrl('/home/user/signed.txt'), 'overwritten');
      assert.ok([401, 403, 404].includes(reply.status), `${reply.status} ${reply.text}`);
      assert.equal(await sandbox.files.read('/home/user/signed.txt'), 'signed content');
    }),
  ],
);
