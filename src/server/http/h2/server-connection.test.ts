import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { frame, headerBlock, RawHttp2, requestHead, uint32 } from "../../../../test/support/raw-http2.ts";
import { makeAuthority, makeCertificate } from "../../../base/certificates.ts";
import { errorCodes, flags, frameTypes, preface, settingIds } from "../../../base/http2/protocol.ts";
import type { ApiRequest, Handler } from "../../exchange.ts";
import { type Listener, listen } from "../listener.ts";

const authority = await makeAuthority({ commonName: "ca", nowMs: Date.now() });
const serving = await makeCertificate(authority, { commonName: "server", hosts: ["127.0.0.1"], nowMs: Date.now() });

async function start(t: TestContext, handler: Handler = echo): Promise<Listener> {
  const tls = { key: serving.key, cert: serving.certificate };
  const listener = await listen({ handler, port: 0, host: "127.0.0.1", tls });
  t.after(() => listener.close(0));
  return listener;
}

/** Answers with what it was sent. */
async function echo(request: ApiRequest) {
  const body = await request.readBody(4 * 1024 * 1024);
  return { status: 200, headers: { "content-type": "text/plain" }, body: Buffer.concat([Buffer.from("ok"), body]) };
}

const { data, headers, continuation, settings, ping, rstStream, windowUpdate, goaway, priority, pushPromise } =
  frameTypes;
const whole = flags.endHeaders | flags.endStream;
const get = (streamId: number) => frame(headers, whole, streamId, headerBlock(...requestHead));
const post = (streamId: number, ...more: Fields) =>
  frame(headers, flags.endHeaders, streamId, headerBlock([":method", "POST"], ...requestHead.slice(1), ...more));
const setting = (id: number, value: number) =>
  frame(settings, 0, 0, Buffer.concat([Buffer.from([0, id]), uint32(value)]));

type Fields = readonly (readonly [string, string])[];

async function answerOf(client: RawHttp2, streamId: number): Promise<string> {
  await client.receive(
    ({ type, flag, streamId: id }) =>
      id === streamId &&
      (type === rstStream || ((flag & flags.endStream) !== 0 && (type === data || type === headers))),
  );
  const own = client.frames.filter((one) => one.streamId === streamId);
  const reset = own.find(({ type }) => type === rstStream);
  if (reset !== undefined) return `reset ${reset.payload.readUInt32BE(0)}`;
  return Buffer.concat(own.filter(({ type }) => type === data).map(({ payload }) => payload)).toString();
}

const { protocolError, frameSizeError, flowControlError, compressionError, enhanceYourCalm } = errorCodes;
const manyFrames = (make: (index: number) => Buffer) => Array.from({ length: 3_000 }, (_, index) => make(index));

/** What ends a connection, and with which code. */
const wrongs: readonly (readonly [what: string, code: number, frames: readonly Buffer[]])[] = [
  ["a frame above the size that was agreed", frameSizeError, [frame(data, 0, 1, Buffer.alloc(16_385))]],
  ["a ping of seven bytes", frameSizeError, [frame(ping, 0, 0, Buffer.alloc(7))]],
  ["a ping of a stream", protocolError, [frame(ping, 0, 1, Buffer.alloc(8))]],
  ["settings of a stream", protocolError, [frame(settings, 0, 1)]],
  ["settings that are cut off", frameSizeError, [frame(settings, 0, 0, Buffer.alloc(5))]],
  ["an acknowledgement with settings", frameSizeError, [frame(settings, flags.ack, 0, Buffer.alloc(6))]],
  ["push that is neither on nor off", protocolError, [setting(settingIds.enablePush, 2)]],
  ["a window beyond 31 bits", flowControlError, [setting(settingIds.initialWindowSize, 2 ** 31)]],
  ["frames smaller than the smallest", protocolError, [setting(settingIds.maxFrameSize, 16_383)]],
  ["a window that grows by nothing", protocolError, [frame(windowUpdate, 0, 0, uint32(0))]],
  ["a window that grows beyond 31 bits", flowControlError, [frame(windowUpdate, 0, 0, uint32(2 ** 31 - 1))]],
  ["a window of a stream that has not begun", protocolError, [frame(windowUpdate, 0, 1, uint32(1))]],
  ["data of the connection", protocolError, [frame(data, 0, 0, Buffer.alloc(1))]],
  ["data of a stream that has not begun", protocolError, [frame(data, 0, 1, Buffer.alloc(1))]],
  ["a reset of a stream that has not begun", protocolError, [frame(rstStream, 0, 1, uint32(8))]],
  ["headers of the connection", protocolError, [frame(headers, whole, 0, headerBlock(...requestHead))]],
  ["headers of an even stream", protocolError, [get(2)]],
  ["more padding than frame", protocolError, [frame(headers, whole | flags.padded, 1, Buffer.from([9, 0]))]],
  ["a priority without room", frameSizeError, [frame(headers, whole | flags.priority, 1, Buffer.alloc(4))]],
  ["a priority of the wrong size", frameSizeError, [frame(priority, 0, 1, Buffer.alloc(4))]],
  ["a push", protocolError, [frame(pushPromise, flags.endHeaders, 1, Buffer.alloc(4))]],
  ["a continuation of nothing", protocolError, [frame(continuation, flags.endHeaders, 1)]],
  ["headers that something interrupts", protocolError, [frame(headers, 0, 1), frame(ping, 0, 0, Buffer.alloc(8))]],
  ["a continuation of another stream", protocolError, [frame(headers, 0, 1), frame(continuation, 0, 3)]],
  [
    "continuations without end",
    enhanceYourCalm,
    [frame(headers, 0, 1), ...manyFrames(() => frame(continuation, 0, 1))],
  ],
  ["a header that no table has", compressionError, [frame(headers, whole, 1, [0xff, 0x00])]],
  ["a table larger than allowed", compressionError, [frame(headers, whole, 1, [0x3f, 0xe2, 0x1f])]],
  ["a number without end", compressionError, [frame(headers, whole, 1, Buffer.alloc(12, 0xff))]],
  ["pings without end", enhanceYourCalm, manyFrames(() => frame(ping, 0, 0, Buffer.alloc(8)))],
  ["settings without end", enhanceYourCalm, manyFrames(() => frame(settings, 0, 0))],
  ["priorities without end", enhanceYourCalm, manyFrames(() => frame(priority, 0, 1, Buffer.alloc(5)))],
  ["frames that nobody knows without end", enhanceYourCalm, manyFrames(() => frame(77, 0, 1))],
  [
    "requests that are taken back at once, without end",
    enhanceYourCalm,
    manyFrames((index) => Buffer.concat([get(2 * index + 1), frame(rstStream, 0, 2 * index + 1, uint32(8))])),
  ],
  ["data without a byte, without end", enhanceYourCalm, [post(1), ...manyFrames(() => frame(data, 0, 1))]],
];

for (const [what, code, frames] of wrongs)
  test(`${what}: the connection ends with code ${code}, and the server lives on`, async (t) => {
    const { port } = await start(t);
    const client = await RawHttp2.open(port);
    t.after(() => client.close());
    client.send(...frames);
    const goodbye = await client.receive(({ type }) => type === goaway);
    const why = String(goodbye?.payload.subarray(8));
    assert.equal(goodbye?.payload.readUInt32BE(4), code, why);
    await client.receive(() => false);
    const next = await RawHttp2.open(port);
    t.after(() => next.close());
    next.send(get(1));
    assert.equal(await answerOf(next, 1), "ok");
  });

test("who does not begin as HTTP/2 does is told so", async (t) => {
  const { port } = await start(t);
  for (const first of [Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Buffer.concat([preface, get(1)])]) {
    const client = await RawHttp2.dial(port);
    client.send(first);
    const goodbye = await client.receive(({ type }) => type === goaway);
    assert.equal(goodbye?.payload.readUInt32BE(4), protocolError);
    client.close();
  }
});

/** Requests that are refused one by one. */
const malformed: readonly (readonly [what: string, fields: Fields])[] = [
  ["no method", requestHead.slice(1)],
  ["no path", requestHead.slice(0, 3)],
  ["no scheme", [...requestHead.slice(0, 1), ...requestHead.slice(2)]],
  ["two paths", [...requestHead, [":path", "/b"]]],
  ["a pseudo header behind the others", [["a", "b"], ...requestHead]],
  ["an unknown pseudo header", [...requestHead, [":status", "200"]]],
  ["a path that is none", [...requestHead.slice(0, 3), [":path", "a"]]],
  ["a path with a blank", [...requestHead.slice(0, 3), [":path", "/a b"]]],
  ["a header in upper case", [...requestHead, ["Accept", "a"]]],
  ["a header of HTTP/1.1's connections", [...requestHead, ["connection", "close"]]],
  ["a te that is not trailers", [...requestHead, ["te", "gzip"]]],
  ["a line break in a value", [...requestHead, ["a", "b\r\nc: d"]]],
  ["two lengths", [...requestHead, ["content-length", "0"], ["content-length", "1"]]],
  ["a length without a body", [...requestHead, ["content-length", "3"]]],
];

for (const [what, fields] of malformed)
  test(`a request with ${what} is reset, and the next one on the connection is answered`, async (t) => {
    const { port } = await start(t);
    const client = await RawHttp2.open(port);
    t.after(() => client.close());
    client.send(frame(headers, whole, 1, headerBlock(...fields)), get(3));
    assert.equal(await answerOf(client, 1), `reset ${protocolError}`);
    assert.equal(await answerOf(client, 3), "ok");
  });

test("a body that is longer or shorter than the client said is a reset", async (t) => {
  const { port } = await start(t);
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  client.send(post(1, ["content-length", "3"]), frame(data, flags.endStream, 1, Buffer.from("ab")));
  client.send(post(3, ["content-length", "1"]), frame(data, flags.endStream, 3, Buffer.from("ab")));
  client.send(post(5, ["content-length", "2"]), frame(data, flags.endStream, 5, Buffer.from("ab")));
  assert.equal(await answerOf(client, 1), `reset ${protocolError}`);
  assert.equal(await answerOf(client, 3), `reset ${protocolError}`);
  assert.equal(await answerOf(client, 5), "okab");
});

test("padding, priorities, continuations and trailers change nothing", async (t) => {
  const { port } = await start(t);
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  const block = headerBlock([":method", "POST"], ...requestHead.slice(1));
  const padded = Buffer.concat([Buffer.from([3]), Buffer.alloc(5), block.subarray(0, 9), Buffer.alloc(3)]);
  client.send(frame(headers, flags.padded | flags.priority, 1, padded));
  client.send(
    frame(continuation, 0, 1, block.subarray(9, 20)),
    frame(continuation, flags.endHeaders, 1, block.subarray(20)),
  );
  client.send(frame(data, flags.padded, 1, Buffer.from([2, 0x61, 0, 0])), frame(data, 0, 1, Buffer.from("b")));
  client.send(frame(headers, whole, 1, headerBlock(["checksum", "x"])));
  assert.equal(await answerOf(client, 1), "okab");
});

test("an answer goes out as the client's windows allow, and not faster", async (t) => {
  const body = Buffer.alloc(200_000, "x");
  const { port } = await start(t, async () => ({ status: 200, headers: {}, body }));
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  const received = () =>
    client.frames.filter(({ type }) => type === data).reduce((sum, { payload }) => sum + payload.length, 0);
  client.send(setting(settingIds.initialWindowSize, 10), get(1));
  await client.receive(() => received() === 10);
  client.send(frame(windowUpdate, 0, 1, uint32(500_000)));
  await client.receive(() => received() === 65_535);
  // A turn of both: nothing more is on its way.
  client.send(frame(ping, 0, 0, Buffer.alloc(8)));
  await client.receive(({ type }) => type === ping);
  assert.equal(received(), 65_535);
  client.send(frame(windowUpdate, 0, 0, uint32(500_000)));
  assert.equal((await answerOf(client, 1)).length, body.length);
});

test("a body that nobody reads fills its own window, and a client that goes beyond it is reset", async (t) => {
  const { promise: mayRead, resolve: read } = Promise.withResolvers<void>();
  const { port } = await start(t, async (request) => {
    if (request.method === "POST") await mayRead;
    return echo(request);
  });
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  const piece = Buffer.alloc(16_384);
  client.send(post(1), ...Array.from({ length: 16 }, () => frame(data, 0, 1, piece)));
  client.send(get(3));
  assert.equal(await answerOf(client, 3), "ok");
  client.send(frame(data, 0, 1, piece));
  assert.equal(await answerOf(client, 1), `reset ${flowControlError}`);
  read();
});

test("a body is given more room as it is read", async (t) => {
  const { port } = await start(t);
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  client.send(setting(settingIds.initialWindowSize, 2 ** 20), frame(windowUpdate, 0, 0, uint32(2 ** 20)), post(1));
  const piece = Buffer.alloc(16_384, "y");
  for (let sent = 0; sent < 40; sent += 10) {
    client.send(...Array.from({ length: 10 }, () => frame(data, 0, 1, piece)));
    await client.receive(
      () =>
        client.frames
          .filter(({ type, streamId }) => type === windowUpdate && streamId === 1)
          .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0) >
        sent * piece.length,
    );
  }
  client.send(frame(data, flags.endStream, 1));
  assert.equal((await answerOf(client, 1)).length, 2 + 40 * piece.length);
});

test("requests beyond 250 at once are refused, also where the others were given up but are still worked on", async (t) => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const { port } = await start(t, async () => {
    await mayEnd;
    return { status: 200, headers: {}, body: Buffer.from("ok") };
  });
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  for (let index = 0; index < 250; index++) {
    const streamId = 2 * index + 1;
    client.send(get(streamId));
    if (index < 200) client.send(frame(rstStream, 0, streamId, uint32(8)));
  }
  client.send(get(501));
  assert.equal(await answerOf(client, 501), `reset ${errorCodes.refusedStream}`);
  end();
  assert.equal(await answerOf(client, 499), "ok");
  client.send(get(503));
  assert.equal(await answerOf(client, 503), "ok");
});

test("headers beyond the limits are a 431, and the table has learned from them", async (t) => {
  const { port } = await start(t);
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  // A literal that is remembered, in a request with too many headers, and by its number in the next.
  const remembered = Buffer.concat([Buffer.from([0x40]), headerBlock(["later", "x"]).subarray(1)]);
  const many = Array.from({ length: 1_001 }, (_, index) => [`h${index}`, "v"] as const);
  const block = Buffer.concat([headerBlock(...requestHead), remembered, headerBlock(...many)]);
  client.send(frame(headers, whole, 1, block));
  assert.match(await answerOf(client, 1), /^431 /);
  client.send(frame(headers, whole, 3, Buffer.concat([headerBlock(...requestHead), Buffer.from([0x80 | 62])])));
  assert.equal(await answerOf(client, 3), "ok");
});

test("a client that asks and never reads is heard no further, and costs what was agreed", async (t) => {
  let asked = 0;
  const { port } = await start(t, async () => {
    asked++;
    return { status: 200, headers: { padding: "x".repeat(8_000) }, body: undefined };
  });
  const client = await RawHttp2.open(port);
  t.after(() => client.close());
  client.socket.pause();
  const head = headerBlock([":method", "HEAD"], ...requestHead.slice(1));
  for (let index = 0; index < 20_000; index++) client.send(frame(headers, whole, 2 * index + 1, head));
  let before = -1;
  while (asked !== before) {
    before = asked;
    await pause(100);
  }
  assert.ok(asked < 20_000, `${asked} answers wait for a client that reads none`);
});

test("frames may come byte by byte", async (t) => {
  const { port } = await start(t);
  const client = await RawHttp2.dial(port);
  t.after(() => client.close());
  for (const byte of Buffer.concat([preface, frame(settings, 0, 0), get(1)])) client.socket.write(Buffer.from([byte]));
  assert.equal(await answerOf(client, 1), "ok");
});

test("a connection that is drained ends with the last byte of its last answer", async (t) => {
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const handler = async () => ({
    status: 200,
    headers: {},
    body: (async function* () {
      yield Buffer.from("first, ");
      await finished;
      yield Buffer.from("last");
    })(),
  });
  const listener = await start(t, handler);
  const client = await RawHttp2.open(listener.port);
  client.send(get(1));
  await client.receive(({ type }) => type === data);
  const closed = listener.close(10_000);
  await client.receive(({ type }) => type === goaway);
  finish();
  assert.equal(await answerOf(client, 1), "first, last");
  await closed;
});
