/**
 * Bytes of PostgreSQL 15 (`pg_logical_slot_get_binary_changes`, proto_version 1) for
 * `create table t (id int primary key, name text, big text)`, `big` stored outside the row.
 */
const y3000 = '79'.repeat(3000)

const bytes = (hex: string) => Buffer.from(hex, 'hex')

/** `(1, 'Zoë', null)`; name → null; id → 2; deleted; truncated: one transaction. */
export const MIXED = {
  begin: bytes('420000000002645270000303e0da9c4b5c0000035e'),
  relation: bytes(
    '520000401f7075626c69630074006400030169640000000017ffffffff006e616d650000000019ffffffff006269670000000019ffffffff',
  ),
  insert: bytes('490000401f4e000374000000013174000000045a6fc3ab6e'),
  updateToNull: bytes('550000401f4e00037400000001316e6e'),
  updateOfKey: bytes('550000401f4b00037400000001316e6e4e00037400000001326e6e'),
  delete: bytes('440000401f4b00037400000001326e6e'),
  truncate: bytes('5400000001000000401f'),
  commit: bytes('4300000000000264527000000000026453e0000303e0da9c4b5c'),
}

/** An update of the name in a row whose `big` holds 3,000 bytes and was not touched. */
export const TOASTED_UPDATE = bytes('550000401f4e000374000000013374000000017a75')

/** The same under REPLICA IDENTITY FULL: the old row comes first, whole. */
export const FULL = {
  relation: bytes(
    '520000401f7075626c69630074006600030169640000000017ffffffff016e616d650000000019ffffffff016269670000000019ffffffff',
  ),
  update: bytes(`550000401f4f000374000000013374000000017a7400000bb8${y3000}4e000374000000013374000000017775`),
}
