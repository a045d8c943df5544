// The clients, the areas in which each is driven, and the files that hold the cases.

const e2bAreas = ['sandboxes', 'lifecycle', 'commands', 'files', 'pty', 'watch', 'ports', 'signed-urls'];

export const clients = {
  'scalebox-3.7.0': {
    title: '`@scalebox/sdk` 3.7.0', from: '@scalebox/sdk', cases: 'scalebox',
    areas: ['sandboxes', 'lifecycle', 'commands', 'files', 'pty', 'watch', 'ports', 'signed-urls', 'code', 'templates'],
  },
  'e2b-2.51.0': { title: '`e2b` 2.51.0', from: 'e2b', cases: 'e2b', areas: e2bAreas },
  'e2b-2.45.0': { title: '`e2b` 2.45.0', from: 'e2b-2-45', cases: 'e2b', areas: e2bAreas },
  'code-interpreter-2.8.0': { title: '`@e2b/code-interpreter` 2.8.0', from: '@e2b/code-interpreter', cases: 'code-interpreter', areas: ['code'] },
};

/** The suite of one client and area, with the client's package loaded. */
export async function load(name, area) {
  const client = clients[name];
  const { default: make } = await import(`./${client.cases}/${area}.mjs`);
  return make(await import(client.from));
}
