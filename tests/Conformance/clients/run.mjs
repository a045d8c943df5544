// node run.mjs CLIENT AREA    runs the cases of one client in one area, a JSON line on standard output for each
// node run.mjs --list         lists all cases of all clients, and runs none

import { clients, load } from './clients.mjs';

const caseLimit = 60_000;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const nameOf = ({ call, what }) => `${call}: ${what}`;

async function list() {
  for (const [client, { title, areas }] of Object.entries(clients)) {
    for (const area of areas) {
      for (const one of (await load(client, area)).cases) {
        say({ client, title, area, call: one.call, what: one.what, name: nameOf(one), works: one.works });
      }
    }
  }
}

function inTime(promise) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${caseLimit} ms`)), caseLimit);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

const textOf = (error) => `${error?.stack ?? error}${error?.cause ? `\ncaused by ${error.cause?.stack ?? error.cause}` : ''}`;

async function run(client, area) {
  const { open, close, cases } = await load(client, area);
  const shared = await inTime(open());
  for (const one of cases) {
    const started = Date.now();
    try {
      await inTime(one.body(shared));
      say({ name: nameOf(one), ok: true, milliseconds: Date.now() - started });
    } catch (error) {
      say({ name: nameOf(one), ok: false, milliseconds: Date.now() - started, error: textOf(error) });
    }
  }
  await inTime(close(shared));
}

// Whatever is thrown where nobody awaits it is a defect of client, case or server: never passed over.
process.on('unhandledRejection', (error) => {
  say({ name: 'unhandled rejection', ok: false, error: textOf(error) });
  process.exitCode = 1;
});

const [client, area] = process.argv.slice(2);
await (client === '--list' ? list() : run(client, area));
process.stdout.write('', () => process.exit());
