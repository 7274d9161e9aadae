// One line for a person, out of whatever went wrong.

/** What to do is in the line wherever we know it. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  const [message = ""] = error.message.split("\n");
  switch (code) {
    case "EADDRINUSE":
      return `the port is taken; give another one with --secure-port (${message})`;
    case "EADDRNOTAVAIL":
      return `this machine has no such address; give another one with --bind-address (${message})`;
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `permission denied (${message})`;
    case "ENOSPC":
      return `the disk is full (${message})`;
    default:
      return message;
  }
}
