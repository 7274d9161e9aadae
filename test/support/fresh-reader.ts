// Writes through one server and reads through another at once, in every way there is: no answer may be older than the answered write.

import assert from "node:assert/strict";
import { StatusError } from "annex/api";
import { sleep } from "./faults.ts";
import { aFlunder, type Flunder, type Flunders, isWithoutAnswer, namespace, surely } from "./flunder-traffic.ts";

const pageSize = 3;

export class FreshReader {
  /** How many reads were held against a write. */
  checked = 0;
  readonly #name: string;
  readonly #writeTo: () => Flunders;
  readonly #readFrom: () => Flunders;
  #count = 0;

  constructor(name: string, servers: { readonly writeTo: () => Flunders; readonly readFrom: () => Flunders }) {
    this.#name = name;
    this.#writeTo = servers.writeTo;
    this.#readFrom = servers.readFrom;
  }

  async run(signal: AbortSignal): Promise<void> {
    await surely(() => this.#create());
    while (!signal.aborted) {
      try {
        await this.#writeAndRead();
      } catch (error) {
        if (!isWithoutAnswer(error)) throw error;
        await sleep(5);
      }
    }
  }

  async #create(): Promise<void> {
    try {
      await this.#writeTo().create(aFlunder(this.#name, "0"));
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === "AlreadyExists")) throw error;
    }
  }

  async #writeAndRead(): Promise<void> {
    const patch = { spec: { reference: `${++this.#count}` } };
    const written = await this.#writeTo().patch(this.#name, patch, { namespace, type: "merge" });
    const resourceVersion = written.metadata.resourceVersion ?? "";
    const flunders = this.#readFrom();
    this.#assertFresh("get", await flunders.get(this.#name, { namespace }));
    this.#assertFresh("get at least", await flunders.get(this.#name, { namespace, resourceVersion }));
    this.#assertFresh("list", this.#find((await flunders.list({ namespace })).items));
    this.#assertFresh("list at least", this.#find((await flunders.list({ namespace, resourceVersion })).items));
    this.#assertFresh("pages", this.#find(await this.#pages(flunders)));
  }

  async #pages(flunders: Flunders): Promise<Flunder[]> {
    const items: Flunder[] = [];
    for await (const item of flunders.listAll({ namespace, limit: pageSize })) items.push(item);
    return items;
  }

  #find(items: readonly Flunder[]): Flunder | undefined {
    return items.find(({ metadata }) => metadata.name === this.#name);
  }

  #assertFresh(how: string, found: Flunder | undefined): void {
    const shown = Number(found?.spec.reference ?? -1);
    assert.ok(shown >= this.#count, `${how} of ${this.#name} shows ${shown} after write ${this.#count} was answered`);
    this.checked++;
  }
}
