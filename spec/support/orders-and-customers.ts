/** What the type specs of the joins with tables join: declared alone, since nothing of it is run. */
import type { GlobalTable, Stream, Table } from '../../lib/index.ts'

export interface Order {
  readonly customer: string
  readonly price: number
}

export interface Customer {
  readonly name: string
}

export interface Billed {
  readonly name: string
  readonly price: number
}

export declare const orders: Stream<string, Order>
export declare const nullable: Stream<string, Order | null>
export declare const numbered: Stream<number, Order>
export declare const customers: Table<string, Customer>
export declare const everywhere: GlobalTable<string, Customer>
export declare const bill: (order: Order, customer: Customer) => Billed
