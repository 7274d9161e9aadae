// One request and its answer, as the server sees them.

import type { Connection } from "../../../base/http2/connection.ts";
import type { OutgoingHeaders } from "../../../base/http2/hpack-encoder.ts";
import { errorCodes } from "../../../base/http2/protocol.ts";
import { Http2Stream } from "../../../base/http2/stream.ts";
import type { RequestHead } from "./request-head.ts";

export class ServerStream extends Http2Stream {
  readonly head: RequestHead;

  constructor(
    connection: Connection,
    id: number,
    { head, hasBody }: { readonly head: RequestHead; readonly hasBody: boolean },
  ) {
    super(connection, id, { isRemoteOpen: hasBody });
    this.head = head;
    if (hasBody) this.expectBody(head.contentLength);
  }

  /** Answers with what is ready. Throws a TypeError for what is no header. */
  respond(status: number, headers: OutgoingHeaders, body: readonly Buffer[]): void {
    this.connection.sendHead(this, this.connection.encoder.answer(status, headers), body);
  }

  /** Answers with what comes bit by bit, by `send` or by a stream of Node's. Throws a TypeError for what is no header. */
  respondLater(status: number, headers: OutgoingHeaders): void {
    this.connection.sendHead(this, this.connection.encoder.answer(status, headers), "later");
  }

  /** The answer is there and the rest of the request is not wanted. */
  refuseRest(): void {
    this.reset(errorCodes.noError);
  }
}
