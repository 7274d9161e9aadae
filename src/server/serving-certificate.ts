// The server's own certificate: the one that flags name, or one that is made once and kept.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { ensureDirectory } from "../base/directories.ts";
import { FlagError } from "./flag-set.ts";
import type { Flags } from "./flags.ts";

export interface ServingCertificate {
  readonly key: string;
  readonly cert: string;
  /** The files of both, where somebody else keeps them and may renew them. */
  readonly files?: { readonly cert: string; readonly key: string };
}

/** Throws a FlagError where only one half is named. */
export async function servingCertificate(flags: Flags): Promise<ServingCertificate> {
  const certFile = flags.text("tls-cert-file") ?? "";
  const keyFile = flags.text("tls-private-key-file") ?? "";
  if ((certFile === "") !== (keyFile === ""))
    throw new FlagError("--tls-cert-file and --tls-private-key-file must be given together");
  if (certFile !== "")
    return {
      cert: readFileSync(certFile, "utf8"),
      key: readFileSync(keyFile, "utf8"),
      files: { cert: certFile, key: keyFile },
    };
  return selfSigned(flags.text("cert-dir") ?? ".");
}

/** `apiserver.crt` and `apiserver.key` in a folder, made at the first start as the reference makes them. */
async function selfSigned(directory: string): Promise<ServingCertificate> {
  const certFile = join(directory, "apiserver.crt");
  const keyFile = join(directory, "apiserver.key");
  if (existsSync(certFile) && existsSync(keyFile))
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  const { makeAuthority, makeCertificate } = await import("../base/certificates.ts");
  const nowMs = systemClock.nowMs();
  const name = hostname();
  const authority = await makeAuthority({ commonName: `${name}-ca@${Math.floor(nowMs / 1000)}`, nowMs });
  const made = await makeCertificate(authority, {
    commonName: `${name}@${Math.floor(nowMs / 1000)}`,
    hosts: [name, "localhost", "127.0.0.1", "::1"],
    nowMs,
  });
  ensureDirectory(directory);
  writeFileSync(keyFile, made.key, { mode: 0o600 });
  writeFileSync(certFile, made.certificate + authority.certificate);
  return { cert: made.certificate + authority.certificate, key: made.key };
}
