import { connect } from 'node:net'
import { loopback } from './ports.ts'

const answerWithinMs = 2_000

/**
 * Sends one request to a local port and resolves with the first `length` bytes of the answer, or undefined if
 * there is none: nobody listens, the connection is closed, or two seconds pass.
 */
export function probe(port: number, request: Buffer, length: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, loopback)
    let answer = Buffer.alloc(0)
    const end = (result: Buffer | undefined) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(answerWithinMs, () => end(undefined))
    socket.on('error', () => end(undefined))
    socket.on('close', () => end(undefined))
    socket.on('connect', () => socket.write(request))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length >= length) end(answer.subarray(0, length))
    })
  })
}
