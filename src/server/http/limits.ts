// What one client may take of the server before anybody knows who it is.

/** Headers of a request together, as Go's server takes them: 1 MiB. */
export const headerBytesMax = 1024 * 1024;
/** So many names and values: enough for 500 groups of one user. */
export const headerCountMax = 1_000;
/** A client gets this long for its headers, as in Go's server of the reference. */
export const headersTimeoutMs = 32_000;
/** And this long for its TLS handshake. */
export const handshakeTimeoutMs = 10_000;
/** A connection without a request is kept this long. */
export const idleTimeoutMs = 90_000;
/** A body has to be there after this time, as any request that is no watch has to be answered by then in the reference. */
export const bodyTimeoutMs = 60_000;
/** A client that reads nothing of its answer for this long does not get the rest; a watch may be silent as long as it likes. */
export const stalledTimeoutMs = 60_000;
/** What is read and thrown away of a body that nobody wanted: 4 MiB, so that a body just above the limit of 3 MiB is read to its end, as in the reference. */
export const unwantedBodyBytesMax = 4 * 1024 * 1024;
/** How long that may take at most, for all of it. */
export const unwantedBodyTimeoutMs = 5_000;
/** And without a byte of it: who sends nothing waits for the answer. */
export const unwantedBodySilenceMs = 500;
