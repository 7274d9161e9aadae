import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../api/testing/property-runs.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { ConnectionError } from "./protocol.ts";

const limits = { bytesMax: 64 * 1024, countMax: 100 };
const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** The examples of the specification. https://www.rfc-editor.org/rfc/rfc7541#appendix-C */
const examples: readonly (readonly [what: string, blocks: readonly (readonly [hex: string, headers: string])[]])[] = [
  [
    "requests without Huffman coding",
    [
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        ":method GET :scheme http :path / :authority www.example.com",
      ],
      [
        "8286 84be 5808 6e6f 2d63 6163 6865",
        ":method GET :scheme http :path / :authority www.example.com cache-control no-cache",
      ],
      [
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
        ":method GET :scheme https :path /index.html :authority www.example.com custom-key custom-value",
      ],
    ],
  ],
  [
    "requests with Huffman coding",
    [
      ["8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", ":method GET :scheme http :path / :authority www.example.com"],
      [
        "8286 84be 5886 a8eb 1064 9cbf",
        ":method GET :scheme http :path / :authority www.example.com cache-control no-cache",
      ],
      [
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
        ":method GET :scheme https :path /index.html :authority www.example.com custom-key custom-value",
      ],
    ],
  ],
];

for (const [what, blocks] of examples)
  test(`the specification's ${what} are read as it says`, () => {
    const decoder = new HpackDecoder(limits);
    for (const [hex, headers] of blocks) assert.deepEqual(decoder.decode(bytes(hex)), headers.split(" "));
  });

const name = fc.stringMatching(/^[a-z][a-z-]{0,20}$/);
const repeated = fc.constantFrom("content-type", "vary", "cache-control");
const value = fc.oneof(
  fc.constantFrom("application/json", "no-cache, private", ""),
  fc.stringMatching(/^[!-~][ -~]{0,200}[!-~]$/),
  fc.stringMatching(/^[\u00a1-\u00ff]{1,20}$/),
);
const answers = fc.array(
  fc.record({
    status: fc.constantFrom(200, 201, 404, 409, 503),
    headers: fc.dictionary(fc.oneof(name, repeated), value, { maxKeys: 12, noNullPrototype: true }),
    tableMax: fc.option(fc.constantFrom(0, 100, 4_096, 65_536)),
  }),
  { maxLength: 12 },
);

test("what the encoder writes is what the decoder reads, whatever the client does to the table", () => {
  fc.assert(
    fc.property(answers, (sent) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder(limits);
      for (const { status, headers, tableMax } of sent) {
        if (tableMax !== null) encoder.limitTable(tableMax);
        const block = encoder.answer(status, headers).subarray(9);
        const expected = [":status", String(status), ...Object.entries(headers).flat()];
        assert.deepEqual(decoder.decode(Buffer.from(block)), expected);
      }
    }),
    propertyRuns(200),
  );
});

test("an answer's headers that are none are refused", () => {
  const encoder = new HpackEncoder();
  for (const headers of [{ "A b": "c" }, { Upper: "c" }, { a: "b\r\nc: d" }, { a: "\u0100" }, { a: ["b", "c\0"] }])
    assert.throws(() => encoder.answer(200, headers).subarray(9), TypeError);
});

test("bytes that are no headers throw nothing but a ConnectionError, and remember no more than they may", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (blocks) => {
      const decoder = new HpackDecoder(limits);
      try {
        for (const block of blocks) decoder.decode(Buffer.from(block));
      } catch (error) {
        assert.ok(error instanceof ConnectionError, String(error));
      }
    }),
    propertyRuns(200),
  );
});

test("headers beyond the limits are told from all others, and the table has learned from them", () => {
  const decoder = new HpackDecoder({ bytesMax: 100, countMax: 2 });
  const remembered = bytes("40 01 61 01 62");
  assert.equal(decoder.decode(Buffer.concat([remembered, remembered, remembered])), undefined);
  assert.deepEqual(decoder.decode(bytes("be")), ["a", "b"]);
  assert.equal(decoder.decode(Buffer.concat([bytes("00 01 61 7f 01"), Buffer.alloc(128, "x")])), undefined);
});

test("Huffman code that ends in the middle, or that is padded with anything but ones, is refused", () => {
  // `a` is 00011, and is followed by ones up to the byte's end.
  assert.deepEqual(new HpackDecoder(limits).decode(bytes("00 81 1f 00")), ["a", ""]);
  for (const wrong of ["00 81 1e 00", "00 82 1fff 00", "00 84 ffff ffff 00"])
    assert.throws(() => new HpackDecoder(limits).decode(bytes(wrong)), ConnectionError, wrong);
});
