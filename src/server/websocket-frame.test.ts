import assert from "node:assert/strict";
import { test } from "node:test";
import { closeFrame, FrameReader, pongFrame, textFrame } from "./websocket-frame.ts";

/** A frame as a client sends it: masked. */
function masked(opcode: number, payload: Buffer): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const long = payload.length > 125;
  const head = Buffer.from([0x80 | opcode, 0x80 | (long ? 126 : payload.length)]);
  const length = Buffer.alloc(long ? 2 : 0);
  if (long) length.writeUInt16BE(payload.length);
  return Buffer.concat([head, length, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

function aReader(): { reader: FrameReader; heard: string[] } {
  const heard: string[] = [];
  const reader = new FrameReader({
    ping: (payload) => heard.push(`ping ${payload}`),
    close: () => heard.push("close"),
  });
  return { reader, heard };
}

test("FrameReader hears pings and goodbyes between messages that nobody wants, cut anywhere", () => {
  const stream = Buffer.concat([
    masked(1, Buffer.alloc(300, 0x89)),
    masked(9, Buffer.from("a")),
    masked(2, Buffer.alloc(0)),
    masked(9, Buffer.from("bc")),
    masked(8, Buffer.from([3, 232])),
  ]);
  for (const step of [1, 2, 7, 100, stream.length]) {
    const { reader, heard } = aReader();
    for (let at = 0; at < stream.length; at += step) assert.ok(reader.read(stream.subarray(at, at + step)));
    assert.deepEqual(heard, ["ping a", "ping bc", "close"], `in steps of ${step}`);
  }
});

test("FrameReader refuses frames that no client may send", () => {
  assert.ok(!aReader().reader.read(textFrame(Buffer.from("unmasked"))));
  assert.ok(!aReader().reader.read(masked(9, Buffer.alloc(126))));
});

test("A server's frames say their length in as few bytes as it takes", () => {
  assert.deepEqual([...textFrame(Buffer.from("a"))], [0x81, 1, 97]);
  assert.deepEqual([...textFrame(Buffer.alloc(126)).subarray(0, 4)], [0x81, 126, 0, 126]);
  assert.deepEqual([...textFrame(Buffer.alloc(65_536)).subarray(0, 10)], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual([...pongFrame(Buffer.from("a"))], [0x8a, 1, 97]);
  assert.deepEqual([...closeFrame(1000)], [0x88, 2, 3, 232]);
});
