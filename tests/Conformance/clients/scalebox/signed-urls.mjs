import { assert, suite, until, works } from '../suite.mjs';

const upload = (url, text, path) => {
  const form = new FormData();
  form.append('file', new Blob([text]), path.split('/').pop());
  form.append('path', path);
  return fetch(url, { method: 'POST', body: form });
};

const altered = (url, change) => {
  const other = new URL(url);
  change(other);
  return other.toString();
};

export default ({ Sandbox }) => suite(
  async () => {
    const sandbox = await Sandbox.create('base', { timeoutMs: 300_000 });
    await sandbox.files.write('/workspace/signed.txt', 'signed content');
    return { sandbox };
  },
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('Sandbox.downloadUrl', 'reads the file without any header', async ({ sandbox }) => {
      const reply = await fetch(await sandbox.downloadUrl('/workspace/signed.txt'));
      assert.deepEqual([reply.status, await reply.text()], [200, 'signed content']);
    }),
    works('Sandbox.downloadUrl', 'with an expiry', async ({ sandbox }) => {
      const reply = await fetch(await sandbox.downloadUrl('/workspace/signed.txt', { useSignatureExpiration: 60 }));
      assert.deepEqual([reply.status, await reply.text()], [200, 'signed content']);
    }),
    works('Sandbox.downloadUrl', 'another path, signature, expiry or user is refused', async ({ sandbox }) => {
      const url = await sandbox.downloadUrl('/workspace/signed.txt', { useSignatureExpiration: 60 });
      for (const other of [
        altered(url, (changed) => { changed.pathname = '/download/etc/passwd'; }),
        altered(url, (changed) => changed.searchParams.set('signature', 'v1_x')),
        altered(url, (changed) => changed.searchParams.set('signature_expiration', '9999999999')),
        altered(url, (changed) => changed.searchParams.set('username', 'user')),
      ]) {
        const reply = await fetch(other);
        assert.ok([401, 403].includes(reply.status), `${other}: ${reply.status}`);
        await reply.arrayBuffer();
      }
    }),
    works('Sandbox.downloadUrl', 'is refused once it has expired', async ({ sandbox }) => {
      const url = await sandbox.downloadUrl('/workspace/signed.txt', { useSignatureExpiration: 2 });
      await until(async () => [401, 403].includes((await fetch(url)).status), 'its end');
    }),
    works('Sandbox.uploadUrl', 'writes the file without any header', async ({ sandbox }) => {
      const reply = await upload(await sandbox.uploadUrl('/workspace/up.txt'), 'uploaded', '/workspace/up.txt');
      assert.ok(reply.ok, `${reply.status} ${await reply.text()}`);
      assert.equal(await sandbox.files.read('/workspace/up.txt'), 'uploaded');
    }),
    works('Sandbox.uploadUrl', 'does not write another file than its own', async ({ sandbox }) => {
      const reply = await upload(await sandbox.uploadUrl('/workspace/mine.txt'), 'x', '/workspace/signed.txt');
      await reply.arrayBuffer();
      assert.equal(await sandbox.files.read('/workspace/signed.txt'), 'signed content');
    }),
  ],
);
