// What case files are made with. A case is `[call, what is asserted, body]`; a body that throws has failed.
// A case made by `fails` asserts that the call does not work as its client's authors meant it, and says why.

import assert from 'node:assert/strict';

export { assert };

/** @param open makes what all cases share; what it returns is given to each body, and to `close` at the end. */
export const suite = (open, close, cases) => ({ open, close, cases });

/** A call that this server refuses or cannot serve: passes when `body`, which asserts how, does. */
export const refused = (call, reason, body) => ({ call, what: reason, body, works: false });

export const works = (call, what, body) => ({ call, what, body, works: true });

export const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Waits until `look` answers something true, and answers that. */
export async function until(look, what, milliseconds = 15_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`${what}: not within ${milliseconds} ms`);
    await sleep(25);
  }
}

/** The error that `action` throws; `pattern` is looked for in its name and message. */
export async function thrown(action, pattern) {
  let result;
  try {
    result = await action();
  } catch (error) {
    const text = `${error?.name}: ${error?.message}`;
    if (pattern && !pattern.test(text)) throw new Error(`threw ${text}, which ${pattern} does not match`);
    return error;
  }
  throw new Error(`threw nothing; returned ${JSON.stringify(result)}`);
}
