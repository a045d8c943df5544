'use strict';
// Runs cells of JavaScript or TypeScript that come as JSON lines on file descriptor 3, and says on 4 what became of them.
// Cells are evaluated as the REPL of a debugger does it: await at the top, and names that can be declared again. A second
// thread stops the code of this one at Ctrl-C, which this one could not while it runs.
const fs = require('fs');
const inspector = require('inspector');
const path = require('path');
const util = require('util');
const { createRequire } = require('module');
const { pathToFileURL } = require('url');
const { Worker } = require('worker_threads');

const typescript = process.argv[2] === 'typescript';
let compiler;
const ts = () => (compiler ??= require('typescript'));
const here = createRequire(path.join(process.cwd(), 'cell.js'));

function say(event) {
    const data = Buffer.from(JSON.stringify(event) + '\n');
    for (let at = 0; at < data.length;) at += fs.writeSync(4, data, at);
}

async function load(name) {
    if (name.startsWith('node:') || require('module').builtinModules.includes(name)) return import(name);
    let found;
    try { found = here.resolve(name); } catch { return import(name); }
    return import(pathToFileURL(found).href);
}

function bundleOf(value) {
    const bundle = { 'text/plain': typeof value === 'string' ? value : util.inspect(value) };
    if (value !== null && typeof value === 'object') {
        for (const [method, type] of [['toHTML', 'text/html'], ['_toHtml', 'text/html'], ['toSVG', 'image/svg+xml']]) {
            if (typeof value[method] === 'function') bundle[type] = String(value[method]());
        }
        if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) {
            try { bundle['application/json'] = JSON.parse(JSON.stringify(value)); } catch { delete bundle['application/json']; }
        }
    }
    return bundle;
}

const display = {
    display: (bundle) => say({ display: bundle }),
    html: (text) => say({ display: { 'text/html': String(text) } }),
    markdown: (text) => say({ display: { 'text/markdown': String(text) } }),
    svg: (text) => say({ display: { 'image/svg+xml': String(text) } }),
    json: (value) => say({ display: { 'application/json': value } }),
    png: (bytes) => say({ display: { 'image/png': Buffer.from(bytes).toString('base64') } }),
    jpeg: (bytes) => say({ display: { 'image/jpeg': Buffer.from(bytes).toString('base64') } }),
};

Object.assign(globalThis, { require: here, display });
Object.defineProperty(globalThis, '__atoll_import', { value: load });

// import declarations become awaits, since what a debugger evaluates is a script and no module; types go.
function translate(code) {
    if (!typescript && !/\b(import|export)\b/.test(code)) return code;
    const { createSourceFile, ScriptTarget, SyntaxKind, forEachChild } = ts();
    let text = code;
    if (typescript) {
        const out = ts().transpileModule(code, {
            reportDiagnostics: true,
            compilerOptions: { target: ScriptTarget.ES2022, module: ts().ModuleKind.ESNext, importsNotUsedAsValues: ts().ImportsNotUsedAsValues?.Remove },
        });
        const wrong = (out.diagnostics ?? []).find((d) => d.category === ts().DiagnosticCategory.Error);
        if (wrong) throw new SyntaxError(ts().flattenDiagnosticMessageText(wrong.messageText, '\n'));
        text = out.outputText.replace(/^export \{\};?\s*$/m, '');
    }
    const file = createSourceFile('cell.js', text, ScriptTarget.ES2022, true);
    const edits = [];
    const visit = (node) => {
        if (node.kind === SyntaxKind.ImportDeclaration) {
            edits.push([node.getStart(file), node.end, importOf(node, file)]);
            return;
        }
        if (node.kind === SyntaxKind.CallExpression && node.expression.kind === SyntaxKind.ImportKeyword) {
            edits.push([node.expression.getStart(file), node.expression.end, '__atoll_import']);
        }
        if (node.kind === SyntaxKind.ExportKeyword || node.kind === SyntaxKind.DefaultKeyword && node.parent?.modifiers) {
            edits.push([node.getStart(file), node.end, '']);
        }
        forEachChild(node, visit);
    };
    visit(file);
    for (const [from, to, by] of edits.sort((a, b) => b[0] - a[0])) text = text.slice(0, from) + by + text.slice(to);
    return text;
}

function importOf(node, file) {
    const from = `await __atoll_import(${node.moduleSpecifier.getText(file)})`;
    const clause = node.importClause;
    if (!clause) return `${from};`;
    const names = [];
    if (clause.name) names.push(`default: ${clause.name.text}`);
    const bound = clause.namedBindings;
    if (bound?.elements) names.push(...bound.elements.map((e) => (e.propertyName ? `${e.propertyName.text}: ${e.name.text}` : e.name.text)));
    const namespace = bound && !bound.elements ? `var ${bound.name.text} = ${from};` : '';
    return names.length > 0 ? `var { ${names.join(', ')} } = ${from};${namespace}` : namespace || `${from};`;
}

const session = new inspector.Session();
session.connect();
const post = (method, parameters) => new Promise((done, failed) =>
    session.post(method, parameters, (e, result) => (e ? failed(Object.assign(new Error(e.message), { code: e.code })) : done(result))));

const taken = {};
Object.defineProperty(globalThis, '__atoll_take', { value: (value) => { taken.value = value; } });

async function take(remote) {
    taken.value = undefined;
    const argument = remote.objectId ? { objectId: remote.objectId }
        : remote.unserializableValue ? { unserializableValue: remote.unserializableValue } : { value: remote.value };
    await post('Runtime.callFunctionOn', {
        functionDeclaration: 'function (value) { __atoll_take(value); }', arguments: [argument], objectId: (await global()).objectId,
    });
    return taken.value;
}

let globalObject;
const global = async () => (globalObject ??= (await post('Runtime.evaluate', { expression: 'globalThis' })).result);

function errorOf(e) {
    if (e instanceof Error || (e && typeof e === 'object' && 'message' in e)) {
        const stack = String(e.stack ?? '').split('\n').filter((line) => !/node:internal|node:inspector|node_cells\.js/.test(line)).join('\n');
        return { ename: String(e.name || 'Error'), evalue: String(e.message), traceback: [stack || `${e.name}: ${e.message}`] };
    }
    const text = util.inspect(e);
    return { ename: 'Error', evalue: text, traceback: [`Uncaught ${text}`] };
}

let stop = () => {};

async function run(code) {
    const interrupted = new Promise((_, failed) => {
        stop = () => failed(Object.assign(new Error('interrupted'), { name: 'KeyboardInterrupt', stack: 'KeyboardInterrupt' }));
    });
    const cell = post('Runtime.evaluate', { expression: translate(code), replMode: true, awaitPromise: true });
    interrupted.catch(() => {});
    cell.catch(() => {});
    const reply = await Promise.race([cell, interrupted]);
    const { exception, text } = reply.exceptionDetails ?? {};
    if (exception) throw await take(exception);
    if (text) throw new Error(text);
    if (reply.result.type !== 'undefined') say({ display: bundleOf(await take(reply.result)), main: true });
}

function within(env) {
    const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
    Object.assign(process.env, env);
    return () => {
        for (const [name, value] of Object.entries(before)) {
            if (value === undefined) delete process.env[name]; else process.env[name] = value;
        }
    };
}

// Reads the cells. When this thread does not hear of an interrupt because it runs a cell, the watcher ends what it runs.
const watcher = new Worker(`
    const { parentPort } = require('worker_threads');
    const session = new (require('inspector').Session)();
    session.connectToMainThread();
    let pending = '', patience;
    parentPort.on('message', () => clearTimeout(patience));
    const cells = require('fs').createReadStream(null, { fd: 3, encoding: 'utf8' });
    cells.on('end', () => process.kill(process.pid, 'SIGKILL'));
    cells.on('data', (text) => {
        const lines = (pending + text).split('\\n');
        pending = lines.pop();
        for (const line of lines) {
            const message = JSON.parse(line);
            parentPort.postMessage(message);
            if (message.interrupt) patience = setTimeout(() => session.post('Runtime.terminateExecution'), 200);
        }
    });`, { eval: true });

// The real one waits for the watcher's session to end.
process.exit = (status) => {
    say({ exit: Number(status ?? process.exitCode ?? 0) });
    process.kill(process.pid, 'SIGKILL');
};
process.on('SIGINT', () => {});
process.on('uncaughtException', (e) => console.error('Uncaught', e));
process.on('unhandledRejection', (e) => console.error('Uncaught (in promise)', e));

let turn = Promise.resolve();
watcher.on('message', (message) => {
    if (message.interrupt) {
        watcher.postMessage('heard');
        stop();
    } else {
        turn = turn.then(() => cellOf(message));
    }
});

async function cellOf({ code, env }) {
    const restore = within(env);
    let status = 0;
    try {
        await run(code);
    } catch (e) {
        status = 1;
        say({ error: errorOf(e) });
    }
    stop = () => {};
    restore();
    say({ done: status });
}
