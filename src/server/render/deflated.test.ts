import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { seededRandom } from "../../base/random.ts";
import { deflate, stitch, store } from "./deflated.ts";

const rounds = 50 * Number(process.env.ANNEX_SCALE ?? 1);

test("stitch() makes one gzip member of pieces of any size, each used as often as one likes", async () => {
  const seed = Number(process.env.ANNEX_SEED ?? 20_261_123);
  const random = seededRandom(seed);
  const sizes = [0, 1, 5, 64, 1_000, 65_535, 100_000];
  const texts = sizes.map((size) => Buffer.from(Array.from({ length: size }, () => 97 + random.below(9))));
  const deflated = await Promise.all(texts.map(deflate));
  const stored = texts.slice(0, 6).map(store);

  for (let round = 0; round < rounds; round++) {
    const chosen = Array.from({ length: random.below(20) }, () => random.below(texts.length));
    const pieces = chosen.map((index) => {
      const piece = random.next() < 0.5 ? stored[index] : undefined;
      return piece ?? deflated[index];
    });
    const expected = Buffer.concat(chosen.map((index) => texts[index] ?? Buffer.alloc(0)));
    // zlib checks the length and the CRC at the end.
    const got = gunzipSync(Buffer.concat(stitch(pieces.filter((piece) => piece !== undefined))));
    assert.ok(got.equals(expected), `seed ${seed}, round ${round}`);
  }
});
