// The server's log: lines of JSON on standard error, through pino, which is loaded when the first line is written.

/** What our code needs of a logger. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. For tests, and where the caller has a log of its own. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {} };

/** Writes warnings and errors, and everything where `isVerbose`. */
export function stderrLogger(name: string, isVerbose = false): Logger {
  let pending: Promise<Logger> | undefined;
  const load = async (): Promise<Logger> => {
    const { pino } = await import("pino");
    const logger = pino(
      { name, level: isVerbose ? "info" : "warn", serializers: { error: pino.stdSerializers.err } },
      pino.destination({ dest: 2, sync: true }),
    );
    return {
      info: (fields, message) => logger.info(fields, message),
      warn: (fields, message) => logger.warn(fields, message),
      error: (fields, message) => logger.error(fields, message),
    };
  };
  const say = (level: keyof Logger) => (fields: object, message: string) => {
    if (level === "info" && !isVerbose) return;
    pending ??= load();
    void pending.then((logger) => logger[level](fields, message));
  };
  return { info: say("info"), warn: say("warn"), error: say("error") };
}
