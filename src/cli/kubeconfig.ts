// `annex kubeconfig`: how to reach the control plane of a data directory, as its administrator or as somebody else.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeCertificate } from "../base/certificates.ts";
import { systemClock } from "../base/clock.ts";
import { loadKubeconfig } from "../client/door.ts";
import { clientAuthorityIn, kubeconfigFor } from "../control-plane/door.ts";
import { FlagError } from "../server/door.ts";
import { dataDirectoryFlag, defineCommand } from "./command.ts";

export const kubeconfig = defineCommand({
  usage: "annex kubeconfig [--user NAME [--group NAME]...] [flags]",
  about:
    "Prints a kubeconfig: the administrator's, or one for the user that you name, with a client certificate made for it.\nWhat that user may do is for RBAC to say.",
  flags: {
    user: { type: "text", help: "The user's name." },
    group: { type: "list", help: "A group that the user belongs to; may be given several times." },
    lifetime: { type: "duration", default: "8760h", help: "How long the certificate holds." },
    "data-dir": dataDirectoryFlag,
  },
  async run(flags) {
    const dataDirectory = resolve(flags.text("data-dir") ?? "");
    const path = join(dataDirectory, "kubeconfig");
    if (!existsSync(path)) throw new Error(`there is no kubeconfig in ${dataDirectory}: annex up makes one`);
    const user = flags.text("user") ?? "";
    const groups = flags.list("group");
    if (user === "" && groups.length > 0) throw new FlagError("--group says nothing without --user");
    process.stdout.write(
      user === ""
        ? readFileSync(path, "utf8")
        : await kubeconfigOf({ dataDirectory, path, user, groups, lifetimeMs: flags.durationMs("lifetime") }),
    );
    return 0;
  },
});

interface Identity {
  readonly dataDirectory: string;
  /** The administrator's kubeconfig, which knows the server. */
  readonly path: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly lifetimeMs: number;
}

async function kubeconfigOf({ dataDirectory, path, user, groups, lifetimeMs }: Identity): Promise<string> {
  const { server, certificateAuthority = "" } = loadKubeconfig({ path });
  const certificate = await makeCertificate(clientAuthorityIn(dataDirectory), {
    commonName: user,
    organizations: groups,
    lifetimeMs,
    nowMs: systemClock.nowMs(),
  });
  return kubeconfigFor({ url: server, authorities: certificateAuthority, user: certificate });
}
