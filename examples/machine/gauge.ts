// What the machine is doing, as objects that nobody stores.

import { freemem, loadavg, totalmem, uptime } from "node:os";
import { defineKind, type ObjectOf, Type } from "annex/api";
import { defineResource } from "annex/server";

const gauge = defineKind({
  group: "machine.example.com",
  kind: "Gauge",
  scope: "Cluster",
  versions: {
    v1: {
      schema: Type.Object({
        value: Type.Number({ description: "What was measured just now." }),
        unit: Type.String({ description: "What the value counts." }),
      }),
      description: "Something about the machine that can be measured.",
    },
  },
});

type Gauge = ObjectOf<typeof gauge, "v1">;

const mebibyte = 1024 * 1024;

/** A read measures anew; whoever watches hears of changes every second. */
export const gauges = defineResource(gauge, {
  source: {
    list: () => [
      measured("load", loadavg()[0] ?? 0, "processes"),
      measured("memory-free", Math.round(freemem() / mebibyte), "MiB"),
      measured("memory-total", Math.round(totalmem() / mebibyte), "MiB"),
      measured("uptime", Math.round(uptime() / 60), "minutes"),
    ],
    intervalMs: 1_000,
  },
  columns: [
    { name: "Value", type: "number", cell: ({ value }) => value },
    { name: "Unit", type: "string", cell: ({ unit }) => unit },
  ],
});

function measured(name: string, value: number, unit: string): Gauge {
  return { apiVersion: "machine.example.com/v1", kind: "Gauge", metadata: { name }, value, unit };
}
