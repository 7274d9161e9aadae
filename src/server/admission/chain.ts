// All admission plug-ins in their order: first those that may change the object, then those that may only refuse.

import type { AdmissionPlugin, AdmissionRequest, AdmissionServer } from "./admission.ts";

export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  get plugins(): readonly AdmissionPlugin[] {
    return this.#plugins;
  }

  /** Makes the plug-ins known to the server that they guard. */
  initialize(server: AdmissionServer): void {
    for (const plugin of this.#plugins) plugin.initialize?.(server);
  }

  /** Lets plug-ins change the object. Throws what the first one that refuses throws. */
  async mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins)
      if (plugin.mutate !== undefined && plugin.handles(request)) await plugin.mutate(request);
  }

  /** Asks every plug-in that handles the request. */
  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins)
      if (plugin.validate !== undefined && plugin.handles(request)) await plugin.validate(request);
  }
}
