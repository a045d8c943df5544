import { assert, suite, thrown, works } from '../suite.mjs';

const collect = async (stream) => Buffer.concat(await Array.fromAsync?.(stream) ?? await (async () => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
})());

export default ({ Sandbox, NotFoundError, InvalidArgumentError }) => suite(
  async () => ({ sandbox: await Sandbox.create('base', { timeoutMs: 300_000 }), home: '/home/user' }),
  async ({ sandbox }) => { await sandbox.kill(); },
  [
    works('files.write', 'a text comes back as it was, owned by user', async ({ sandbox, home }) => {
      const written = await sandbox.files.write(`${home}/a.txt`, 'hello ü 日本\n');
      assert.equal(written.path, `${home}/a.txt`);
      assert.equal(written.name, 'a.txt');
      assert.equal(written.type, 'file');
      assert.equal(await sandbox.files.read(`${home}/a.txt`), 'hello ü 日本\n');
      assert.equal((await sandbox.commands.run(`stat -c "%U %G %s" ${home}/a.txt`)).stdout, 'user user 16\n');
    }),
    works('files.write', 'parent directories are made, and are the user\'s', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/p/q/r.txt`, 'deep');
      assert.equal((await sandbox.commands.run(`cat p/q/r.txt; stat -c " %U" p/q`)).stdout, 'deep user\n');
    }),
    works('files.write', 'replaces what was there', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/again.txt`, 'a long first text');
      await sandbox.files.write(`${home}/again.txt`, 'short');
      assert.equal(await sandbox.files.read(`${home}/again.txt`), 'short');
    }),
    works('files.write', 'an empty file', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/empty`, '');
      assert.equal(await sandbox.files.read(`${home}/empty`), '');
      assert.equal((await sandbox.files.read(`${home}/empty`, { format: 'bytes' })).length, 0);
    }),
    works('files.write', 'a relative path begins at the home directory', async ({ sandbox, home }) => {
      await sandbox.files.write('relative.txt', 'here');
      assert.equal(await sandbox.files.read(`${home}/relative.txt`), 'here');
    }),
    works('files.write', 'as root: the file is root\'s', async ({ sandbox }) => {
      await sandbox.files.write('/etc/mine', 'x', { user: 'root' });
      assert.equal((await sandbox.commands.run('stat -c %U /etc/mine')).stdout, 'root\n');
    }),
    works('files.write', 'bytes, as ArrayBuffer, Blob and stream', async ({ sandbox, home }) => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256);
      const bodies = { buffer: bytes.buffer, blob: new Blob([bytes]), stream: new Blob([bytes]).stream() };
      for (const [name, body] of Object.entries(bodies)) {
        await sandbox.files.write(`${home}/${name}.bin`, body);
        assert.ok(Buffer.from(await sandbox.files.read(`${home}/${name}.bin`, { format: 'bytes' })).equals(Buffer.from(bytes)), name);
      }
    }),
    works('files.write', 'several files in one call', async ({ sandbox, home }) => {
      const infos = await sandbox.files.write([{ path: `${home}/m1`, data: 'one' }, { path: `${home}/m/2`, data: 'two' }]);
      assert.deepEqual(infos.map((info) => info.path), [`${home}/m1`, `${home}/m/2`]);
      assert.equal((await sandbox.commands.run('cat m1 m/2')).stdout, 'onetwo');
    }),
    works('files.write', 'gzip on the way', async ({ sandbox, home }) => {
      const text = 'compressible '.repeat(10_000);
      await sandbox.files.write(`${home}/zipped`, text, { gzip: true });
      assert.equal(await sandbox.files.read(`${home}/zipped`, { gzip: true }), text);
      assert.equal((await sandbox.commands.run('wc -c < zipped')).stdout.trim(), '130000');
    }),
    works('files.write', 'metadata stays with the file', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/meta`, 'x', { metadata: { author: 'ann', stage: 'test' } });
      assert.deepEqual((await sandbox.files.getInfo(`${home}/meta`)).metadata, { author: 'ann', stage: 'test' });
    }),
    works('files.read', 'text, bytes, blob and stream', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/forms`, 'ünï');
      assert.equal(await sandbox.files.read(`${home}/forms`), 'ünï');
      const bytes = Buffer.from('ünï');
      assert.ok(Buffer.from(await sandbox.files.read(`${home}/forms`, { format: 'bytes' })).equals(bytes));
      assert.ok(Buffer.from(await (await sandbox.files.read(`${home}/forms`, { format: 'blob' })).arrayBuffer()).equals(bytes));
      assert.ok((await collect(await sandbox.files.read(`${home}/forms`, { format: 'stream' }))).equals(bytes));
    }),
    works('files.read', 'sixteen megabytes come back whole', async ({ sandbox, home }) => {
      const bytes = Buffer.alloc(16 * 1024 * 1024, 'atoll!?');
      await sandbox.files.write(`${home}/large`, new Blob([bytes]), { requestTimeoutMs: 50_000 });
      assert.ok(Buffer.from(await sandbox.files.read(`${home}/large`, { format: 'bytes', requestTimeoutMs: 50_000 })).equals(bytes));
    }),
    works('files.read', 'a file that does not exist is a NotFoundError', async ({ sandbox }) => {
      const error = await thrown(() => sandbox.files.read('/no/such/file'));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('files.read', 'a directory is an error', ({ sandbox }) => thrown(() => sandbox.files.read('/tmp'), /InvalidArgument|Sandbox/)),
    works('files.list', 'names, types, paths, owners and modes; a symbolic link as itself, with its target as it is written', async ({ sandbox, home }) => {
      await sandbox.commands.run('mkdir -p l/dir && echo 123 > l/file && chmod 640 l/file && ln -s file l/link');
      const entries = (await sandbox.files.list(`${home}/l`)).sort((a, b) => (a.name < b.name ? -1 : 1));
      assert.deepEqual(entries.map((entry) => [entry.name, entry.path]), ['dir', 'file', 'link'].map((name) => [name, `${home}/l/${name}`]));
      assert.deepEqual(entries.slice(0, 2).map((entry) => entry.type), ['dir', 'file']);
      const [, file, link] = entries;
      assert.deepEqual([file.size, file.owner, file.group, file.mode & 0o777, file.permissions], [4, 'user', 'user', 0o640, '-rw-r-----']);
      assert.ok(Math.abs(file.modifiedTime.getTime() - Date.now()) < 60_000);
      assert.deepEqual([link.type, link.symlinkTarget], ['symlink', 'file']);
    }),
    works('files.list', 'depth', async ({ sandbox, home }) => {
      await sandbox.commands.run('mkdir -p d/1/2 && touch d/1/2/3');
      assert.deepEqual((await sandbox.files.list(`${home}/d`)).map((entry) => entry.path), [`${home}/d/1`]);
      assert.deepEqual(
        (await sandbox.files.list(`${home}/d`, { depth: 3 })).map((entry) => entry.path).sort(),
        [`${home}/d/1`, `${home}/d/1/2`, `${home}/d/1/2/3`]);
    }),
    works('files.list', 'one that does not exist is a NotFoundError', async ({ sandbox }) => {
      const error = await thrown(() => sandbox.files.list('/no/such/place'));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('files.list', 'a file is an InvalidArgumentError', async ({ sandbox }) => {
      const error = await thrown(() => sandbox.files.list('/etc/passwd'));
      assert.ok(error instanceof InvalidArgumentError, String(error));
    }),
    works('files.exists', 'true and false', async ({ sandbox, home }) => {
      assert.equal(await sandbox.files.exists(`${home}/.bashrc`) || await sandbox.files.exists('/etc/passwd'), true);
      assert.equal(await sandbox.files.exists('/no/such/file'), false);
    }),
    works('files.getInfo', 'of a file, and of a directory', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/info`, '12345');
      const info = await sandbox.files.getInfo(`${home}/info`);
      assert.deepEqual([info.name, info.path, info.type, info.size, info.owner], ['info', `${home}/info`, 'file', 5, 'user']);
      assert.equal((await sandbox.files.getInfo('/tmp')).type, 'dir');
    }),
    works('files.getInfo', 'one that does not exist is a NotFoundError', async ({ sandbox }) => {
      const error = await thrown(() => sandbox.files.getInfo('/no/such/file'));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('files.makeDir', 'true when made, false when it was there', async ({ sandbox, home }) => {
      assert.equal(await sandbox.files.makeDir(`${home}/made/deep`), true);
      assert.equal(await sandbox.files.makeDir(`${home}/made/deep`), false);
      assert.equal((await sandbox.commands.run('stat -c "%F %U" made/deep')).stdout, 'directory user\n');
    }),
    works('files.rename', 'moves; the old name is gone', async ({ sandbox, home }) => {
      await sandbox.files.write(`${home}/old`, 'content');
      const moved = await sandbox.files.rename(`${home}/old`, `${home}/new`);
      assert.deepEqual([moved.name, moved.path], ['new', `${home}/new`]);
      assert.equal(await sandbox.files.exists(`${home}/old`), false);
      assert.equal(await sandbox.files.read(`${home}/new`), 'content');
    }),
    works('files.rename', 'one that does not exist is a NotFoundError', async ({ sandbox, home }) => {
      const error = await thrown(() => sandbox.files.rename('/no/such/file', `${home}/x`));
      assert.ok(error instanceof NotFoundError, String(error));
    }),
    works('files.remove', 'a file, a full directory, and what is not there', async ({ sandbox, home }) => {
      await sandbox.commands.run('mkdir -p gone/deep && touch gone/deep/file gone-file');
      await sandbox.files.remove(`${home}/gone-file`);
      await sandbox.files.remove(`${home}/gone`);
      assert.equal(await sandbox.files.exists(`${home}/gone`), false);
      assert.equal(await sandbox.files.exists(`${home}/gone-file`), false);
      await sandbox.files.remove(`${home}/gone`);
    }),
    works('files.read', 'symbolic links lead to files of the sandbox, however far up they point', async ({ sandbox, home }) => {
      await sandbox.commands.run('ln -s ../../../../../../../../etc/hostname escape; ln -s /proc/1/root/etc/hostname roundabout');
      for (const path of ['/etc/hostname', `${home}/escape`, `${home}/roundabout`]) {
        assert.equal(await sandbox.files.read(path), `${sandbox.sandboxId}\n`, path);
      }
    }),
  ],
);
