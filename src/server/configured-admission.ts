// Which admission plug-ins run, as the flags say it.

import type { AdmissionPlugin } from "./admission/admission.ts";
import { FlagError } from "./flag-set.ts";
import type { CommonFlagName, Flags } from "./flags.ts";

/** The reference's plug-ins that look at objects through webhooks and policies, which nobody has here: there is nothing to turn off. */
const knownElsewhere = [
  "MutatingAdmissionPolicy",
  "MutatingAdmissionWebhook",
  "NamespaceLifecycle",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionWebhook",
];

/** Those that are not turned off, in their order. Throws a FlagError for a name that nobody has. */
export function enabledPlugins(flags: Flags<CommonFlagName>, plugins: readonly AdmissionPlugin[]): AdmissionPlugin[] {
  const known = new Set([...knownElsewhere, ...plugins.map(({ name }) => name)]);
  for (const flag of ["disable-admission-plugins", "enable-admission-plugins"] as const)
    for (const name of flags.list(flag))
      if (!known.has(name)) throw new FlagError(`--${flag}: unknown admission plug-in "${name}"`);
  const disabled = new Set(flags.list("disable-admission-plugins"));
  for (const name of flags.list("enable-admission-plugins"))
    if (disabled.has(name))
      throw new FlagError(`"${name}" is in --enable-admission-plugins and --disable-admission-plugins`);
  return plugins.filter(({ name }) => !disabled.has(name));
}
