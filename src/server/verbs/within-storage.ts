// Objects that are too large for storage with their managed fields, and not without.

import { StatusError } from "../../api/door.ts";

/** Writes an object that is tracked, and, where storage takes it for too large, once more as one that is not. */
export async function withinStorage<T>(write: (options: { readonly tracks: boolean }) => Promise<T>): Promise<T> {
  try {
    return await write({ tracks: true });
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === "RequestEntityTooLarge")) throw error;
    return write({ tracks: false });
  }
}
