// The end of everything that makes a new object: a POST, an apply of what is not there, a PUT where the resource allows it.

import { type ApiObject, StatusError } from "../../api/door.ts";
import { attributesOf, forbidden } from "../filters/authorize.ts";
import { isUnnamed, prepareNewObject } from "../object-rules.ts";
import type { Change, Stored } from "../registry.ts";
import { keyOf } from "../served-resource.ts";
import { admissionRequest } from "./admission-request.ts";
import { requireReadableVersion } from "./change-object.ts";
import { dropDuplicateOwners } from "./owner-references.ts";
import type { VerbContext } from "./verb.ts";

interface NewObjectOptions {
  readonly dryRun: boolean;
}

/** A generated name that is taken is made anew so often: with a million names of one prefix, all of them fail once in a thousand. */
const generateAttemptsMax = 8;

/** The end of a POST: stores the object, given in the hub's shape with its managed fields worked out. */
export async function storeNew(context: VerbContext, object: ApiObject, options: NewObjectOptions): Promise<Stored> {
  const { warnings } = context.request;
  await admitNew(context, object, { ...options, name: object.metadata.name ?? "" });
  if (!isUnnamed(object.metadata)) return storeNamed(context, object, options);
  const warningsBefore = warnings.length;
  for (let attempt = 1; ; attempt++) {
    warnings.length = warningsBefore;
    try {
      return await storeNamed(context, structuredClone(object), options);
    } catch (error) {
      if (attempt >= generateAttemptsMax || !isAlreadyExists(error)) throw error;
    }
  }
}

/** The end of an apply or PUT that finds nothing: the object to store. Throws 403 where the user may change but not create. */
export async function createInstead(
  context: VerbContext,
  object: ApiObject,
  { dryRun }: NewObjectOptions,
): Promise<Change> {
  const { name } = context.info;
  await admitNew(context, object, { dryRun, name });
  requireReadableVersion(context, object);
  finishNew(context, object);
  await requireMayCreate(context);
  await validateNew(context, object, { dryRun });
  return { to: "object", object };
}

async function admitNew(
  context: VerbContext,
  object: ApiObject,
  { dryRun, name }: NewObjectOptions & { readonly name: string },
): Promise<void> {
  await context.served.admission.mutate(admissionRequest(context, { operation: "CREATE", name, dryRun, object }));
  dropDuplicateOwners(object, context.request, { isAdmitted: true });
}

function finishNew({ request, served, info }: VerbContext, object: ApiObject): void {
  const rules = { user: request.user, subresource: info.subresource };
  prepareNewObject(served.resource, object, { ...rules, clock: served.clock });
  const warnings = served.resource.warnings?.(object, rules);
  if (warnings !== undefined) request.warnings.push(...warnings);
}

async function validateNew(context: VerbContext, object: ApiObject, { dryRun }: NewObjectOptions): Promise<void> {
  const { name = "" } = object.metadata;
  await context.served.admission.validate(admissionRequest(context, { operation: "CREATE", name, dryRun, object }));
}

async function storeNamed(context: VerbContext, object: ApiObject, { dryRun }: NewObjectOptions): Promise<Stored> {
  const { request, served, info } = context;
  finishNew(context, object);
  await validateNew(context, object, { dryRun });
  if (!dryRun) requireNoResourceVersion(object);
  const { name = "", generateName = "" } = object.metadata;
  try {
    const { signal } = request;
    return await served.registry.create(keyOf(served, info.namespace, name), object, { dryRun, signal });
  } catch (error) {
    throw isAlreadyExists(error) && generateName !== "" ? notUnique(error) : error;
  }
}

async function requireMayCreate({ request, served, info }: VerbContext): Promise<void> {
  if (served.authorizer === undefined) return;
  const attributes = { ...attributesOf(request), verb: "create", name: info.name };
  const { verdict, reason } = await served.authorizer.authorize(attributes, request.signal);
  if (verdict !== "allow") throw forbidden(attributes, reason);
}

/** Other texts than positive numbers of 64 bits were always ignored here. */
function requireNoResourceVersion({ metadata: { resourceVersion = "" } }: ApiObject): void {
  if (/^0*[1-9]\d*$/.test(resourceVersion) && BigInt(resourceVersion) < 2n ** 64n)
    throw StatusError.badRequest("resourceVersion should not be set on objects to be created");
}

function isAlreadyExists(error: unknown): error is StatusError {
  return error instanceof StatusError && error.reason === "AlreadyExists";
}

function notUnique(error: StatusError): StatusError {
  const message = `${error.message}, the server was not able to generate a unique name for the object`;
  return new StatusError("AlreadyExists", message, { details: { ...error.details, retryAfterSeconds: 1 } });
}
