// A web server to put into a sandbox, and ways to ask it through the edge under a name that need not resolve.

import http from 'node:http';
import { createHash, randomBytes } from 'node:crypto';

/** The server's source, for node in a sandbox. It answers what it was asked, streams, and echoes WebSocket texts. */
export const serverSource = (port, address) => `
const http = require('http'), { createHash } = require('crypto');
const server = http.createServer((request, response) => {
  if (request.url === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\\n\\n');
    request.socket.on('close', () => {});
    http.get('http://127.0.0.1:${port}/wait', () => response.end('data: last\\n\\n'));
    return;
  }
  if (request.url === '/wait') { waiting.push(response); return; }
  if (request.url === '/go') { waiting.splice(0).forEach((one) => one.end()); response.end('gone'); return; }
  let bytes = 0;
  request.on('data', (data) => { bytes += data.length; });
  request.on('end', () => {
    response.writeHead(request.url === '/teapot' ? 418 : 200, { 'content-type': 'application/json', 'x-own': 'yes' });
    response.end(JSON.stringify({ method: request.method, url: request.url, host: request.headers.host, headers: request.headers, bytes }));
  });
});
const waiting = [];
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  socket.on('data', (frame) => {
    const length = frame[1] & 127, mask = frame.subarray(2, 6), text = Buffer.alloc(length);
    for (let i = 0; i < length; i++) text[i] = frame[6 + i] ^ mask[i % 4];
    const reply = Buffer.from('echo ' + text.toString());
    socket.write(Buffer.concat([Buffer.from([0x81, reply.length]), reply]));
  });
  socket.on('error', () => {});
});
server.listen(${port}, '${address}');
`;

/** Asks `address` for `path` under the host name `host`. */
export function ask(address, host, path, { method = 'GET', headers = {}, body } = {}) {
  const { hostname, port } = new URL(address);
  return new Promise((done, failed) => {
    const request = http.request({ hostname, port, path, method, headers: { host, ...headers }, agent: false }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
      response.on('error', failed);
    });
    request.on('error', failed);
    request.end(body);
  });
}

/** The parts of a reply as they come, each given to `seen`; ends with the reply. */
export function follow(address, host, path, seen) {
  const { hostname, port } = new URL(address);
  return new Promise((done, failed) => {
    http.get({ hostname, port, path, headers: { host }, agent: false }, (response) => {
      response.on('data', (part) => seen(part.toString()));
      response.on('end', done);
      response.on('error', failed);
    }).on('error', failed);
  });
}

/** Opens a WebSocket, sends each text once the one before is answered, and returns the answers. */
export function converse(address, host, path, texts) {
  const { hostname, port } = new URL(address);
  const key = randomBytes(16).toString('base64');
  const frame = (text) => {
    const data = Buffer.from(text), mask = randomBytes(4);
    return Buffer.concat([Buffer.from([0x81, 0x80 | data.length]), mask, data.map((byte, i) => byte ^ mask[i % 4])]);
  };
  return new Promise((done, failed) => {
    const request = http.request({
      hostname, port, path, agent: false,
      headers: { host, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key },
    });
    request.on('error', failed);
    request.on('response', (response) => failed(new Error(`no WebSocket but ${response.statusCode}`)));
    request.on('upgrade', (response, socket, head) => {
      const wanted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      if (response.headers['sec-websocket-accept'] !== wanted) failed(new Error('wrong Sec-WebSocket-Accept'));
      const answers = [], left = [...texts];
      let waiting = head;
      socket.on('error', failed);
      socket.on('data', (data) => {
        waiting = Buffer.concat([waiting, data]);
        while (waiting.length >= 2 && waiting.length >= 2 + waiting[1]) {
          answers.push(waiting.subarray(2, 2 + waiting[1]).toString());
          waiting = waiting.subarray(2 + waiting[1]);
          if (left.length > 0) socket.write(frame(left.shift()));
          else { socket.end(); done(answers); }
        }
      });
      socket.write(frame(left.shift()));
    });
    request.end();
  });
}
