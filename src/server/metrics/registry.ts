// Numbers for Prometheus, kept so that counting costs next to nothing: text is made when somebody asks.
// https://prometheus.io/docs/instrumenting/exposition_formats/

type Labels = Readonly<Record<string, string>>;

/** One family of numbers. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** The lines without help and type. */
  lines(): Iterable<string>;
}

/** Counts by labels. Labels are told as one key, made once for all requests that are alike. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  readonly #counts = new Map<string, number>();

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  add(labels: string, amount = 1): void {
    this.#counts.set(labels, (this.#counts.get(labels) ?? 0) + amount);
  }

  *lines(): Iterable<string> {
    for (const [labels, count] of this.#counts) yield `${this.name}${labels} ${count}`;
  }
}

/** How many observations were at most as large as each bound. */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, { readonly counts: Float64Array; sum: number }>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  observe(labels: string, value: number): void {
    let series = this.#series.get(labels);
    if (series === undefined) {
      series = { counts: new Float64Array(this.#bounds.length + 1), sum: 0 };
      this.#series.set(labels, series);
    }
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] ?? 0)) at++;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += value;
  }

  *lines(): Iterable<string> {
    for (const [labels, { counts, sum }] of this.#series) {
      let total = 0;
      for (const [at, count] of counts.entries()) {
        total += count;
        yield `${this.name}_bucket${withLabel(labels, "le", String(this.#bounds[at] ?? "+Inf"))} ${total}`;
      }
      yield `${this.name}_sum${labels} ${sum}`;
      yield `${this.name}_count${labels} ${total}`;
    }
  }
}

/** Numbers that are read when somebody asks. */
export function gauge(name: string, help: string, read: ReadNumbers): Metric {
  return readMetric({ name, help, type: "gauge" }, read);
}

/** The same, of numbers that only grow. */
export function counted(name: string, help: string, read: ReadNumbers): Metric {
  return readMetric({ name, help, type: "counter" }, read);
}

type ReadNumbers = () => Iterable<readonly [Labels, number]>;

function readMetric(family: Omit<Metric, "lines">, read: ReadNumbers): Metric {
  return {
    ...family,
    *lines() {
      for (const [labels, value] of read()) yield `${family.name}${formatLabels(labels)} ${value}`;
    },
  };
}

/** `{a="b"}`, in the order given; empty where there are none. */
export function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/["\\\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function withLabel(labels: string, name: string, value: string): string {
  const more = `${name}="${value}"`;
  return labels === "" ? `{${more}}` : `${labels.slice(0, -1)},${more}}`;
}

/** The text that Prometheus reads, families by name. */
export function renderMetrics(metrics: Iterable<Metric>): string {
  const lines: string[] = [];
  for (const metric of [...metrics].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    lines.push(`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} ${metric.type}`, ...metric.lines());
  }
  return `${lines.join("\n")}\n`;
}
