// PATCH on an object, or on its status, in its five forms.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply

import { fromHub, StatusError } from "../../api/door.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import { fieldManagerOf } from "../field-manager.ts";
import type { Change, Changed } from "../registry.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithStored } from "../render/respond-object.ts";
import { keyOf } from "../served-resource.ts";
import { apply } from "./apply.ts";
import { changeObject, trackChange } from "./change-object.ts";
import { requireNamespace } from "./create.ts";
import { type MutatingOptions, mutatingOptions } from "./options.ts";
import { type PatchForm, patchedObject } from "./patched-object.ts";
import { bodyBytesMax } from "./request-object.ts";
import { requireName } from "./update.ts";
import type { VerbContext } from "./verb.ts";
import { withinStorage } from "./within-storage.ts";

const forms = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
} as const;
type AnyForm = (typeof forms)[keyof typeof forms];

export async function patch(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const form = requireForm(request);
  const negotiated = negotiateVerb(context);
  const bytes = await request.readBody(bodyBytesMax);
  const options = mutatingOptions("PatchOptions", request.query, { isApply: form === "apply" });
  const changed =
    form === "apply" ? await apply(context, bytes, options) : await patchObject(context, { bytes, form, options });
  return respondWithStored({ ...context, negotiated, status: changed.wasCreated ? 201 : 200 }, changed);
}

/** The form of the patch. Throws the router's 415, or the verb's for a type that the router takes for one of ours. */
export function requireForm({ headers }: ApiRequest): AnyForm {
  const contentType = header(headers, "content-type") ?? "";
  const [media = ""] = contentType.split(";", 1);
  const form = formOf(media);
  if (form !== undefined) return form;
  const isKnown = contentType.split(",").some((part) => formOf((part.split(";", 1)[0] ?? "").trim()) !== undefined);
  if (!isKnown) throw new StatusError("UnsupportedMediaType", "415: Unsupported Media Type", { details: {} });
  const accepted = Object.keys(forms).join(", ");
  throw new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

function formOf(media: string): AnyForm | undefined {
  return Object.entries(forms).find(([name]) => name === media)?.[1];
}

interface PatchRequest {
  readonly bytes: Buffer;
  readonly form: PatchForm;
  readonly options: MutatingOptions;
}

/** A patch without a resourceVersion is made anew on each newer object until no other writer came between. */
function patchObject(context: VerbContext, { bytes, form, options }: PatchRequest): Promise<Changed> {
  const { request, served, info } = context;
  const { fieldManager, fieldValidation, dryRun } = options;
  const manager = fieldManagerOf(fieldManager, request);
  const warningsBefore = request.warnings.length;
  return withinStorage(({ tracks }) =>
    served.registry.update(
      keyOf(served, info.namespace, info.name),
      async (current): Promise<Change> => {
        if (current === undefined) throw StatusError.notFound(served.groupResource, info.name);
        request.warnings.length = warningsBefore;
        const live = current.object();
        const versioned = fromHub(served.kind, live, context.version);
        const object = patchedObject(context, { bytes, form, live: versioned, fieldValidation });
        requireNamespace(context, object);
        requireName(object, info.name);
        trackChange(context, { live, object, manager });
        if (!tracks) delete object.metadata.managedFields;
        return changeObject(context, { live, object, dryRun });
      },
      { dryRun, signal: request.signal },
    ),
  );
}
