import type { TaskOwner } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'

/**
 * Whether all members of a group run the same. Two topologies of one application id would divide its partitions, and
 * its state, between them.
 *
 * @throws MillraceError `CONFIG` if not, unless this one `ran` before the others came: they go.
 */
export function requireAlike(
  owners: readonly TaskOwner[],
  fingerprint: string,
  application: string,
  ran: boolean,
): boolean {
  const alike = owners.every((owner) => (owner.fingerprint ?? fingerprint) === fingerprint)
  if (alike || ran) return alike
  throw new MillraceError(
    'CONFIG',
    `application "${application}" is running with another topology or guarantee. Stop all its instances before this one is started, or give this one another --application-id`,
    { application },
  )
}
