// A value that is made when somebody asks for the first time.

/** Makes it once, at the first call, and answers it ever after. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
