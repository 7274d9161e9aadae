// Objects whose keys come from outside: `__proto__` must be a key like any other.

/** Sets an own property, also where the key is `__proto__`, which plain assignment would turn into a change of prototype. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  else target[key] = value;
}

/** Reads an own property; inherited ones such as `constructor` do not count. */
export function getOwn<T>(source: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}
