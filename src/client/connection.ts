// How a server is reached and who one is there: what a kubeconfig or the service account of a pod says.

/** One server and one identity. */
export interface ConnectionConfig {
  /** Such as `https://127.0.0.1:6443`; may end in a path that all requests begin with. */
  readonly server: string;
  /** PEM certificates that the server's must lead to. Default: the machine's own. */
  readonly certificateAuthority?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** The name that the server's certificate must have where it is not the host of `server`. */
  readonly serverName?: string;
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** A bearer token; a function where it is read again from time to time. */
  readonly token?: string | (() => string);
  /** Of the context; "default" where it names none. */
  readonly namespace: string;
}
