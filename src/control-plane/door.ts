// What other rooms, and users as `annex/control-plane`, may import.

export { type AuthorizationMode, authorizationModes } from "./authorization.ts";
export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
export { extensionName } from "./extension-name.ts";
export type { ExtensionServer } from "./in-process-extension.ts";
export type { ExtensionSource } from "./start-extensions.ts";
export { clientAuthorityIn, type KubeconfigOptions, kubeconfigFor } from "./state-directory.ts";
export type { RequestHeaderNames, TrustFiles } from "./trust.ts";
