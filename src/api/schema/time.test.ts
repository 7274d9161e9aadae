import { strict as assert } from "node:assert";
import { test } from "node:test";
import { normaliseTime } from "./time.ts";

const normalise = (text: string, hasMicroseconds = false) =>
  normaliseTime(text, { path: "metadata.at", hasMicroseconds });

test("normaliseTime() keeps whole seconds in UTC", () => {
  assert.equal(normalise("2026-11-23T11:26:36Z"), "2026-11-23T11:26:36Z");
  assert.equal(normalise("2020-01-01T00:00:00+02:00"), "2019-12-31T22:00:00Z");
  assert.equal(normalise("2020-01-01T00:00:00.999999Z"), "2020-01-01T00:00:00Z");
  assert.equal(normalise("2020-01-01T1:00:00,5Z"), "2020-01-01T01:00:00Z");
  assert.equal(normalise("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z");
});

test("normaliseTime() keeps six digits of a second where the field has them", () => {
  assert.equal(normalise("2020-01-01T00:00:00Z", true), "2020-01-01T00:00:00.000000Z");
  assert.equal(normalise("2020-01-01T00:00:00.1234567-01:30", true), "2020-01-01T01:30:00.123456Z");
});

test("normaliseTime() takes Go's zero time for none", () => {
  assert.equal(normalise("0001-01-01T00:00:00Z"), undefined);
  assert.equal(normalise("0001-01-01T00:00:00.000001Z", true), "0001-01-01T00:00:00.000001Z");
});

test("normaliseTime() refuses what is no time", () => {
  const faults = {
    yesterday: /must be like/,
    "": /must be like/,
    "2020-01-01": /must be like/,
    "2020-01-01 00:00:00Z": /must be like/,
    "2020-01-01t00:00:00z": /must be like/,
    "2020-13-01T00:00:00Z": /month out of range/,
    "2021-02-29T00:00:00Z": /day out of range/,
    "2020-04-31T00:00:00Z": /day out of range/,
    "2020-01-01T24:00:00Z": /hour out of range/,
    "2020-01-01T00:60:00Z": /minute out of range/,
    "2020-01-01T00:00:60Z": /second out of range/,
    "9999-12-31T23:59:59-01:00": /year outside of range/,
    "0000-01-01T00:00:00+01:00": /year outside of range/,
  };
  for (const [text, message] of Object.entries(faults))
    assert.throws(() => normalise(text), { name: "DecodeError", message }, text);
});
