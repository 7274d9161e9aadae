import assert from "node:assert/strict";
import { PassThrough, Readable, Writable } from "node:stream";
import { test } from "node:test";
import { passThrough } from "./pass-through.ts";

test("passThrough() writes what came in one turn at once, and ends with its source", async () => {
  const writes: string[] = [];
  const target = new Writable({
    write(chunk, _encoding, done) {
      writes.push(String(chunk));
      done();
    },
  });
  const source = new PassThrough();
  const done = passThrough(source, target);
  // A stream that flows emits each of these at once.
  source.resume();
  await new Promise((resolve) => setImmediate(resolve));
  for (let index = 0; index < 20; index++) source.write(Buffer.from("x"));
  source.end();
  await done;
  assert.equal(writes.join(""), "x".repeat(20));
  assert.ok(writes.length <= 2, `${writes.length} writes`);
});

test("passThrough() reads no faster than its target takes", async () => {
  let sizeBytes = 0;
  const endless = new Readable({
    read() {
      sizeBytes += 1000;
      this.push(Buffer.alloc(1000));
    },
  });
  const stuck = new Writable({ highWaterMark: 10_000, write() {} });
  const done = passThrough(endless, stuck);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(sizeBytes < 1_000_000, `${sizeBytes} bytes were read`);
  stuck.destroy();
  await done;
  assert.ok(endless.destroyed);
});

test("passThrough() cuts the target where the source breaks off", async () => {
  const source = new PassThrough();
  const target = new PassThrough().on("error", () => undefined);
  const done = passThrough(source, target);
  source.write("half");
  source.destroy(new Error("gone"));
  await done;
  assert.ok(target.destroyed);
  assert.ok(!target.writableEnded);
});
