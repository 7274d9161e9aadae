// Reads the head of a request that Node's parser has refused for its method.

/** What Node's parser says of a request that it does not understand. */
export interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
  /** Where in the packet it stopped. */
  readonly bytesParsed?: number;
}

interface Head {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Undefined for what is no request, or not all of its head; and where the packet begins with another request, which was
 * understood and is answered already: doing it twice could delete twice.
 */
export function parseHead({ rawPacket, bytesParsed = 0 }: ParserError): Head | undefined {
  const text = rawPacket?.toString("latin1") ?? "";
  if (bytesParsed > text.indexOf(" ")) return undefined;
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...fields] = text.slice(0, end).split("\r\n");
  const [method = "", url = "", version, ...more] = line.split(" ");
  if (!token.test(method) || !/^[/*]/.test(url) || version !== "HTTP/1.1" || more.length > 0) return undefined;
  const rawHeaders: string[] = [];
  for (const field of fields) {
    const colon = field.indexOf(":");
    const name = field.slice(0, Math.max(0, colon));
    if (!token.test(name)) return undefined;
    rawHeaders.push(name, field.slice(colon + 1).trim());
  }
  return { method, url, rawHeaders };
}
