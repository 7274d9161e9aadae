// The keys of ConfigMaps' and Secrets' data.

import { type ApiObject, type FieldError, fieldError } from "../../api/door.ts";
import { part } from "./columns.ts";

/** A Secret or ConfigMap is at most 1 MiB, so that etcd's limit of 1.5 MiB for a request always holds it. */
const dataBytesMax = 1024 * 1024;
const keyBytesMax = 253;

/** Faults of the maps in `fields`: keys that are no file names, keys that are in two of them, too much data. */
export function dataErrors(object: ApiObject, fields: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  let sizeBytes = 0;
  for (const field of fields) {
    for (const [key, value] of Object.entries(part(object, field))) {
      for (const message of keyFaults(key)) errors.push(fieldError.invalid(`${field}[${key}]`, key, message));
      if (seen.has(key))
        errors.push(fieldError.invalid(`${field}[${key}]`, key, `duplicate of key present in ${fields[0]}`));
      seen.add(key);
      sizeBytes += typeof value === "string" ? Buffer.byteLength(value) : 0;
    }
  }
  if (sizeBytes > dataBytesMax) errors.push(fieldError.tooLong("", dataBytesMax));
  return errors;
}

function keyFaults(key: string): string[] {
  const faults: string[] = [];
  if (key.length > keyBytesMax) faults.push(`must be no more than ${keyBytesMax} characters`);
  if (!/^[-._a-zA-Z0-9]+$/.test(key))
    faults.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  if (key === ".") faults.push("must not be '.'");
  else if (key === "..") faults.push("must not be '..'");
  else if (key.startsWith("..")) faults.push("must not start with '..'");
  return faults;
}
