// The server behind an APIService: its addresses in turn, and the connections to each.

import { type Clock, systemClock } from "../base/clock.ts";
import { HttpPool, type IncomingResponse, type OutgoingRequest } from "../client/door.ts";
import type { ApiServiceView, ServiceReference } from "./api-service-view.ts";
import { type Address, addressesOf, formatAddress } from "./endpoints.ts";
import { describeFailure, isDialFailure } from "./failure.ts";
import type { Source } from "./source.ts";

export interface BackendOptions {
  readonly source: Source;
  readonly service: ServiceReference;
  readonly trust: Trust;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly clock?: Clock;
}

/** How the server proves who it is. */
export type Trust =
  | { readonly name: "machine" }
  | { readonly name: "bundle"; readonly pem: string }
  | { readonly name: "anybody" };

export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A caBundle that holds no certificate: nobody can be verified. */
export const unreadableBundle = "unable to load root certificates: unable to parse bytes as PEM block";

/** How an APIService wants its server verified; undefined where its caBundle holds no certificate. */
export function trustOf({ caBundle, insecureSkipTlsVerify }: ApiServiceView): Trust | undefined {
  if (insecureSkipTlsVerify) return { name: "anybody" };
  if (caBundle === undefined) return { name: "machine" };
  const pem = Buffer.from(caBundle, "base64").toString("utf8");
  return /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.test(pem) ? { name: "bundle", pem } : undefined;
}

/** An address that could not be dialled is passed over for this long, unless there is no other. */
const passedOverMs = 10_000;

/** A hop that failed. The message says why in Go's words, and `address` where. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly address: Address;

  constructor(address: Address, cause: unknown) {
    super(describeFailure(cause, address), { cause });
    this.address = address;
  }
}

export interface BackendRequest extends Omit<OutgoingRequest, "authority" | "headers"> {
  /** The headers, given the `host:port` that is asked. */
  readonly headers: (authority: string) => OutgoingRequest["headers"];
}

export interface BackendResponse extends IncomingResponse {
  readonly authority: string;
}

function isSpent(body: OutgoingRequest["body"]): boolean {
  return body !== undefined && !Buffer.isBuffer(body) && (body.readableDidRead || body.destroyed);
}

export class Backend {
  readonly #options: BackendOptions;
  readonly #clock: Clock;
  readonly #pools = new Map<string, HttpPool>();
  readonly #passedOverUntilMs = new Map<string, number>();
  #addresses: readonly Address[] | undefined;
  #turn = 0;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get service(): ServiceReference {
    return this.#options.service;
  }

  /** The next address in turn. Throws a NoRouteError where there is none. */
  nextAddress(): Address {
    const addresses = this.#resolve();
    const [only] = addresses;
    if (addresses.length === 1 && only !== undefined) return only;
    const nowMs = this.#clock.nowMs();
    for (let step = 0; step < addresses.length; step++) {
      const address = addresses[this.#turn++ % addresses.length];
      if (address !== undefined && (this.#passedOverUntilMs.get(formatAddress(address)) ?? 0) <= nowMs) return address;
    }
    return addresses[this.#turn++ % addresses.length] ?? { host: "", port: 0 };
  }

  /** Sends a request. Throws a BackendError where no answer came, a NoRouteError where there is nobody to ask. */
  async send({ headers, ...request }: BackendRequest): Promise<BackendResponse> {
    for (let attempt = 1; ; attempt++) {
      const address = this.nextAddress();
      const authority = formatAddress(address);
      try {
        const response = await this.#poolOf(address).request({ ...request, authority, headers: headers(authority) });
        return { ...response, authority };
      } catch (error) {
        if (request.signal?.aborted) throw error;
        if (!isDialFailure(error)) throw new BackendError(address, error);
        this.#passedOverUntilMs.set(authority, this.#clock.nowMs() + passedOverMs);
        // Nothing was sent, so that another endpoint may have it, each at most once; unless a part of the body is spent already.
        if (attempt >= this.#resolve().length || isSpent(request.body)) throw new BackendError(address, error);
      }
    }
  }

  /** Asks one address and no other: how the availability of each is looked at. */
  async sendTo(address: Address, { headers, ...request }: BackendRequest): Promise<IncomingResponse> {
    const authority = formatAddress(address);
    return this.#poolOf(address).request({ ...request, authority, headers: headers(authority) });
  }

  /** A connection of its own, for upgrades. Throws a BackendError. */
  async dial(signal: AbortSignal) {
    const address = this.nextAddress();
    try {
      return { socket: await this.#poolOf(address).dial(signal), authority: formatAddress(address) };
    } catch (error) {
      throw new BackendError(address, error);
    }
  }

  /** The service or its endpoints have changed: addresses are looked up again, connections to those that are gone end with what is under way. */
  readdress(): void {
    this.#addresses = undefined;
    this.#passedOverUntilMs.clear();
    if (this.#pools.size === 0) return;
    const current = new Set(this.#resolveQuietly().map(formatAddress));
    for (const [authority, pool] of this.#pools)
      if (!current.has(authority)) {
        this.#pools.delete(authority);
        pool.retire();
      }
  }

  closeIdle(): void {
    for (const pool of this.#pools.values()) pool.closeIdle();
  }

  /** Takes no new requests; what is under way ends by itself. */
  retire(): void {
    for (const pool of this.#pools.values()) pool.retire();
    this.#pools.clear();
  }

  /** Cuts everything. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  #resolve(): readonly Address[] {
    this.#addresses ??= addressesOf(this.#options.source, this.#options.service);
    return this.#addresses;
  }

  #resolveQuietly(): readonly Address[] {
    try {
      return this.#resolve();
    } catch {
      return [];
    }
  }

  #poolOf(address: Address): HttpPool {
    const authority = formatAddress(address);
    const known = this.#pools.get(authority);
    if (known !== undefined) return known;
    const { service, trust, clientCertificate } = this.#options;
    const pool = new HttpPool({
      ...address,
      // Whatever the address: certificates are made for the service.
      serverName: `${service.name}.${service.namespace}.svc`,
      ...(trust.name === "bundle" ? { ca: trust.pem } : {}),
      insecureSkipTlsVerify: trust.name === "anybody",
      ...clientCertificate,
    });
    this.#pools.set(authority, pool);
    return pool;
  }
}
