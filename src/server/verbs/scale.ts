// The scale of an object: how many of something it wants and has, in the same words for every kind.
// https://kubernetes.io/docs/reference/kubernetes-api/autoscaling-resources/scale-v1/

import { type ApiObject, defineKind, StatusError, Type } from "../../api/door.ts";
import { setOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import type { ApiResponse } from "../exchange.ts";
import { fieldManagerOf } from "../field-manager.ts";
import type { Change } from "../registry.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithObject } from "../render/respond-object.ts";
import { defineResource, type ScaleDeclaration } from "../resource.ts";
import { keyOf } from "../served-resource.ts";
import { changeObject, requireUid, trackChange } from "./change-object.ts";
import { requireNamespace } from "./create.ts";
import { freshObject } from "./fresh-object.ts";
import { type MutatingOptions, mutatingOptions } from "./options.ts";
import { requireForm } from "./patch.ts";
import { patchedObject } from "./patched-object.ts";
import { bodyBytesMax, decodeBody, requireBodyFormat } from "./request-object.ts";
import { requireName } from "./update.ts";
import type { VerbContext } from "./verb.ts";

const replicas = Type.Optional(Type.Integer({ format: "int32", minimum: 0 }));

/** What clients read and write; it lies nowhere. */
const scaleKind = defineKind({
  group: "autoscaling",
  kind: "Scale",
  scope: "Namespaced",
  emptyValues: "omit",
  definitionPrefix: "io.k8s.api.autoscaling",
  versions: {
    v1: {
      schema: Type.Object({
        spec: Type.Object({ replicas }, { default: {} }),
        status: Type.Object(
          { replicas: Type.Integer({ format: "int32" }), selector: Type.Optional(Type.String()) },
          { default: {} },
        ),
      }),
    },
  },
});
const scaleResource = defineResource(scaleKind);

export async function getScale(context: VerbContext): Promise<ApiResponse> {
  const negotiated = negotiateVerb(context);
  const object = await freshObject(context);
  return respondWithObject({ ...asScale(context), negotiated, status: 200 }, scaleOf(context, object));
}

export async function updateScale(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const bytes = await request.readBody(bodyBytesMax);
  const options = mutatingOptions("UpdateOptions", request.query);
  const format = requireBodyFormat(request);
  const scale = decodeBody(asScale(context), bytes, { format, fieldValidation: options.fieldValidation });
  return changeScale(context, options, () => scale);
}

export async function patchScale(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const form = requireForm(request);
  if (form === "apply") throw new StatusError("UnsupportedMediaType", "415: Unsupported Media Type", { details: {} });
  const bytes = await request.readBody(bodyBytesMax);
  const options = mutatingOptions("PatchOptions", request.query);
  const { fieldValidation } = options;
  return changeScale(context, options, (live) =>
    patchedObject(asScale(context), { bytes, form, live, fieldValidation }),
  );
}

/** Changes the object to what `change` makes of its scale. */
async function changeScale(
  context: VerbContext,
  { fieldManager, dryRun }: MutatingOptions,
  change: (live: ApiObject) => ApiObject,
): Promise<ApiResponse> {
  const { request, served, info } = context;
  const negotiated = negotiateVerb(context);
  const manager = fieldManagerOf(fieldManager, request);
  const { entry } = await served.registry.update(
    keyOf(served, info.namespace, info.name),
    async (current): Promise<Change> => {
      if (current === undefined) throw StatusError.notFound(served.groupResource, info.name);
      const live = current.object();
      const scale = change(scaleOf(context, live));
      requireNamespace(context, scale);
      requireName(scale, info.name);
      requireUid(context, scale, live);
      const object = withScale(context, current.object(), scale);
      trackChange(context, { live, object, manager });
      return changeObject(context, { live, object, dryRun });
    },
    { dryRun, signal: request.signal },
  );
  return respondWithObject({ ...asScale(context), negotiated, status: 200 }, scaleOf(context, entry.object()));
}

/** The context of one who reads and answers scales. */
function asScale(context: VerbContext): VerbContext {
  return {
    ...context,
    version: scaleKind.hub,
    served: { ...context.served, kind: scaleKind, resource: scaleResource },
  };
}

function declarationOf({ served }: VerbContext): ScaleDeclaration {
  if (served.resource.scale === undefined) throw StatusError.resourceNotFound();
  return served.resource.scale;
}

function scaleOf(context: VerbContext, object: ApiObject): ApiObject {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = declarationOf(context);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const metadata = Object.fromEntries(
    Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const selector = labelSelectorPath === undefined ? undefined : readPath(object, labelSelectorPath);
  return {
    kind: scaleKind.kind,
    apiVersion: `${scaleKind.group}/${scaleKind.hub}`,
    metadata,
    spec: { replicas: readPath(object, specReplicasPath) ?? 0 },
    status: {
      replicas: readPath(object, statusReplicasPath) ?? 0,
      ...(typeof selector === "string" && selector !== "" ? { selector } : {}),
    },
  };
}

/** The object with the scale's wish, and conditional where the scale names a resourceVersion. */
function withScale(context: VerbContext, object: ApiObject, scale: ApiObject): ApiObject {
  writePath(object, declarationOf(context).specReplicasPath, readPath(scale, ".spec.replicas") ?? 0);
  const { resourceVersion = "" } = scale.metadata;
  if (resourceVersion !== "") object.metadata.resourceVersion = resourceVersion;
  return object;
}

/** The steps of a path such as `.spec.replicas`. */
function stepsOf(path: string): string[] {
  return path.split(".").filter((step) => step !== "");
}

function readPath(object: ApiObject, path: string): unknown {
  let value: unknown = object;
  for (const step of stepsOf(path)) {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

function writePath(object: ApiObject, path: string, value: unknown): void {
  const steps = stepsOf(path);
  const last = steps.pop();
  let parent: Record<string, unknown> = object;
  for (const step of steps) {
    const child = Object.hasOwn(parent, step) ? parent[step] : undefined;
    const next = isRecord(child) ? { ...child } : {};
    setOwn(parent, step, next);
    parent = next;
  }
  if (last !== undefined) setOwn(parent, last, value);
}
