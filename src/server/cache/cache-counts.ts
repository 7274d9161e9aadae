// What has happened to a cache so far, for /metrics.

/** Numbers that only grow. */
export class CacheCounts {
  eventsReceived = 0;
  initializations = 0;
  initializationErrors = 0;
  /** Watchers that were ended since they did not keep up. */
  terminatedWatchers = 0;
  freshReads = 0;
  /** Of which the cache lagged behind for so long that storage was read itself. */
  freshReadsFromStorage = 0;
  freshReadsFailed = 0;
}
