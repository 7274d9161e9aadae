import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, formatLabels, gauge, Histogram, renderMetrics } from "./registry.ts";

test("renderMetrics() writes families by name, in the form that Prometheus reads", () => {
  const total = new Counter("requests_total", "Requests.");
  total.add(formatLabels({ code: "200" }));
  total.add(formatLabels({ code: "200" }));
  const seconds = new Histogram("duration_seconds", "Durations.", [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3]) seconds.observe(formatLabels({ verb: "GET" }), value);
  assert.equal(
    renderMetrics([total, seconds, gauge("objects", "Objects.", () => [[{}, 3]])]),
    `# HELP duration_seconds Durations.
# TYPE duration_seconds histogram
duration_seconds_bucket{verb="GET",le="0.1"} 2
duration_seconds_bucket{verb="GET",le="1"} 3
duration_seconds_bucket{verb="GET",le="+Inf"} 4
duration_seconds_sum{verb="GET"} 3.65
duration_seconds_count{verb="GET"} 4
# HELP objects Objects.
# TYPE objects gauge
objects 3
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code="200"} 2
`,
  );
});

test("formatLabels() escapes what would end a value", () => {
  assert.equal(formatLabels({ a: 'x"\\\n' }), '{a="x\\"\\\\\\n"}');
});
