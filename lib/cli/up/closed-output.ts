/**
 * A reader that goes away (`| head`, a terminal that was closed) is no crash: what is said from then on is not heard.
 * Work that goes on until it is asked to stop is asked by it.
 */
export function allowClosedOutput(): void {
  process.stdout.once('error', () => process.emit('SIGHUP'))
  for (const stream of [process.stdout, process.stderr]) stream.on('error', requireGone)
}

function requireGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
}
