// What a control plane keeps between starts beside its objects: authorities, certificates and the kubeconfig.

import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CertificateRequest, type KeyPair, makeAuthority, makeCertificate } from "../base/certificates.ts";

/** Every key and certificate of a control plane. */
export interface Credentials {
  /** Signs what servers show: the control plane's own certificate and the extensions'. */
  readonly servingAuthority: KeyPair;
  /** Signs users' certificates. */
  readonly clientAuthority: KeyPair;
  /** Signs the certificate by which extension servers know the aggregator. */
  readonly proxyAuthority: KeyPair;
  /** Signs tokens of service accounts: the key alone counts. */
  readonly serviceAccountAuthority: KeyPair;
  readonly serving: KeyPair;
  /** A member of system:masters. */
  readonly admin: KeyPair;
  /** What the aggregator shows to extension servers. */
  readonly proxyClient: KeyPair;
}

/** The name by which extension servers know the aggregator. */
export const proxyClientName = "front-proxy-client";
const clientAuthorityName = "client-ca";
/** Certificates are made anew at a start that finds less than this left of them. */
const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;
const servingHosts = ["localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

/** Where credentials live: files, or nowhere for a control plane in memory. */
export interface CredentialStore {
  read(name: string): KeyPair | undefined;
  write(name: string, pair: KeyPair): void;
}

/** Files `NAME.crt` and `NAME.key` (mode 0600) in a folder. */
function fileStore(directory: string): CredentialStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const crt = (name: string) => join(directory, `${name}.crt`);
  const key = (name: string) => join(directory, `${name}.key`);
  return {
    read: (name) =>
      existsSync(crt(name)) && existsSync(key(name))
        ? { certificate: readFileSync(crt(name), "utf8"), key: readFileSync(key(name), "utf8") }
        : undefined,
    write(name, pair) {
      replaceFile(key(name), pair.key, 0o600);
      replaceFile(crt(name), pair.certificate, 0o644);
    },
  };
}

/** Where the credentials of a control plane with a data directory are. */
export function credentialStoreIn(dataDirectory: string): CredentialStore {
  return fileStore(join(dataDirectory, "pki"));
}

/** By which users of a control plane get certificates. Throws where it was never started. */
export function clientAuthorityIn(dataDirectory: string): KeyPair {
  const authority = credentialStoreIn(dataDirectory).read(clientAuthorityName);
  if (authority === undefined)
    throw new Error(`there is no authority for users in ${dataDirectory}: annex up makes it`);
  return authority;
}

/** Keeps nothing. */
export const memoryStore: CredentialStore = { read: () => undefined, write() {} };

/** Writes a file so that a reader sees the old one or the new one, never a part. */
export function replaceFile(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, content, { mode });
  renameSync(`${file}.new`, file);
}

/** Reads the credentials, and makes those that are missing or about to expire. */
export async function loadCredentials(
  store: CredentialStore,
  { nowMs, extraHosts }: { readonly nowMs: number; readonly extraHosts: readonly string[] },
): Promise<Credentials> {
  const authority = (name: string, commonName: string) =>
    keep(store, { name, nowMs }, () => makeAuthority({ commonName, nowMs }));
  const [servingAuthority, clientAuthority, proxyAuthority, serviceAccountAuthority] = await Promise.all([
    authority("serving-ca", "annex-serving"),
    authority(clientAuthorityName, "annex-clients"),
    authority("front-proxy-ca", "annex-front-proxy"),
    authority("service-accounts", "annex-service-accounts"),
  ]);
  const signed = (name: string, signer: KeyPair, request: Omit<CertificateRequest, "nowMs">) =>
    keep(store, { name, nowMs, signer, ...(request.hosts === undefined ? {} : { hosts: request.hosts }) }, () =>
      makeCertificate(signer, { ...request, nowMs }),
    );
  const [serving, admin, proxyClient] = await Promise.all([
    signed("serving", servingAuthority, { commonName: "annex", hosts: [...new Set([...servingHosts, ...extraHosts])] }),
    signed("admin", clientAuthority, { commonName: "annex-admin", organizations: ["system:masters"] }),
    signed("front-proxy-client", proxyAuthority, { commonName: proxyClientName }),
  ]);
  return { servingAuthority, clientAuthority, proxyAuthority, serviceAccountAuthority, serving, admin, proxyClient };
}

interface Kept {
  readonly name: string;
  readonly nowMs: number;
  /** A certificate of another authority is of no use. */
  readonly signer?: KeyPair;
  /** Nor is one that lacks a name. */
  readonly hosts?: readonly string[];
}

async function keep(
  store: CredentialStore,
  { name, nowMs, signer, hosts = [] }: Kept,
  make: () => Promise<KeyPair>,
): Promise<KeyPair> {
  const known = store.read(name);
  if (known !== undefined && isUsable(known, { nowMs, signer, hosts })) return known;
  const made = await make();
  store.write(name, made);
  return made;
}

function isUsable(
  { certificate }: KeyPair,
  {
    nowMs,
    signer,
    hosts,
  }: { readonly nowMs: number; readonly signer: KeyPair | undefined; readonly hosts: readonly string[] },
): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    if (parsed.validToDate.getTime() - nowMs < renewBeforeMs) return false;
    if (signer !== undefined && !parsed.verify(new X509Certificate(signer.certificate).publicKey)) return false;
    return hosts.every((host) => parsed.checkHost(host) !== undefined || parsed.checkIP(host) !== undefined);
  } catch {
    return false; // A damaged file is as good as none: a new one is made.
  }
}

/** A certificate for an extension server that answers as `SERVICE.NAMESPACE.svc`. */
export function extensionCertificate(
  { servingAuthority }: Credentials,
  { service, namespace, nowMs }: { readonly service: string; readonly namespace: string; readonly nowMs: number },
): Promise<KeyPair> {
  return makeCertificate(servingAuthority, {
    commonName: `${service}.${namespace}.svc`,
    hosts: [`${service}.${namespace}.svc`, "localhost", "127.0.0.1"],
    nowMs,
  });
}

export interface KubeconfigOptions {
  readonly url: string;
  /** PEM: what the server's certificate must lead to. */
  readonly authorities: string;
  readonly user: KeyPair;
}

/** A kubeconfig for whoever has this certificate. */
export function kubeconfigFor({ url, authorities, user }: KubeconfigOptions): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    "- name: annex",
    "  cluster:",
    `    server: ${url}`,
    `    certificate-authority-data: ${base64(authorities)}`,
    "users:",
    "- name: annex",
    "  user:",
    `    client-certificate-data: ${base64(user.certificate)}`,
    `    client-key-data: ${base64(user.key)}`,
    "contexts:",
    "- name: annex",
    "  context:",
    "    cluster: annex",
    "    user: annex",
    "current-context: annex",
    "",
  ].join("\n");
}
