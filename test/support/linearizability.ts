// Whether what clients saw of one key can have happened one after the other, each operation between its call and its answer.
// The search of Wing and Gong, with a memory of what was tried: https://doi.org/10.1006/jpdc.1993.1015

/** One call on one key. Moments are counted by the one who records them. Values that are written differ from each other. */
export interface Operation {
  readonly called: number;
  /** Infinity where no answer came: it may have happened at any moment since, or never. */
  readonly answered: number;
  readonly call: Read | Write;
}

interface Read {
  readonly kind: "read";
  readonly saw: string | undefined;
}

/**
 * A conditional write, or delete where `value` is undefined, and what it found: the expected value where it went through; "another" where
 * it did not and was not told why. Without an answer nobody knows.
 */
interface Write {
  readonly kind: "write";
  readonly expected: string | undefined;
  readonly value: string | undefined;
  readonly found: { readonly value: string | undefined } | "another" | undefined;
}

/** Whether an order exists in which a register that starts without a value answers all of this. */
export function isLinearizable(operations: readonly Operation[]): boolean {
  const history = withoutUnseen(operations).toSorted((a, b) => a.called - b.called);
  const answered = history.filter(isAnswered).length;
  const tried = new Set<string>();
  const stack: State[] = [{ done: new Set(), value: undefined, answeredDone: 0 }];

  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (state.answeredDone === answered) return true;
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
  readonly answeredDone: number;
}

/** Leaves out writes without an answer whose value nobody met: whoever came after them would have. Otherwise each doubles the search. */
function withoutUnseen(operations: readonly Operation[]): Operation[] {
  const met = new Set(
    operations.flatMap(({ call }) => {
      if (call.kind === "read") return [call.saw];
      return typeof call.found === "object" ? [call.expected, call.found.value] : [call.expected];
    }),
  );
  return operations.filter((operation) => {
    return isAnswered(operation) || operation.call.kind === "read" || met.has(operation.call.value);
  });
}

/** The states that one more operation leads to: any that was called before all that are still to happen were answered. */
function nextStates(history: readonly Operation[], { done, value, answeredDone }: State): State[] {
  const open = history.map((operation, i) => ({ operation, i })).filter(({ i }) => !done.has(i));
  const firstAnswer = Math.min(...open.map(({ operation }) => operation.answered));
  const states: State[] = [];
  for (const { operation, i } of open) {
    if (operation.called > firstAnswer) break;
    const after = apply(operation.call, value);
    if (after === undefined) continue;
    const state = {
      done: new Set([...done, i]),
      value: after.value,
      answeredDone: answeredDone + (isAnswered(operation) ? 1 : 0),
    };
    // What changes nothing and fits now may as well happen now.
    if (after.value === value) return [state];
    states.push(state);
  }
  return states;
}

/** What the register holds after the call; undefined where it would have answered otherwise, or has no reason to happen. */
function apply(call: Read | Write, value: string | undefined): { readonly value: string | undefined } | undefined {
  if (call.kind === "read") return call.saw === value ? { value } : undefined;
  const succeeds = call.expected === value;
  if (call.found === undefined) return succeeds ? { value: call.value } : undefined;
  if (call.found === "another") return succeeds ? undefined : { value };
  if (call.found.value !== value) return undefined;
  return { value: succeeds ? call.value : value };
}

function isAnswered({ answered }: Operation): boolean {
  return answered !== Number.POSITIVE_INFINITY;
}
