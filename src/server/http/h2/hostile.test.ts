import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { frame, headerBlock, RawHttp2, requestHead } from "../../../../test/support/raw-http2.ts";
import { propertyRuns } from "../../../api/testing/property-runs.ts";
import { makeAuthority, makeCertificate } from "../../../base/certificates.ts";
import { ClientConnection } from "../../../base/http2/client-connection.ts";
import { errorCodes, flags, frameTypes, preface } from "../../../base/http2/protocol.ts";
import { listen } from "../listener.ts";

const authority = await makeAuthority({ commonName: "ca", nowMs: Date.now() });
const serving = await makeCertificate(authority, { commonName: "server", hosts: ["127.0.0.1"], nowMs: Date.now() });

async function start(t: TestContext): Promise<number> {
  const listener = await listen({
    port: 0,
    host: "127.0.0.1",
    tls: { key: serving.key, cert: serving.certificate },
    async handler(request) {
      const body = await request.readBody(100_000);
      return { status: 200, headers: { "content-type": "text/plain" }, body: Buffer.concat([Buffer.from("ok"), body]) };
    },
  });
  t.after(() => listener.close(0));
  return listener.port;
}

const head = headerBlock([":method", "POST"], ...requestHead.slice(1));
const numbers = fc.constantFrom(0, 1, 2, 3, 5, 7, 9, 2 ** 31 - 1);
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(new Uint8Array(4), new Uint8Array(5), new Uint8Array(6), new Uint8Array(8), new Uint8Array(16_384)),
  fc.constantFrom(head, headerBlock(...requestHead), headerBlock(["a", "b"])),
);
/** Frames of every type, with flags, streams and contents that mostly do not belong together. */
const anyFrame = fc
  .tuple(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 0, max: 255 }), numbers, payloads)
  .map(([type, flag, streamId, payload]) => frame(type, flag, streamId, Buffer.from(payload)));
/** And such as clients send, so that the others meet requests that have begun. */
const goodFrame = fc
  .tuple(fc.constantFrom(1, 3, 5, 7, 9), fc.boolean(), fc.boolean())
  .map(([streamId, isBegin, hasEnd]) => {
    const end = hasEnd ? flags.endStream : flags.none;
    return isBegin
      ? frame(frameTypes.headers, flags.endHeaders | end, streamId, head)
      : frame(frameTypes.data, end, streamId, Buffer.from("some of a body"));
  });
const flippedBits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 });
const conversations = fc.tuple(
  fc.array(fc.oneof({ arbitrary: goodFrame, weight: 2 }, { arbitrary: anyFrame, weight: 1 }), { maxLength: 30 }),
  flippedBits,
);

test("whatever a client says, its connection ends by the rules and others are served", async (t) => {
  const port = await start(t);
  await fc.assert(
    fc.asyncProperty(conversations, async ([frames, flips]) => {
      const bytes = Buffer.concat([preface, frame(frameTypes.settings, 0, 0), ...frames]);
      for (const [at, bits] of flips) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ bits;
      const client = await RawHttp2.dial(port);
      const isClosed = once(client.socket, "close");
      client.socket.end(bytes);
      await isClosed;
      const goodbye = client.frames.find(({ type }) => type === frameTypes.goaway);
      assert.notEqual(goodbye?.payload.readUInt32BE(4), errorCodes.internalError, "the server stumbled");
    }),
    propertyRuns(200),
  );
  const next = await RawHttp2.open(port);
  next.send(frame(frameTypes.headers, flags.endHeaders | flags.endStream, 1, head));
  const answer = await next.receive(({ type }) => type === frameTypes.data);
  next.close();
  assert.equal(answer?.payload.toString(), "ok");
});

const answerHead = headerBlock([":status", "200"], ["a", "b"]);
const answerFrame = fc.tuple(fc.constantFrom(1, 3, 5), fc.boolean(), fc.boolean()).map(([streamId, isHead, hasEnd]) => {
  const end = hasEnd ? flags.endStream : flags.none;
  return isHead
    ? frame(frameTypes.headers, flags.endHeaders | end, streamId, answerHead)
    : frame(frameTypes.data, end, streamId, Buffer.from("some of an answer"));
});
const answers = fc.array(fc.oneof({ arbitrary: answerFrame, weight: 2 }, { arbitrary: anyFrame, weight: 1 }), {
  maxLength: 30,
});

test("whatever a server says, each request ends, and the connection by the rules", async (t) => {
  let said: readonly Buffer[] = [];
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {}).on("data", (chunk: Buffer) => heard.push(chunk));
    socket.end(Buffer.concat([frame(frameTypes.settings, 0, 0), ...said]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  await fc.assert(
    fc.asyncProperty(answers, flippedBits, async (frames, flips) => {
      said = frames.map((bytes) => Buffer.from(bytes));
      for (const [at, bits] of flips) {
        const one = said[at % Math.max(1, said.length)];
        if (one !== undefined) one[at % one.length] = (one[at % one.length] ?? 0) ^ bits;
      }
      heard.length = 0;
      const socket = connect(address.port, "127.0.0.1").on("error", () => {});
      await once(socket, "connect");
      const connection = new ClientConnection({
        socket,
        headerLimits: { bytesMax: 64 * 1024, countMax: 100 },
        streamWindowBytes: 128 * 1024,
        connectionWindowBytes: 256 * 1024,
        stalledTimeoutMs: 60_000,
      });
      const line = { method: "POST", scheme: "http", authority: "a", path: "/" };
      const ends = [1, 3, 5].map(
        () =>
          new Promise<void>((resolve) => {
            const stream = connection.request(line, {}, [Buffer.from("a body")]);
            stream.onHead(({ body }) => body.resume());
            stream.onClose(resolve);
          }),
      );
      await Promise.all(ends);
      socket.destroy();
      assert.doesNotMatch(Buffer.concat(heard).toString("latin1"), /a frame was not understood/, "the client stumbled");
    }),
    propertyRuns(200),
  );
});
