// OpenAPI of all servers: v3 by reference, each document passed on from its server, or made of its v2 where it has no other;
// v2 as one document, made when somebody asks.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition

import { createHash } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import { once } from "../base/once.ts";
import { Client } from "../client/door.ts";
import {
  type ApiRequest,
  type ApiResponse,
  type DocumentV2,
  type Handler,
  handlerTransport,
  header,
  loadOpenApi,
  type OpenApiV2,
  type OpenApiV3,
  type UserInfo,
} from "../server/door.ts";
import type { Backend } from "./backend.ts";
import { asker, KeptDocuments } from "./kept-documents.ts";
import { type Json, mergeSpecs, type PartialSpec } from "./openapi-merge.ts";
import { specToV3 } from "./openapi-to-v3.ts";
import { proxy } from "./proxy.ts";
import type { Route, Routes } from "./routes.ts";
import { textAnswer } from "./text-answer.ts";

interface MergedOpenApiOptions {
  readonly routes: Routes;
  readonly clock: Clock;
}

/** In-process questions are for a server that has not asked who this is yet. */
const inside: UserInfo = { ...asker, groups: ["system:masters"] };

export class MergedOpenApi {
  readonly #routes: Routes;
  readonly #v2: KeptDocuments;
  readonly #v3: KeptDocuments;
  /** By the v2 document that they are made of. */
  readonly #converted = new WeakMap<Json, OpenApiV3>();
  #localV2: Json | undefined;
  #merged: { readonly inputs: readonly unknown[]; readonly forms: OpenApiV2 } | undefined;

  constructor({ routes, clock }: MergedOpenApiOptions) {
    this.#routes = routes;
    this.#v2 = new KeptDocuments({ path: "/openapi/v2", routes, clock });
    this.#v3 = new KeptDocuments({ path: "/openapi/v3", routes, clock });
  }

  close(): void {
    this.#v2.close();
    this.#v3.close();
  }

  /** Undefined for a path that is none of it. */
  answer(request: ApiRequest, next: Handler): Promise<ApiResponse> | undefined {
    const { path } = request;
    if (path === "/openapi/v2") return this.#answerMerged(request, next);
    if (path === "/openapi/v3") return this.#answerIndex(request, next);
    if (path.startsWith("/openapi/v3/")) return this.#answerDocument(request, next);
    return undefined;
  }

  // --- v3

  async #answerIndex(request: ApiRequest, next: Handler): Promise<ApiResponse> {
    return answerJson(request, Buffer.from(JSON.stringify({ paths: await this.#index(next) })));
  }

  /** A version of a backend is passed on as it comes, whatever form the client wants. */
  async #answerDocument(request: ApiRequest, next: Handler): Promise<ApiResponse> {
    const key = request.path.slice("/openapi/v3/".length);
    const route = this.#routes.find(key.replace(/^apis\//, ""));
    if (route?.backend !== undefined && key.startsWith("apis/")) {
      const converted = await this.#convertedOf(route);
      if (converted !== undefined) return (await loadOpenApi()).answerV3(request, converted);
      if (!(key in (await this.#entries(route)))) return nothing;
      return route.view.isAvailable
        ? proxy(request, route.backend, { rewritesLinks: false })
        : textAnswer(503, "service unavailable");
    }
    const { paths } = await localDocument(next, "/openapi/v3");
    if (key in recordOf(paths)) return next(request);
    const server = await this.#serverOfGroup(key);
    return server === undefined ? nothing : proxy(request, server, { rewritesLinks: false });
  }

  /** An available backend that describes a group as such, beside its versions. */
  async #serverOfGroup(key: string): Promise<Backend | undefined> {
    for (const route of this.#routes.all())
      if (keyOfGroup(route) === key && route.view.isAvailable && key in (await this.#entries(route)))
        return route.backend;
    return undefined;
  }

  async #index(next: Handler): Promise<Json> {
    const remote = [...this.#routes.all()].filter((route) => route.backend !== undefined);
    const [local, ...others] = await Promise.all([
      localDocument(next, "/openapi/v3"),
      ...remote.map((route) => this.#entriesOf(route)),
    ]);
    const groups = await Promise.all(remote.map((route) => this.#groupEntryOf(route)));
    return Object.assign(Object.create(null), ...groups, recordOf(local?.paths), ...others);
  }

  async #groupEntryOf(route: Route): Promise<Json> {
    const key = keyOfGroup(route);
    const entry = (await this.#entries(route))[key];
    return entry === undefined ? {} : { [key]: entry };
  }

  async #entriesOf(route: Route): Promise<Json> {
    const key = `apis/${route.view.group}/${route.view.version}`;
    const converted = await this.#convertedOf(route);
    if (converted !== undefined)
      return { [key]: { serverRelativeURL: `/openapi/v3/${key}?hash=${converted.json().hash}` } };
    const entry = (await this.#entries(route))[key];
    return entry === undefined ? {} : { [key]: entry };
  }

  async #entries(route: Route): Promise<Json> {
    const { document } = await this.#v3.of(route);
    return recordOf(document?.paths);
  }

  /** Of a server that has v2 alone: all that it says there, in each of its versions. */
  async #convertedOf(route: Route): Promise<OpenApiV3 | undefined> {
    const { isMissing } = await this.#v3.of(route);
    if (!isMissing) return undefined;
    const { document } = await this.#v2.of(route);
    if (document === undefined) return undefined;
    const { formsOfV3 } = await loadOpenApi();
    const forms = this.#converted.get(document) ?? formsOfV3(once(() => specToV3(document)));
    this.#converted.set(document, forms);
    return forms;
  }

  // --- v2

  /** Made again only where some server's document has changed. */
  async #answerMerged(request: ApiRequest, next: Handler): Promise<ApiResponse> {
    const routesOf = new Map<Backend, Route[]>();
    for (const route of this.#routes.all())
      if (route.backend !== undefined) routesOf.set(route.backend, [...(routesOf.get(route.backend) ?? []), route]);
    const [local, ...parts] = await Promise.all([
      this.#local(next),
      ...[...routesOf.values()].map((routes) => this.#part(routes)),
    ]);
    if (local === undefined) return next(request);
    const others = parts.filter((part) => part !== undefined);
    const inputs = [local, ...others.flatMap(({ document, prefixes }) => [document, prefixes.join()])];
    const { answerV2, formsOfV2 } = await loadOpenApi();
    if (this.#merged === undefined || !isSame(this.#merged.inputs, inputs))
      this.#merged = { inputs, forms: formsOfV2(once(() => documentOf(mergeSpecs(local, others)))) };
    return answerV2(request, this.#merged.forms);
  }

  /** The main API server's own document, which stays the same while it runs. */
  async #local(next: Handler): Promise<Json | undefined> {
    if (this.#localV2 !== undefined) return this.#localV2;
    const document = await localDocument(next, "/openapi/v2");
    this.#localV2 = document.swagger === undefined ? undefined : document;
    return this.#localV2;
  }

  /** What one backend says of its versions. */
  async #part(routes: readonly Route[]): Promise<PartialSpec | undefined> {
    const route = routes.find(({ view }) => view.isAvailable) ?? routes[0];
    if (route === undefined) return undefined;
    const { document } = await this.#v2.of(route);
    return document === undefined
      ? undefined
      : { document, prefixes: routes.map(({ view }) => `/apis/${view.group}/${view.version}/`) };
  }
}

function keyOfGroup({ view }: Route): string {
  return `apis/${view.group}`;
}

function isSame(before: readonly unknown[], now: readonly unknown[]): boolean {
  return before.length === now.length && before.every((input, index) => input === now[index]);
}

function documentOf({ swagger, info, paths, definitions, ...more }: Json): DocumentV2 {
  return {
    ...more,
    swagger: String(swagger),
    info: { title: "", version: "", ...recordOf(info) },
    paths: schemasOf(paths),
    definitions: schemasOf(definitions),
  };
}

function schemasOf(value: unknown): Record<string, Json> {
  return Object.fromEntries(Object.entries(recordOf(value)).map(([name, schema]) => [name, recordOf(schema)]));
}

/** A group that nobody has. */
const nothing: ApiResponse = { status: 404, headers: {}, body: Buffer.alloc(0) };

async function localDocument(next: Handler, path: string): Promise<Json> {
  const client = new Client({ transport: handlerTransport(next, inside) });
  try {
    return recordOf(await client.json({ path }));
  } catch {
    // A server without documents of its own still has those of others.
    return {};
  }
}

function answerJson(request: ApiRequest, body: Buffer): ApiResponse {
  const etag = `"${createHash("sha512").update(body).digest("hex").toUpperCase()}"`;
  const headers = { etag, vary: "Accept", "cache-control": "no-cache, private" };
  if (header(request.headers, "if-none-match") === etag) return { status: 304, headers, body: undefined };
  return { status: 200, headers: { ...headers, "content-type": "application/json" }, body };
}

function recordOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
