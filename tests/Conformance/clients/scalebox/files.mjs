import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { assert, refused, suite, thrown, works } from '../suite.mjs';

export default ({ Sandbox }) => suite(
  async () => ({
    sandbox: await Sandbox.create('base', { timeoutMs: 300_000 }), home: '/workspace', local: await mkdtemp(`${tmpdir()}/atoll-clients-`),
  }),
  async ({ sandbox, local }) => {
    await sandbox.kill();
    await rm(local, { recursive: true });
  },
  [
    works('files.write', 'a text comes back as it was', async ({ sandbox, home }) => {
      const written = await sandbox.files.write(`${home}/a.txt`, 'hello ü 日本\n');
      assert.deepEqual([written.name, written.path, written.type], ['a.txt', `${home}/a.txt`, 'file']);
      assert.equal(await sandbox.files.read(`${home}/a.txt`), 'hello ü 日本\n');
      assert.equal((await sandbox.commands.run(`stat -c "%U %s" ${home}/a.txt`)).stdout, 'root 16\n');
    }),
    works('files.write', 'parent directories are made, what was there is replaced', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/p/q/r.txt`, 'a long first text');
      await sandbox.files.write(`${home}/p/q/r.txt`, 'short');
      assert.equal((await sandbox.commands.run(`cat ${home}/p/q/r.txt`)).stdout, 'short');
    }),
    works('files.write', 'bytes, as ArrayBuffer, Blob and stream', async ({ sandbox, home }) => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256);
      const bodies = { buffer: bytes.buffer, blob: new Blob([bytes]), stream: new Blob([bytes]).stream() };
      for (const [name, body] of Object.entries(bodies)) {
        await sandbox.files.write(`${home}/${name}.bin`, body);
        const read = Buffer.from(await sandbox.files.read(`${home}/${name}.bin`, { format: 'bytes' }), 'base64');
        assert.ok(read.equals(Buffer.from(bytes)), name);
      }
    }),
    works('files.write', 'an empty file', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/empty`, '');
      assert.equal(await sandbox.files.read(`${home}/empty`), '');
    }),
    works('files.read', 'sixteen megabytes come back whole', async ({ sandbox, home }) => {
      const bytes = Buffer.alloc(16 * 1024 * 1024, 'atoll!?');
      await sandbox.files.write(`${home}/large`, new Blob([bytes]), { requestTimeoutMs: 50_000 });
      const read = Buffer.from(await sandbox.files.read(`${home}/large`, { format: 'bytes', requestTimeoutMs: 50_000 }), 'base64');
      assert.ok(read.equals(bytes));
    }),
    works('files.read', 'a file that does not exist is an error', ({ sandbox }) => thrown(() => sandbox.files.read('/no/such/file'))),
    works('files.read', 'a directory is an error', ({ sandbox }) => thrown(() => sandbox.files.read('/tmp'))),
    works('files.list', 'names, types, paths, sizes and owners', async ({ sandbox, home }) => {
      await sandbox.commands.run(`mkdir -p ${home}/l/dir && echo 123 > ${home}/l/file && chmod 640 ${home}/l/file`);
      const entries = (await sandbox.files.list(`${home}/l`)).sort((a, b) => (a.name < b.name ? -1 : 1));
      assert.deepEqual(entries.map((entry) => [entry.name, entry.type, entry.path]), [
        ['dir', 'directory', `${home}/l/dir`], ['file', 'file', `${home}/l/file`]]);
      const file = entries[1];
      assert.deepEqual([file.size, file.owner, file.group, file.mode & 0o777], [4, 'root', 'root', 0o640]);
      assert.ok(Math.abs(file.modifiedAt.getTime() - Date.now()) < 60_000);
    }),
    works('files.list', 'recursive', async ({ sandbox, home }) => {
      await sandbox.commands.run(`mkdir -p ${home}/d/1/2 && touch ${home}/d/1/2/3`);
      assert.deepEqual(
        (await sandbox.files.list(`${home}/d`, { recursive: true })).map((entry) => entry.path).sort(),
        [`${home}/d/1`, `${home}/d/1/2`, `${home}/d/1/2/3`]);
    }),
    works('files.list', 'one that does not exist is an error', ({ sandbox }) => thrown(() => sandbox.files.list('/no/such/place'), /not_found|not found/i)),
    works('files.stat', 'of a file and of a directory', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/info`, '12345');
      const info = await sandbox.files.stat(`${home}/info`);
      assert.deepEqual([info.name, info.path, info.type, info.size], ['info', `${home}/info`, 'file', 5]);
      assert.equal((await sandbox.files.stat('/tmp')).type, 'directory');
    }),
    works('files.exists', 'true and false', async ({ sandbox }) => {
      assert.equal(await sandbox.files.exists('/etc/passwd'), true);
      assert.equal(await sandbox.files.exists('/no/such/file'), false);
    }),
    works('files.makeDir', 'with its parents', async ({ sandbox, home }) => {
      const made = await sandbox.files.makeDir(`${home}/made/deep`);
      assert.deepEqual([made.name, made.path, made.type], ['deep', `${home}/made/deep`, 'directory']);
      assert.equal((await sandbox.commands.run(`stat -c %F ${home}/made/deep`)).stdout, 'directory\n');
    }),
    works('files.move', 'the old name is gone', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/old`, 'content');
      const moved = await sandbox.files.move(`${home}/old`, `${home}/new`);
      assert.deepEqual([moved.name, moved.path], ['new', `${home}/new`]);
      assert.equal(await sandbox.files.exists(`${home}/old`), false);
      assert.equal(await sandbox.files.read(`${home}/new`), 'content');
    }),
    works('files.remove', 'a file and a full directory', async ({ sandbox, home }) => {
      await sandbox.commands.run(`mkdir -p ${home}/gone/deep && touch ${home}/gone/deep/file ${home}/gone-file`);
      await sandbox.files.remove(`${home}/gone-file`);
      await sandbox.files.remove(`${home}/gone`);
      assert.deepEqual([await sandbox.files.exists(`${home}/gone-file`), await sandbox.files.exists(`${home}/gone`)], [false, false]);
    }),
    refused('files.uploadFile', 'this version of the client calls require in an ES module: it fails before it sends anything', async ({ sandbox, home, local }) => {
      await writeFile(`${local}/up`, 'local');
      await thrown(() => sandbox.files.uploadFile(`${local}/up`, `${home}/up`), /require/);
    }),
    refused('files.downloadFile', 'this version of the client calls require in an ES module: it reads the file and cannot store it', async ({ sandbox, home, local }) => {
      await sandbox.files.write(`${home}/down`, 'remote');
      await thrown(() => sandbox.files.downloadFile(`${home}/down`, `${local}/down`), /require/);
      await thrown(() => readFile(`${local}/down`));
    }),
  ],
);
