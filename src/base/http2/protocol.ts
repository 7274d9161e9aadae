// What HTTP/2 calls things, and what it looks like on the wire. https://www.rfc-editor.org/rfc/rfc9113

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flags = { none: 0, ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const settingIds = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export const errorCodes = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;

/** As RFC 9113 has it: PROTOCOL_ERROR. */
export function errorName(code: number): string {
  const [name] = Object.entries(errorCodes).find(([, value]) => value === code) ?? [];
  return name === undefined ? `code ${code}` : name.replace(/[A-Z]|\d+/g, "_$&").toUpperCase();
}

export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes];

export const frameHeadBytes = 9;
/** As large as a frame may be where nobody asked for larger ones, and nobody does. */
export const frameBytesMax = 16_384;
/** A window and a stream's number have 31 bits. */
export const int31Max = 2 ** 31 - 1;
/** Every connection begins with windows of this size. */
export const initialWindowBytes = 65_535;
/** What a client says first of all. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** The other side broke the rules in a way that ends the connection. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** And in a way that ends one stream alone. */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Writes the nine bytes that begin a frame. */
export function writeFrameHead(target: Buffer, at: number, { sizeBytes, type, flag, streamId }: FrameHead): void {
  target.writeUIntBE(sizeBytes, at, 3);
  target[at + 3] = type;
  target[at + 4] = flag;
  target.writeUInt32BE(streamId, at + 5);
}

export interface FrameHead {
  readonly sizeBytes: number;
  readonly type: number;
  readonly flag: number;
  readonly streamId: number;
}

/** A frame whose payload is some numbers of 32 bits. */
export function numbersFrame(type: number, streamId: number, ...numbers: readonly number[]): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + 4 * numbers.length);
  writeFrameHead(frame, 0, { sizeBytes: 4 * numbers.length, type, flag: flags.none, streamId });
  for (const [index, number] of numbers.entries()) frame.writeUInt32BE(number, frameHeadBytes + 4 * index);
  return frame;
}

export type Setting = readonly [id: number, value: number];

export function settingsFrame(settings: readonly Setting[]): Buffer {
  const sizeBytes = 6 * settings.length;
  const frame = Buffer.allocUnsafe(frameHeadBytes + sizeBytes);
  writeFrameHead(frame, 0, { sizeBytes, type: frameTypes.settings, flag: flags.none, streamId: 0 });
  for (const [index, [id, value]] of settings.entries()) {
    frame.writeUInt16BE(id, frameHeadBytes + 6 * index);
    frame.writeUInt32BE(value, frameHeadBytes + 6 * index + 2);
  }
  return frame;
}

/** Says that settings or a ping have arrived. */
export function ackFrame(type: typeof frameTypes.settings | typeof frameTypes.ping, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + payload.length);
  writeFrameHead(frame, 0, { sizeBytes: payload.length, type, flag: flags.ack, streamId: 0 });
  payload.copy(frame, frameHeadBytes);
  return frame;
}
