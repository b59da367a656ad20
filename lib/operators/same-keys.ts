/**
 * What is joined has keys of one type: not even of a narrower one, since its bytes, and with them its partition, may be
 * others. A property that nothing has, so that the compiler's message names it and both types.
 */
export type SameKeys<Left, Right> = [Left, Right] extends [Right, Left]
  ? unknown
  : { readonly keysDiffer: readonly [left: Left, right: Right] }
