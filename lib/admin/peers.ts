import { get, type IncomingMessage } from 'node:http'
import { messageOf } from '../errors.ts'
import type { StoreAnswer, StoreQuery } from '../runtime/view/worker-view.ts'
import { isEndpoint } from './endpoint.ts'

/** How long another instance may take. Milliseconds. */
const PATIENCE = 5000

/** What an answer may weigh: as much as the largest number of rows with a few kilobytes each. */
const LARGEST_ANSWER = 32 << 20

/** Why another instance gave no answer. */
export interface Unanswered {
  readonly outcome: 'unanswered'
  readonly why: string
}

/** The other instances of an application, by the addresses that they advertise in their group. */
export class Peers {
  readonly #token: string | undefined

  /** All instances share one token. */
  constructor(token: string | undefined) {
    this.#token = token
  }

  /** Never rejects, and is answered by that instance itself: it does not ask another one in turn. */
  async query(endpoint: string, application: string, query: StoreQuery): Promise<StoreAnswer | Unanswered> {
    if (!isEndpoint(endpoint)) return unanswered('it advertises no host:port')
    const url = new URL(`http://${endpoint}/internal/stores/${encodeURIComponent(query.store)}`)
    const { ask, task, from } = query
    for (const [name, value] of Object.entries({ application, task, role: from, ...ask })) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    try {
      return await read(await this.#get(url))
    } catch (error) {
      return unanswered(messageOf(error))
    }
  }

  /** `fetch` refuses some ports. */
  #get(url: URL): Promise<IncomingMessage> {
    const headers = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }
    return new Promise((resolve, reject) => {
      get(url, { headers, signal: AbortSignal.timeout(PATIENCE) }, resolve).on('error', reject)
    })
  }
}

async function read(response: IncomingMessage): Promise<StoreAnswer | Unanswered> {
  if (response.statusCode !== 200) {
    response.destroy()
    const sameToken = response.statusCode === 401 ? ': all instances need the same MILLRACE_ADMIN_TOKEN' : ''
    return unanswered(`it answers ${response.statusCode}${sameToken}`)
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += chunk.length
    if (bytes > LARGEST_ANSWER) return unanswered('its answer is too large: ask for fewer rows')
    chunks.push(chunk)
  }
  const answer: unknown = JSON.parse(Buffer.concat(chunks).toString())
  return isAnswer(answer) ? answer : unanswered('its answer is none of this version')
}

function isAnswer(answer: unknown): answer is StoreAnswer {
  if (typeof answer !== 'object' || answer === null || !('outcome' in answer)) return false
  return ['answered', 'elsewhere', 'restoring', 'refused'].includes(String(answer.outcome))
}

function unanswered(why: string): Unanswered {
  return { outcome: 'unanswered', why }
}
