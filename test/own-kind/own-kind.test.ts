// What the library does for flunders it does for any kind: here for ships.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { fromHub, objectSchema, toHub } from "../../src/api/door.ts";
import { type Asked, type AskedAnswer, type AskedServer, startAskedServer } from "../support/asked-server.ts";
import { ship, ships } from "./ship/ship.ts";

const root = "/apis/fleet.example.com";
const collection = `${root}/v1/namespaces/default/ships`;
const item = `${collection}/argo`;
const apply = { "content-type": "application/apply-patch+yaml" };
const merge = { "content-type": "application/merge-patch+json" };

let fleet: AskedServer;
before(async () => {
  fleet = await startAskedServer({ resources: [ships] });
});
after(() => fleet[Symbol.asyncDispose]());
beforeEach(() => fleet.ask({ method: "DELETE", path: collection }));

/** Asks for what must succeed. */
async function ask(asked: Asked): Promise<AskedAnswer> {
  const answer = await fleet.ask(asked);
  assert.ok(answer.status < 300, `${asked.method} ${asked.path}: ${answer.bytes}`);
  return answer;
}

const aShip = (spec: object = {}, version = "v1") => ({
  apiVersion: `fleet.example.com/${version}`,
  kind: "Ship",
  metadata: { name: "argo" },
  spec,
});
const create = (spec: object = {}) => ask({ method: "POST", path: collection, body: aShip(spec) });
const applied = (manager: string, spec: object, more = "") =>
  fleet.ask({ method: "PATCH", path: `${item}?fieldManager=${manager}${more}`, headers: apply, body: aShip(spec) });

describe("writing", () => {
  test("defaults are filled in, at every depth; the status is the server's", async () => {
    const { json } = await create({ decks: [{ name: "main", hatches: [{ id: "a" }] }] });
    assert.deepEqual(json.spec, {
      replicas: 1,
      decks: [{ name: "main", side: "port", hatches: [{ id: "a" }] }],
      mode: "Sail",
    });
    assert.deepEqual(json.status, { phase: "Launched" });
    assert.equal(json.metadata.generation, 1);
  });

  test("validation names every fault of schema and rules", async () => {
    const faults = async (spec: object) => {
      const { status, json } = await fleet.ask({ method: "POST", path: collection, body: aShip(spec) });
      return [status, ...(json.details?.causes ?? []).map(({ field }: { field: string }) => field).sort()];
    };
    assert.deepEqual(await faults({ mode: "Row", replicas: -1 }), [422, "spec.mode", "spec.replicas"]);
    assert.deepEqual(await faults({ cargo: { tea: "lots", rice: "5Gi" }, replicas: 10 }), [
      422,
      "spec.cargo[tea]",
      "spec.replicas",
    ]);
    assert.deepEqual(await faults({ decks: [{ name: "a" }, { name: "a" }] }), [422, "spec.decks[1]"]);
    assert.deepEqual(await faults({ flags: ["x", "x"] }), [422, "spec.flags[1]"]);
    assert.equal((await faults({ displacement: "much" }))[0], 400);
  });

  test("unknown fields are named in document order, deep in lists, and kept in the part that is free", async () => {
    const spec = { typo: 1, decks: [{ name: "a", crewe: 1 }], papers: { any: { thing: [1, { x: null }] } } };
    const strict = await fleet.ask({
      method: "POST",
      path: `${collection}?fieldValidation=Strict`,
      body: aShip(spec),
    });
    assert.equal(strict.status, 400);
    assert.match(strict.json.message, /unknown field "spec\.typo", unknown field "spec\.decks\[0\]\.crewe"$/);
    const { json } = await create(spec);
    assert.deepEqual(json.spec.papers, { any: { thing: [1, { x: null }] } });
    assert.equal("typo" in json.spec, false);
  });

  test("int-or-string, quantities, 64-bit integers, times, bytes and null go through every version", async () => {
    const spec = {
      reserve: "25%",
      cargo: { tea: "1.5Gi" },
      launchedAt: "2026-01-02T03:04:05Z",
      chart: "AAEC",
      nickname: null,
      captain: "Jason of Iolcus",
    };
    const body = JSON.stringify(aShip(spec)).replace('"chart"', '"displacement":9007199254740993,"chart"');
    await ask({ method: "POST", path: collection, body });
    const old = await ask({ path: item.replace("/v1/", "/v1beta1/") });
    assert.deepEqual(old.json.spec.captain, { first: "Jason", last: "of Iolcus" });
    assert.match(old.bytes.toString(), /"displacement":9007199254740993/);
    assert.match(
      String(old.headers.warning),
      /fleet\.example\.com\/v1beta1 Ship is deprecated in v1\.2\+, unavailable in v1\.5\+; use fleet\.example\.com\/v1 Ship/,
    );
    const { json } = await ask({ method: "PATCH", path: item, headers: merge, body: { spec: { reserve: 3 } } });
    assert.deepEqual([json.spec.reserve, json.spec.captain, json.spec.cargo], [3, "Jason of Iolcus", { tea: "1.5Gi" }]);
    assert.equal((await fleet.ask({ path: item.replace("/v1/", "/v1alpha1/") })).status, 404);
  });

  test("spec and status are written apart, and only the spec counts as a generation", async () => {
    await create();
    const main = await ask({
      method: "PATCH",
      path: item,
      headers: merge,
      body: { spec: { captain: "J" }, status: { phase: "Sunk" } },
    });
    assert.deepEqual([main.json.status.phase, main.json.metadata.generation], ["Launched", 2]);
    const status = await ask({
      method: "PATCH",
      path: `${item}/status`,
      headers: merge,
      body: { spec: { captain: "K" }, status: { phase: "Sunk" }, metadata: { labels: { sunk: "yes" } } },
    });
    assert.deepEqual(
      [status.json.status.phase, status.json.spec.captain, status.json.metadata.generation],
      ["Sunk", "J", 2],
    );
    const managers = status.json.metadata.managedFields.map(({ subresource = "" }) => subresource);
    assert.deepEqual(managers, ["", "status"]);
  });

  test("strategic merge replaces a list that declares no patch strategy, and merges maps", async () => {
    await create({ decks: [{ name: "main", crew: 1 }], flags: ["a"], cargo: { tea: "1", rice: "2" } });
    const strategic = { "content-type": "application/strategic-merge-patch+json" };
    const body = { spec: { decks: [{ name: "lower" }], flags: ["b"], cargo: { rice: null, coal: "3" } } };
    const { json } = await ask({ method: "PATCH", path: item, headers: strategic, body });
    assert.deepEqual(json.spec.decks, [{ name: "lower", side: "port" }]);
    assert.deepEqual([json.spec.flags, json.spec.cargo], [["b"], { tea: "1", coal: "3" }]);
  });
});

describe("server-side apply", () => {
  test("items of a list belong to those who applied them, by both keys, and inside of them as well", async () => {
    await applied("one", { decks: [{ name: "main", crew: 1, hatches: [{ id: "a" }] }] });
    await applied("two", {
      decks: [
        { name: "main", side: "starboard", crew: 2 },
        { name: "main", side: "port", hatches: [{ id: "b" }] },
      ],
    });
    const both = (await ask({ path: item })).json.spec.decks;
    // In the order in which the last manager has them.
    assert.deepEqual(both, [
      { name: "main", side: "starboard", crew: 2 },
      { name: "main", side: "port", crew: 1, hatches: [{ id: "a" }, { id: "b" }] },
    ]);
    await applied("one", { decks: [{ name: "main", hatches: [] }] });
    const { json } = await ask({ path: item });
    assert.deepEqual(json.spec.decks, [
      { name: "main", side: "starboard", crew: 2 },
      { name: "main", side: "port", hatches: [{ id: "b" }] },
    ]);
  });

  test("a conflict names each field and manager; force takes it over", async () => {
    await applied("one", { captain: "J", ballast: { lead: "1" }, route: ["x"], flags: ["a"] });
    const refused = await applied("two", { captain: "K", ballast: { iron: "1" }, route: ["y"], flags: ["b"] });
    assert.equal(refused.status, 409);
    assert.deepEqual(refused.json.details.causes.map(({ field }: { field: string }) => field).sort(), [
      ".spec.ballast",
      ".spec.captain",
      ".spec.route",
    ]);
    const { json } = await applied(
      "two",
      { captain: "K", ballast: { iron: "1" }, route: ["y"], flags: ["b"] },
      "&force=true",
    );
    assert.deepEqual(
      [json.spec.captain, json.spec.ballast, json.spec.route, json.spec.flags],
      ["K", { iron: "1" }, ["y"], ["a", "b"]],
    );
    const released = await applied("one", {});
    assert.deepEqual(released.json.spec.flags, ["b"]);
  });

  test("ownership follows a manager who applies in another version", async () => {
    await applied("one", { captain: "Jason" });
    const old = await fleet.ask({
      method: "PATCH",
      path: `${item.replace("/v1/", "/v1beta1/")}?fieldManager=two`,
      headers: apply,
      body: aShip({ captain: { first: "Tiphys" } }, "v1beta1"),
    });
    assert.equal(old.status, 409, old.bytes.toString());
  });

  test("a status is applied on its own", async () => {
    await create();
    const { json } = await ask({
      method: "PATCH",
      path: `${item}/status?fieldManager=watchman`,
      headers: apply,
      body: { ...aShip(), status: { conditions: [{ type: "Afloat", status: "True" }] } },
    });
    assert.deepEqual(json.status, { phase: "Launched", conditions: [{ type: "Afloat", status: "True" }] });
  });
});

describe("subresources", () => {
  test("the scale shows and sets the replicas", async () => {
    await create({ replicas: 2 });
    await ask({
      method: "PATCH",
      path: `${item}/status`,
      headers: merge,
      body: { status: { replicas: 1, selector: "ship=argo" } },
    });
    const { json: scale } = await ask({ path: `${item}/scale` });
    assert.deepEqual(
      [scale.kind, scale.apiVersion, scale.spec, scale.status],
      ["Scale", "autoscaling/v1", { replicas: 2 }, { replicas: 1, selector: "ship=argo" }],
    );
    await ask({ method: "PATCH", path: `${item}/scale`, headers: merge, body: { spec: { replicas: 3 } } });
    await ask({
      method: "PUT",
      path: `${item}/scale`,
      body: { ...scale, metadata: { name: "argo" }, spec: { replicas: 5 } },
    });
    const { json } = await ask({ path: item });
    assert.deepEqual([json.spec.replicas, json.metadata.generation], [5, 3]);
    assert.ok(json.metadata.managedFields.some(({ subresource = "" }) => subresource === "scale"));
    const tooMany = await fleet.ask({
      method: "PATCH",
      path: `${item}/scale`,
      headers: merge,
      body: { spec: { replicas: 10 } },
    });
    assert.equal(tooMany.status, 422);
  });

  test("one that speaks for itself gets the rest of the path and the body", async () => {
    await create();
    assert.equal(
      (await ask({ path: `${item}/signal/flag/half-mast` })).bytes.toString(),
      "argo flag half-mast nothing",
    );
    assert.equal((await ask({ method: "POST", path: `${item}/signal`, body: "ahoy" })).bytes.toString(), "argo ahoy");
    assert.equal((await fleet.ask({ method: "DELETE", path: `${item}/signal` })).status, 405);
    assert.equal((await fleet.ask({ path: `${collection}/none/signal` })).status, 404);
  });
});

describe("reading", () => {
  test("names, columns and selectable fields are as declared", async () => {
    await create({ mode: "Steam", captain: "J" });
    const resources = (await ask({ path: `${root}/v1` })).json.resources;
    assert.deepEqual(
      resources.map(({ name, kind, group = "", version = "" }: Record<string, string>) =>
        [name, kind, group, version].join(" "),
      ),
      ["ships Ship  ", "ships/scale Scale autoscaling v1", "ships/signal Signal  ", "ships/status Ship  "],
    );
    assert.deepEqual([resources[0].shortNames, resources[0].categories], [["sh"], ["fleet"]]);
    const table = (await ask({ path: collection, headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } }))
      .json;
    assert.deepEqual(
      table.columnDefinitions.map(({ name, priority }: { name: string; priority: number }) => `${name} ${priority}`),
      ["Name 0", "Mode 0", "Replicas 0", "Captain 1"],
    );
    assert.deepEqual(table.rows[0].cells, ["argo", "Steam", 1, "J"]);
    const selected = async (field: string) =>
      (await ask({ path: `${collection}?fieldSelector=${field}` })).json.items.length;
    assert.deepEqual([await selected("spec.mode%3DSteam"), await selected("spec.mode!%3DSteam")], [1, 0]);
  });

  test("OpenAPI says what the schema says", async () => {
    const { json } = await ask({ path: `/openapi/v3${root}/v1` });
    const { properties } = json.components.schemas["com.example.fleet.v1.Ship"];
    const spec = properties.spec.properties;
    assert.deepEqual(spec.decks["x-kubernetes-list-map-keys"], ["name", "side"]);
    assert.equal(spec.reserve["x-kubernetes-int-or-string"], true);
    assert.equal(spec.papers["x-kubernetes-preserve-unknown-fields"], true);
    assert.deepEqual(spec.mode.enum, ["Sail", "Steam"]);
    assert.deepEqual(spec.nickname, { type: "string", nullable: true });
    assert.ok(`${root}/v1/namespaces/{namespace}/ships/{name}/scale` in json.paths);
  });

  test("a watch in one version hears of writes in another", async () => {
    const { json } = await ask({ path: collection });
    await create({ captain: "Jason" });
    const { bytes } = await ask({
      path: `${collection.replace("/v1/", "/v1beta1/")}?watch=true&timeoutSeconds=1&resourceVersion=${json.metadata.resourceVersion}`,
    });
    const [event] = bytes.toString().split("\n");
    const { type, object } = JSON.parse(event ?? "");
    assert.deepEqual(
      [type, object.apiVersion, object.spec.captain],
      ["ADDED", "fleet.example.com/v1beta1", { first: "Jason" }],
    );
  });
});

describe("versions", () => {
  test("any ship comes back from every version as it went", () => {
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 8 }).filter((value) => !value.includes(" "));
    const decks = fc.uniqueArray(
      fc.record(
        { name: text, side: fc.constantFrom("port", "starboard"), crew: fc.nat(100) },
        { requiredKeys: ["name", "side"] },
      ),
      { selector: ({ name, side }) => `${name}/${side}` },
    );
    const spec = fc.record(
      {
        mode: fc.constantFrom("Sail", "Steam"),
        decks,
        cargo: fc.dictionary(text, fc.constantFrom("1", "5Gi", "250m")),
        papers: fc.dictionary(text, fc.jsonValue()),
        captain: fc
          .oneof(
            text,
            fc.tuple(text, text).map((names) => names.join(" ")),
          )
          .filter((name) => name.trim() !== ""),
        reserve: fc.oneof(fc.nat(), fc.constant("10%")),
      },
      { requiredKeys: ["mode"] },
    );
    fc.assert(
      fc.property(spec, (declared) => {
        const hub = objectSchema(ship, "v1").decode({ ...aShip(declared), metadata: { name: "argo" } });
        assert.deepEqual(toHub(ship, fromHub(ship, hub, "v1beta1"), "v1beta1").spec, hub.spec);
      }),
    );
  });
});
