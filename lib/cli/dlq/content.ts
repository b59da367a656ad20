import type { Letter } from '../../dead-letters/letter.ts'
import type { Environment } from '../../runtime/environment.ts'
import { serdesOf } from '../../runtime/open.ts'
import { isTopic, type Topology } from '../../topology/nodes.ts'
import type { LettersOf } from './letters-of.ts'
import { masked } from './masked.ts'

/** Key and value of a letter: decoded where the topology says how and the bytes allow it, or their shape only. */
export async function contentOf(
  letter: Letter,
  whose: LettersOf,
  environment: Environment,
  showValues: boolean,
): Promise<{ readonly key: unknown; readonly value: unknown }> {
  const serdes = whose.kind === 'topology' ? serdesFor(letter, whose.topology, environment) : undefined
  const side = async (name: 'key' | 'value') => {
    const bytes = letter[name]
    if (bytes === null) return null
    const serde = serdes?.[name]
    await serde?.ready?.([bytes])
    const content = decodedOr(() => serde?.decode(bytes)) ?? textOr(bytes)
    return showValues ? content : masked(content)
  }
  return { key: await side('key'), value: await side('value') }
}

function serdesFor({ origin }: Letter, { nodes }: Topology, environment: Environment) {
  if (origin.kind === 'row') return undefined
  const input = nodes.find(
    (node) => (node.kind === 'source' || node.kind === 'table') && node.topic.name === origin.topic,
  )
  return input !== undefined && 'topic' in input && isTopic(input.topic)
    ? serdesOf(input.topic, environment)
    : undefined
}

/** What can't be decoded is what many a letter is about. */
function decodedOr(decode: () => unknown): unknown {
  try {
    return decode()
  } catch {
    return undefined
  }
}

function textOr(bytes: Buffer): unknown {
  const text = bytes.toString()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what makes it binary
  return /[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text) ? { base64: bytes.toString('base64') } : text
}
