// Whom a control plane believes, and what it shows of itself: its own authorities, and the files that somebody else keeps in their place or beside them.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/

import type { ClientCertificate } from "../aggregator/door.ts";
import type { Clock } from "../base/clock.ts";
import { readFiles, watchFiles } from "../base/watched-files.ts";
import { CertificatePool, type Logger, type RequestHeaderConfig } from "../server/door.ts";
import { type Credentials, proxyClientName } from "./state-directory.ts";

/** Files of certificates, by the names of the main API server's flags. Each is read again when it changes. */
export interface TrustFiles {
  /** The authority of client certificates, beside the control plane's own. */
  readonly clientCaFile?: string;
  /** What the control plane shows to its clients, in place of a certificate of its own. */
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  /** What the aggregator shows to extension servers, in place of a certificate of its own. */
  readonly proxyClientCertFile?: string;
  readonly proxyClientKeyFile?: string;
  /** Front proxies that may say who asks, here and at extension servers. */
  readonly requestHeaderClientCaFile?: string;
}

/** How front proxies say who asks. The defaults are the reference's. */
export interface RequestHeaderNames {
  /** Common names of front proxies; empty for any that the authority signed. */
  readonly allowedNames?: readonly string[];
  readonly usernameHeaders?: readonly string[];
  readonly uidHeaders?: readonly string[];
  readonly groupHeaders?: readonly string[];
  readonly extraHeadersPrefixes?: readonly string[];
}

interface TrustOptions {
  readonly credentials: Credentials;
  readonly files: TrustFiles;
  readonly requestHeaderNames: RequestHeaderNames;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Reads the files. Throws what the system says of one that cannot be read, and a TypeError for one that holds no certificate. */
export class Trust implements Disposable {
  readonly #options: TrustOptions;
  readonly #contents: Partial<Record<keyof TrustFiles, string>> = {};
  readonly #listeners = new Set<() => void>();
  readonly #stopWatching: () => void;
  #clientCertificates: CertificatePool;
  #requestHeader: RequestHeaderConfig | undefined;
  #aggregator: RequestHeaderConfig;

  constructor(options: TrustOptions) {
    this.#options = options;
    requirePairs(options.files);
    const given = Object.entries(options.files).filter(([, path]) => path !== undefined && path !== "");
    const paths = given.map(([, path]) => String(path));
    const take = (contents: readonly string[]) => {
      for (const [at, [name]] of given.entries()) if (isTrustFile(name)) this.#contents[name] = contents[at] ?? "";
    };
    take(readFiles(paths));
    this.#clientCertificates = this.#makePool(this.clientAuthorities);
    this.#requestHeader = this.#makeRequestHeader();
    this.#aggregator = this.#makeAggregator();
    this.#stopWatching = watchFiles({
      paths,
      onChange: (contents) => {
        take(contents);
        this.#clientCertificates = this.#makePool(this.clientAuthorities);
        this.#requestHeader = this.#makeRequestHeader();
        this.#aggregator = this.#makeAggregator();
        for (const listener of this.#listeners) listener();
      },
      onError: (error) => options.logger.error({ error }, "certificates could not be read again"),
    });
  }

  /** PEM. The control plane's own is always among them, since it signs what `annex kubeconfig` hands out. */
  get clientAuthorities(): string {
    return join(this.#contents.clientCaFile, this.#options.credentials.clientAuthority.certificate);
  }

  /** PEM: who signs the certificates of front proxies, the aggregator's own included. */
  get proxyAuthorities(): string {
    const { proxyAuthority } = this.#options.credentials;
    return join(this.#contents.requestHeaderClientCaFile, this.#showsOwnProxyClient ? proxyAuthority.certificate : "");
  }

  /** PEM: what clients have to believe to know the control plane. */
  get servingAuthorities(): string {
    return join(this.#contents.tlsCertFile, this.#options.credentials.servingAuthority.certificate);
  }

  get serving(): { readonly cert: string; readonly key: string } {
    const { serving } = this.#options.credentials;
    return (
      pair(this.#contents.tlsCertFile, this.#contents.tlsPrivateKeyFile) ?? {
        cert: serving.certificate,
        key: serving.key,
      }
    );
  }

  get proxyClient(): ClientCertificate {
    const { proxyClient } = this.#options.credentials;
    return (
      pair(this.#contents.proxyClientCertFile, this.#contents.proxyClientKeyFile) ?? {
        cert: proxyClient.certificate,
        key: proxyClient.key,
      }
    );
  }

  get clientCertificates(): CertificatePool {
    return this.#clientCertificates;
  }

  /** The front proxies in front of the control plane; undefined where there are none. */
  get requestHeader(): RequestHeaderConfig | undefined {
    return this.#requestHeader;
  }

  /** The front proxies in front of extension servers: the aggregator, and those that are in front of the control plane. */
  get aggregator(): RequestHeaderConfig {
    return this.#aggregator;
  }

  get requestHeaderNames(): Required<RequestHeaderNames> {
    const { allowedNames = [], ...headers } = this.#options.requestHeaderNames;
    const isOpen = this.#contents.requestHeaderClientCaFile !== undefined && allowedNames.length === 0;
    const names = this.#showsOwnProxyClient && !isOpen ? [...allowedNames, proxyClientName] : allowedNames;
    return { ...defaultHeaders, ...headers, allowedNames: names };
  }

  /** What extension servers have to know to believe the aggregator: the data of kube-system/extension-apiserver-authentication. */
  get published(): Readonly<Record<string, string>> {
    const { allowedNames, usernameHeaders, uidHeaders, groupHeaders, extraHeadersPrefixes } = this.requestHeaderNames;
    return {
      "client-ca-file": this.clientAuthorities,
      "requestheader-client-ca-file": this.proxyAuthorities,
      "requestheader-allowed-names": JSON.stringify(allowedNames),
      "requestheader-username-headers": JSON.stringify(usernameHeaders),
      "requestheader-uid-headers": JSON.stringify(uidHeaders),
      "requestheader-group-headers": JSON.stringify(groupHeaders),
      "requestheader-extra-headers-prefix": JSON.stringify(extraHeadersPrefixes),
    };
  }

  /** Calls `listener` when a file has changed. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  [Symbol.dispose](): void {
    this.#stopWatching();
    this.#listeners.clear();
  }

  get #showsOwnProxyClient(): boolean {
    return this.#contents.proxyClientCertFile === undefined;
  }

  #makePool(bundle: string): CertificatePool {
    return new CertificatePool(bundle, this.#options.clock);
  }

  #makeAggregator(): RequestHeaderConfig {
    return requestHeaderConfig(this.#makePool(this.proxyAuthorities), this.requestHeaderNames);
  }

  #makeRequestHeader(): RequestHeaderConfig | undefined {
    const bundle = this.#contents.requestHeaderClientCaFile;
    if (bundle === undefined) return undefined;
    return requestHeaderConfig(this.#makePool(bundle), {
      ...defaultHeaders,
      ...this.#options.requestHeaderNames,
    });
  }
}

const defaultHeaders: Required<RequestHeaderNames> = {
  allowedNames: [],
  usernameHeaders: ["X-Remote-User"],
  uidHeaders: ["X-Remote-Uid"],
  groupHeaders: ["X-Remote-Group"],
  extraHeadersPrefixes: ["X-Remote-Extra-"],
};

/** Header names as they come in. */
function requestHeaderConfig(pool: CertificatePool, names: Required<RequestHeaderNames>): RequestHeaderConfig {
  const lower = (headers: readonly string[]) => headers.map((header) => header.toLowerCase());
  return {
    pool,
    allowedNames: names.allowedNames,
    usernameHeaders: lower(names.usernameHeaders),
    uidHeaders: lower(names.uidHeaders),
    groupHeaders: lower(names.groupHeaders),
    extraHeaderPrefixes: lower(names.extraHeadersPrefixes),
  };
}

function isTrustFile(name: string): name is keyof TrustFiles {
  return name in trustFiles;
}

/** Each file, and the one without which it makes no sense. */
const trustFiles: Readonly<Record<keyof TrustFiles, keyof TrustFiles | undefined>> = {
  clientCaFile: undefined,
  tlsCertFile: "tlsPrivateKeyFile",
  tlsPrivateKeyFile: "tlsCertFile",
  proxyClientCertFile: "proxyClientKeyFile",
  proxyClientKeyFile: "proxyClientCertFile",
  requestHeaderClientCaFile: undefined,
};

function requirePairs(files: TrustFiles): void {
  for (const [name, companion] of Object.entries(trustFiles))
    if (companion !== undefined && isTrustFile(name) && files[name] !== undefined && files[companion] === undefined)
      throw new TypeError(`Cannot use ${name} as ${companion} must be given with it`);
}

function join(...bundles: readonly (string | undefined)[]): string {
  return bundles
    .filter((bundle) => bundle !== undefined && bundle !== "")
    .map((bundle) => `${bundle?.trim()}\n`)
    .join("");
}

function pair(cert: string | undefined, key: string | undefined): ClientCertificate | undefined {
  return cert === undefined || key === undefined ? undefined : { cert, key };
}
