// `annex up --extension FILE` follows what its author writes.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Client, httpTransport, loadKubeconfig } from "../../src/client/door.ts";
import { type AnnexProcess, annex, gadgetServer, temporaryDirectory } from "../support/annex.ts";

interface Workshop {
  readonly up: AnnexProcess;
  readonly client: Client;
  /** Writes a file of the extension. */
  edit(name: string, code: string): void;
}

const path = "/apis/gadgets.example.com/v1/namespaces/default/gadgets";
const aGadget = (name: string, fields: object) => ({
  apiVersion: "gadgets.example.com/v1",
  kind: "Gadget",
  metadata: { name },
  ...fields,
});

/** A control plane with the gadgets' server, which imports a module of its own. */
async function start(t: TestContext): Promise<Workshop> {
  const directory = temporaryDirectory(t);
  const edit = (name: string, code: string) => writeFileSync(join(directory, name), code);
  edit("limits.ts", "export const sizeMax: number = 1;\n");
  edit("gadgets.ts", gadgetServer({ first: 'import { sizeMax } from "./limits.ts";\nvoid sizeMax;' }));
  const data = join(directory, "data");
  const up = annex(t, ["up", "--secure-port=0", `--data-dir=${data}`, `--extension=${join(directory, "gadgets.ts")}`]);
  await up.says(/ready in/);
  const client = new Client({ transport: httpTransport(loadKubeconfig({ path: join(data, "kubeconfig") })) });
  t.after(() => client.close());
  return { up, client, edit };
}

test("an edit is served after a moment, objects stay, and watches end politely", async (t) => {
  const { up, client, edit } = await start(t);
  await client.json({ method: "POST", path, body: aGadget("one", { size: 1 }) });
  const seen: string[] = [];
  const watch = client
    .resource({ group: "gadgets.example.com", version: "v1", resource: "gadgets", isNamespaced: true })
    .watch({ namespace: "default", resourceVersion: "0" });
  const watched = (async () => {
    for await (const { type } of await watch) seen.push(type);
  })();
  edit("gadgets.ts", gadgetServer({ field: "weight" }));
  await up.says(/gadgets: reloaded\n/);
  await watched; // It rejects where the connection was cut.
  assert.deepEqual(seen, ["ADDED"]);
  assert.partialDeepStrictEqual(await client.json({ path: `${path}/one` }), { metadata: { name: "one" } });
  const made = await client.json({ method: "POST", path, body: aGadget("two", { weight: 2, size: 2 }) });
  assert.partialDeepStrictEqual(made, { weight: 2 });
  assert.ok(typeof made === "object" && made !== null && !("size" in made));
});

test("a change of an imported module counts, and an edit that does not start leaves the old version running", async (t) => {
  const { up, client, edit } = await start(t);
  edit("limits.ts", "export const sizeMax: number = ;\n");
  const [line] = await up.says(/gadgets: not reloaded.*\n/);
  assert.match(line, /^gadgets: not reloaded, the old version runs on: \w*SyntaxError.*limits\.ts:1\)\n$/);
  assert.partialDeepStrictEqual(await client.json({ method: "POST", path, body: aGadget("one", { size: 1 }) }), {
    size: 1,
  });
  edit("limits.ts", "export const sizeMax: number = 2;\n");
  await up.says(/gadgets: reloaded\n/);
  assert.partialDeepStrictEqual(await client.json({ path: `${path}/one` }), { size: 1 });
});
