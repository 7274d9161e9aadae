// PUT on an object, or on its status.

import { type ApiObject, StatusError } from "../../api/door.ts";
import type { ApiResponse } from "../exchange.ts";
import { fieldManagerOf } from "../field-manager.ts";
import type { Change } from "../registry.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithStored } from "../render/respond-object.ts";
import { keyOf } from "../served-resource.ts";
import { changeObject, requireUid, trackChange } from "./change-object.ts";
import { requireNamespace, trackNewObject } from "./create.ts";
import { hubObject } from "./hub-object.ts";
import { type MutatingOptions, mutatingOptions } from "./options.ts";
import { dropDuplicateOwners } from "./owner-references.ts";
import { bodyBytesMax, decodeBody, namelessObject, requireBodyFormat } from "./request-object.ts";
import { createInstead } from "./store-new.ts";
import type { VerbContext } from "./verb.ts";
import { withinStorage } from "./within-storage.ts";

export async function update(context: VerbContext): Promise<ApiResponse> {
  const { request, served, info } = context;
  const negotiated = negotiateVerb(context);
  const { object, options } = await readChangedObject(context);
  dropDuplicateOwners(object, request, { isAdmitted: false });
  const warningsBefore = request.warnings.length;
  const changed = await withinStorage(({ tracks }) =>
    served.registry.update(
      keyOf(served, info.namespace, info.name),
      async (current) => {
        request.warnings.length = warningsBefore;
        const live = current?.object();
        if (live === undefined && !mayCreate(context)) throw StatusError.notFound(served.groupResource, info.name);
        requireUid(context, object, live);
        const hub = hubObject(context, { object, version: context.version, live });
        return live === undefined
          ? createByUpdate(context, hub, options)
          : replace(context, { live, hub, options, tracks });
      },
      { dryRun: options.dryRun, signal: request.signal },
    ),
  );
  return respondWithStored({ ...context, negotiated, status: changed.wasCreated ? 201 : 200 }, changed);
}

async function readChangedObject(context: VerbContext): Promise<{ object: ApiObject; options: MutatingOptions }> {
  const { request, info } = context;
  const bytes = await request.readBody(bodyBytesMax);
  const options = mutatingOptions("UpdateOptions", request.query);
  const format = requireBodyFormat(request);
  const object = decodeBody(context, bytes, { format, fieldValidation: options.fieldValidation });
  requireNamespace(context, object);
  requireName(object, info.name);
  return { object, options };
}

/** Throws 400 where the name in the body is not that of the URL. */
export function requireName({ metadata }: ApiObject, name: string): void {
  const { name: given = "" } = metadata;
  if (given === "") throw namelessObject(name);
  if (given !== name)
    throw StatusError.badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
}

function mayCreate({ served, info }: VerbContext): boolean {
  return served.resource.allowCreateOnUpdate === true && info.subresource === "";
}

async function createByUpdate(context: VerbContext, hub: ApiObject, options: MutatingOptions): Promise<Change> {
  trackNewObject(context, hub, options);
  return createInstead(context, hub, options);
}

interface Replacement {
  readonly live: ApiObject;
  readonly hub: ApiObject;
  readonly options: MutatingOptions;
  readonly tracks: boolean;
}

async function replace(context: VerbContext, { live, hub, options, tracks }: Replacement): Promise<Change> {
  trackChange(context, { live, object: hub, manager: fieldManagerOf(options.fieldManager, context.request) });
  if (!tracks) delete hub.metadata.managedFields;
  return changeObject(context, { live, object: hub, dryRun: options.dryRun });
}
