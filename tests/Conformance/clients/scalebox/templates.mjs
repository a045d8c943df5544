import { assert, suite, thrown, until, works } from '../suite.mjs';

const api = process.env.SCALEBOX_API_URL;
const headers = { 'x-api-key': process.env.SCALEBOX_API_KEY };
const name = `of-a-sandbox-${Date.now()}`;

const template = async (id, method = 'GET') => {
  const response = await fetch(`${api}/v1/templates/${id}`, { headers, method });
  return { status: response.status, ...(await response.json()) };
};

export default ({ Sandbox, SandboxApi }) => suite(
  async () => {
    const sandbox = await Sandbox.create('base', { timeoutMs: 300_000 });
    await sandbox.files.write('/root/made.txt', 'made');
    // Less to copy.
    await sandbox.commands.run('rm -rf /usr/share /usr/include /usr/lib/gcc /usr/lib/python3/dist-packages /usr/lib/x86_64-linux-gnu/{perl,gconv,*.a,libnode*,libicudata*,lib*san.so*}');
    return { sandbox };
  },
  async ({ sandbox, copy, id }) => {
    await copy?.kill();
    await sandbox.kill();
    if (id) await until(async () => (await template(id, 'DELETE')).status !== 409, 'the template is still used', 60_000);
  },
  [
    works('SandboxApi.createTemplateFromSandbox', 'a template that is being built, with the sizes asked for', async (shared) => {
      const made = await SandboxApi.createTemplateFromSandbox(shared.sandbox.sandboxId, {
        name, description: 'of a sandbox', isPublic: true, cpuCount: 1, memoryMB: 768,
      });
      shared.id = made.templateId;
      assert.match(made.templateId, /^tpl-/);
      assert.deepEqual(
        [made.name, made.defaultCpuCount, made.isPublic, made.status], [name, 1, true, 'building']);
    }),
    works('SandboxApi.createTemplateFromSandbox', 'it is available once the files are stored; the sandbox runs on', async ({ sandbox, id }) => {
      const { data } = await until(async () => {
        const seen = await template(id);
        return seen.data.status !== 'building' && seen;
      }, 'it is still being built', 55_000);
      assert.equal(data.status, 'available', data.build_error_message);
      assert.ok(data.image_size_bytes > 10_000_000, `${data.image_size_bytes}`);
      assert.equal(await sandbox.files.read('/root/made.txt'), 'made');
    }),
    works('Sandbox.create', 'of such a template, with its files and sizes; it is not deleted while that runs', async (shared) => {
      shared.copy = await Sandbox.create(name, { timeoutMs: 300_000 });
      assert.equal(await shared.copy.files.read('/root/made.txt'), 'made');
      const info = await shared.copy.getInfo();
      assert.deepEqual([info.templateName, info.cpuCount, info.memoryMB], [name, 1, 768]);
      const refused = await template(shared.id, 'DELETE');
      assert.deepEqual([refused.status, refused.code], [409, 'wrong_state']);
    }),
    works('SandboxApi.createTemplateFromSandbox', 'a name that is taken, and a sandbox that does not exist, are errors', async ({ sandbox }) => {
      await thrown(() => SandboxApi.createTemplateFromSandbox(sandbox.sandboxId, { name }));
      await thrown(() => SandboxApi.createTemplateFromSandbox(`sbx-${'0'.repeat(26)}`, { name: `${name}-2` }));
    }),
  ],
);
