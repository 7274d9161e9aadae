// Whether what clients saw of one key can have happened one after the other, each operation between its call and its answer.
// The search of Wing and Gong, with a memory of what was tried: https://doi.org/10.1006/jpdc.1993.1015

/** One call on one key. Moments are counted by the one who records them. */
export interface Operation {
  readonly called: number;
  /** Infinity where no answer came: it may have happened at any moment since, or never. */
  readonly answered: number;
  readonly call:
    | { readonly kind: "read"; readonly saw: string | undefined }
    /** A conditional write that went through, or did not and saw something else; undefined where no answer came. */
    | {
        readonly kind: "write";
        readonly expected: string | undefined;
        readonly value: string;
        readonly succeeded: boolean | undefined;
      };
}

/** Whether an order exists in which a register that starts without a value answers all of this. */
export function isLinearizable(operations: readonly Operation[]): boolean {
  const history = operations.toSorted((a, b) => a.called - b.called);
  const required = history.filter((operation) => operation.answered !== Number.POSITIVE_INFINITY).length;
  const tried = new Set<string>();
  const stack: State[] = [{ done: new Set(), value: undefined, requiredDone: 0 }];

  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (state.requiredDone === required) return true;
    const id = `${[...state.done].toSorted((a, b) => a - b).join()} ${state.value}`;
    if (tried.has(id)) continue;
    tried.add(id);
    stack.push(...nextStates(history, state));
  }
  return false;
}

interface State {
  /** Which operations have happened, by their place in the history. */
  readonly done: ReadonlySet<number>;
  readonly value: string | undefined;
  readonly requiredDone: number;
}

/** The states that one more operation leads to: any that was called before all that are still to happen were answered. */
function nextStates(history: readonly Operation[], { done, value, requiredDone }: State): State[] {
  const open = history.map((operation, i) => ({ operation, i })).filter(({ i }) => !done.has(i));
  const firstAnswer = Math.min(...open.map(({ operation }) => operation.answered));
  const states: State[] = [];
  for (const { operation, i } of open) {
    if (operation.called > firstAnswer) break;
    const after = apply(operation, value);
    if (after === undefined) continue;
    const isRequired = operation.answered !== Number.POSITIVE_INFINITY;
    states.push({ done: new Set([...done, i]), value: after.value, requiredDone: requiredDone + (isRequired ? 1 : 0) });
  }
  return states;
}

/** What the register holds after the operation; undefined where it would have answered otherwise. */
function apply({ call }: Operation, value: string | undefined): { readonly value: string | undefined } | undefined {
  if (call.kind === "read") return call.saw === value ? { value } : undefined;
  const succeeds = call.expected === value;
  if (call.succeeded !== undefined && call.succeeded !== succeeds) return undefined;
  return { value: succeeds ? call.value : value };
}
