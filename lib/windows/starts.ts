/** Windows by their starts, both ends included. Milliseconds. */
export interface Starts {
  readonly first: number
  readonly last: number
}
