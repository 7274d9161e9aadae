// Bytes that frames may carry to hide how long they are.

import { ConnectionError, errorCodes, flags } from "./protocol.ts";

/** The payload without them. Throws a ConnectionError. */
export function unpadded(flag: number, payload: Buffer): Buffer {
  if ((flag & flags.padded) === 0) return payload;
  const padBytes = payload[0];
  if (padBytes === undefined || padBytes >= payload.length)
    throw new ConnectionError(errorCodes.protocolError, "more padding than frame");
  return payload.subarray(1, payload.length - padBytes);
}
