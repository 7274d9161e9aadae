// The world of the recorded aggregator scenarios: backends that misbehave, a wardle server, and `annex up` as aggregator and core API in front.
// test/conformance/fixtures/world says what is where; its ports are part of what was recorded.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, httpTransport, loadKubeconfig } from "../../src/client/door.ts";
import { pki } from "./wardle.ts";

const root = join(import.meta.dirname, "../..");
const world = join(root, "test/conformance/fixtures/world");
const conditions = "--conditions=annex-source";
const controlPlanePort = 9444;
const wardlePort = 9443;
const echoPort = 9446;
const stubPort = 9445;

export interface World extends AsyncDisposable {
  /** Of the aggregator; of the recorded core API where there is none. */
  readonly port: number;
  readonly wardlePort: number;
  /** As a member of system:masters; undefined where the core API is the recorded one. */
  readonly client: Client | undefined;
}

/** The command line that makes a control plane of that world. More flags may say where its objects live. */
export function worldFlags(directory: string): string[] {
  const key = (name: string) => join(pki, name);
  return [
    `--secure-port=${controlPlanePort}`,
    `--data-dir=${directory}`,
    "--service-cluster-ip-range=127.0.0.0/24",
    `--client-ca-file=${key("client-ca.crt")}`,
    `--tls-cert-file=${key("core.crt")}`,
    `--tls-private-key-file=${key("core.key")}`,
    `--proxy-client-cert-file=${key("frontproxy.crt")}`,
    `--proxy-client-key-file=${key("frontproxy.key")}`,
    `--requestheader-client-ca-file=${key("front-proxy-ca.crt")}`,
    "--requestheader-allowed-names=front-proxy",
    `--token-auth-file=${join(directory, "tokens.csv")}`,
    "--authorization-mode=RBAC",
  ];
}

const tokens = [
  'alice-token,alice,uid-alice,"dev"',
  "bob-token,bob,uid-bob",
  'carol-token,carol,uid-carol,"dev,ops","scopes=read,scopes=write,example.com/Tenant ID=blue/1"',
];

/**
 * Starts all of it. What writes into a namespace has to make it before: the recorded core API took every `c-…` as there. Rejects where a port of that
 * world is taken.
 */
export async function startWorld(moreFlags: readonly string[] = []): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "annex-world-"));
  writeFileSync(join(directory, "tokens.csv"), `${tokens.join("\n")}\n`);
  const ended = new AsyncDisposableStack();
  ended.defer(() => rmSync(directory, { recursive: true, force: true }));
  try {
    ended.use(run([join(world, "echo.mjs")]));
    const up = [conditions, "src/cli/main.ts", "up", ...worldFlags(directory), ...moreFlags];
    await ended.use(run(up)).says(/^ready in/m);
    const config = loadKubeconfig({ path: join(directory, "kubeconfig") });
    const client = ended.use(new Client({ transport: httpTransport(config), userAgent: "world" }));
    await fill(client);
    ended.use(run([conditions, "examples/wardle/server.ts", ...delegationFlags(directory, controlPlanePort)]));
    await Promise.all([listening(wardlePort), listening(echoPort)]);
    await register(client);
    return { port: controlPlanePort, wardlePort, client, [Symbol.asyncDispose]: () => ended.disposeAsync() };
  } catch (error) {
    await ended.disposeAsync();
    throw error;
  }
}

/** A wardle server that asks the core API as it was recorded, and no aggregator. */
export async function startStubWorld(): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "annex-world-"));
  const ended = new AsyncDisposableStack();
  ended.defer(() => rmSync(directory, { recursive: true, force: true }));
  try {
    ended.use(run([join(world, "stub.mjs")]));
    await listening(stubPort);
    ended.use(run([conditions, "examples/wardle/server.ts", ...delegationFlags(directory, stubPort)]));
    await listening(wardlePort);
    return { port: stubPort, wardlePort, client: undefined, [Symbol.asyncDispose]: () => ended.disposeAsync() };
  } catch (error) {
    await ended.disposeAsync();
    throw error;
  }
}

/** Its delegation goes to the core API, by the identity that the recorded server had. */
function delegationFlags(directory: string, corePort: number): string[] {
  const kubeconfig = join(directory, "component.kubeconfig");
  const file = (name: string) =>
    `{client-certificate: ${join(pki, `${name}.crt`)}, client-key: ${join(pki, `${name}.key`)}}`;
  writeFileSync(
    kubeconfig,
    [
      "apiVersion: v1",
      "kind: Config",
      "current-context: world",
      `clusters: [{name: world, cluster: {server: "https://127.0.0.1:${corePort}", certificate-authority: ${join(pki, "serving-ca.crt")}}}]`,
      `users: [{name: world, user: ${file("component")}}]`,
      "contexts: [{name: world, context: {cluster: world, user: world}}]",
      "",
    ].join("\n"),
  );
  return [
    `--secure-port=${wardlePort}`,
    "--bind-address=127.0.0.1",
    `--data-dir=${join(directory, "wardle")}`,
    `--tls-cert-file=${join(pki, "sample.crt")}`,
    `--tls-private-key-file=${join(pki, "sample.key")}`,
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
  ];
}

const rbacGroup = "rbac.authorization.k8s.io";
const rbacPath = `/apis/${rbacGroup}/v1`;

interface WorldObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly deletionTimestamp?: string };
}

/** What the recorded core API held, and the rights that it granted. */
async function fill(client: Client): Promise<void> {
  const objects: readonly WorldObject[] = [...readJson<WorldObject[]>("objects.json"), ...rights()];
  const namespaces = objects.filter(({ kind }) => kind === "Namespace");
  // The configmap by which extension servers know the aggregator is the control plane's own.
  const others = objects.filter(({ kind }) => kind !== "Namespace" && kind !== "ConfigMap");
  for (const object of namespaces) await ensure(client, object);
  for (const object of others) await ensure(client, object);
  // In that world nobody may look around without having been told so.
  for (const name of ["system:basic-user", "system:discovery", "system:public-info-viewer"])
    await client.json({ method: "DELETE", path: `${rbacPath}/clusterrolebindings/${name}` });
  for (const { metadata } of namespaces.filter((namespace) => namespace.metadata.deletionTimestamp !== undefined))
    await keepTerminating(client, metadata.name);
}

/** A namespace ends when all is gone from it, hence one thing that does not go. */
async function keepTerminating(client: Client, namespace: string): Promise<void> {
  const held = { metadata: { namespace, name: "held", finalizers: ["example.com/held"] } };
  await ensure(client, { apiVersion: "v1", kind: "ConfigMap", ...held });
  await client.json({ method: "DELETE", path: `/api/v1/namespaces/${namespace}` });
}

async function register(client: Client): Promise<void> {
  const names = [
    "v1.echo.example.com",
    "v2.echo.example.com",
    "v1alpha1.wardle.example.com",
    "v1beta1.wardle.example.com",
  ];
  for (const name of names) await ensure(client, readJson<WorldObject>(`fixtures/${name}.json`));
  for (const name of names) await available(client, name);
}

async function available(client: Client, name: string): Promise<void> {
  const path = `/apis/apiregistration.k8s.io/v1/apiservices/${name}`;
  for (let tries = 0; tries < triesMax; tries++) {
    const found = await client.json({ path });
    if (JSON.stringify(found).includes('"reason":"Passed"')) return;
    await pause();
  }
  throw new Error(`${name} is not available`);
}

/** As README of that world gives them: alice reads flunders in team-a, bob owns the group, carol the other, and the aggregator looks around. */
function rights(): WorldObject[] {
  const role = (name: string, rules: readonly object[], subjects: readonly object[], namespace?: string) => {
    const scope = namespace === undefined ? "Cluster" : "";
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const roleRef = { apiGroup: rbacGroup, kind: `${scope}Role`, name };
    return [
      { apiVersion: `${rbacGroup}/v1`, kind: `${scope}Role`, metadata, rules },
      { apiVersion: `${rbacGroup}/v1`, kind: `${scope}RoleBinding`, metadata, roleRef, subjects },
    ];
  };
  const user = (name: string) => ({ kind: "User", apiGroup: rbacGroup, name });
  const all = { resources: ["*"], verbs: ["*"] };
  return [
    ...role(
      "alice",
      [{ apiGroups: ["wardle.example.com"], resources: ["flunders"], verbs: ["get", "list", "watch"] }],
      [user("alice")],
      "team-a",
    ),
    ...role("bob", [{ apiGroups: ["wardle.example.com"], ...all }], [user("bob")]),
    ...role(
      "carol",
      [
        { apiGroups: ["echo.example.com"], ...all },
        { nonResourceURLs: ["/apis/echo.example.com/*"], verbs: ["*"] },
      ],
      [user("carol")],
    ),
    ...role(
      "aggregator",
      [{ nonResourceURLs: ["*"], verbs: ["*"] }],
      [user("system:aggregator"), user("system:kube-aggregator")],
    ),
  ];
}

const plurals: Readonly<Record<string, string>> = {
  Namespace: "namespaces",
  Service: "services",
  EndpointSlice: "endpointslices",
  ConfigMap: "configmaps",
  Role: "roles",
  RoleBinding: "rolebindings",
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  APIService: "apiservices",
};

/** Creates an object that is not there yet, as kubectl would: without what only the server says. */
async function ensure(
  client: Client,
  { metadata: { deletionTimestamp, ...metadata }, ...object }: WorldObject,
): Promise<void> {
  const prefix = object.apiVersion === "v1" ? "/api/v1" : `/apis/${object.apiVersion}`;
  const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  try {
    await client.json({
      method: "POST",
      path: `${prefix}${scope}/${plurals[object.kind]}`,
      body: { ...object, metadata },
    });
  } catch (error) {
    if (!(error instanceof Error && "reason" in error && error.reason === "AlreadyExists"))
      throw new Error(`${object.kind} ${metadata.namespace ?? ""}/${metadata.name}`, { cause: error });
  }
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(world, name), "utf8"));
}

interface Program extends AsyncDisposable {
  /** Resolves when it has printed that. */
  says(pattern: RegExp): Promise<void>;
}

function run(args: readonly string[]): Program {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  const listen = (chunk: Buffer) => {
    printed = `${printed}${chunk}`.slice(-10_000);
  };
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  let isStopping = false;
  child.once("exit", (code, signal) => {
    if (!isStopping)
      process.stderr.write(`${args.join(" ")} has ended by ${signal ?? `exit code ${code}`}: ${printed}\n`);
  });
  return {
    async says(pattern) {
      while (!pattern.test(printed)) {
        if (hasEnded(child)) throw new Error(`${args.join(" ")} has ended: ${printed}`);
        await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
      }
    },
    async [Symbol.asyncDispose]() {
      isStopping = true;
      if (hasEnded(child)) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

const pauseMs = 50;
const triesMax = 400;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++) {
    const isThere = await new Promise<boolean>((settle) => {
      const socket = connect(port, "127.0.0.1", () => settle(true)).once("error", () => settle(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isThere) return;
    await pause();
  }
  throw new Error(`nothing listens on port ${port}`);
}
