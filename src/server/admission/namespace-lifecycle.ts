// Admission: nothing is created in a namespace that is not there or is going away, and some namespaces stay for good.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle

import { StatusError } from "../../api/door.ts";
import type { AdmissionPlugin, AdmissionRequest } from "./admission.ts";
import { admissionForbidden } from "./forbidden.ts";

/** Where the plug-in looks namespaces up: a cache of them, or the server that has them. */
export interface NamespaceLookup {
  /** `status.phase` of a namespace, such as "Active" or "Terminating"; undefined where it is not there. Rejects where nobody could say. */
  phaseOf(name: string, signal: AbortSignal): Promise<string | undefined> | string | undefined;
}

interface NamespaceLifecycleOptions {
  readonly namespaces: NamespaceLookup;
  /** Namespaces that must not be deleted. Default: those that every cluster has. */
  readonly immortal?: readonly string[];
}

/** Kinds that are questions: an answer about the namespace would tell more than was asked. */
const reviewGroups = new Set(["authorization.k8s.io"]);

/** The plug-in that `--disable-admission-plugins=NamespaceLifecycle` turns off. */
export function namespaceLifecycle({
  namespaces,
  immortal = ["default", "kube-system", "kube-public"],
}: NamespaceLifecycleOptions): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    handles: ({ operation }) => operation === "CREATE" || operation === "DELETE",
    mutate(request) {
      if (isNamespace(request)) return keepImmortal(request, immortal);
      if (request.operation !== "CREATE" || request.namespace === "" || reviewGroups.has(request.kind.group)) return;
      const phase = namespaces.phaseOf(request.namespace, request.signal);
      // Where the answer is at hand, a write does not wait a turn for it.
      if (phase instanceof Promise) return phase.then((known) => requireAlive(request, known));
      requireAlive(request, phase);
    },
  };
}

function isNamespace({ kind }: AdmissionRequest): boolean {
  return kind.group === "" && kind.kind === "Namespace";
}

function keepImmortal(request: AdmissionRequest, immortal: readonly string[]): void {
  if (request.operation === "DELETE" && request.subresource === "" && immortal.includes(request.name))
    throw admissionForbidden(request, "this namespace may not be deleted");
}

function requireAlive(request: AdmissionRequest, phase: string | undefined): void {
  const { namespace } = request;
  if (phase === undefined) throw new StatusError("NotFound", `namespaces ${JSON.stringify(namespace)} not found`);
  if (phase !== "Terminating") return;
  throw admissionForbidden(
    request,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      },
    ],
  );
}
