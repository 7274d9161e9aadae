// What other rooms, and users as `annex/control-plane`, may import.

export { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
export { extensionName } from "./extension-process.ts";
