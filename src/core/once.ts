// A constant that is made when it is first asked for: a start that does not need it does not pay for it. Pure, because `make` is: nobody
// can tell when it ran.

/** `make`'s value, made once. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
