// What the client needs of whatever carries its requests: a network, or a server in the same process.

export interface TransportRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
  /** Names are lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  /** Names are lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Must be read to its end, or given up by returning its iterator. */
  readonly body: AsyncIterable<Buffer>;
}

export interface Transport {
  /** Rejects where no answer came: the server is away, the connection broke, the signal aborted. */
  send(request: TransportRequest): Promise<TransportResponse>;
  close(): void;
}
