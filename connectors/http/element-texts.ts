/**
 * The elements of the array under `key` at the top of a JSON object, each as the very text that was sent: numbers
 * beyond 2^53, escapes and nesting of any depth survive, which parsing and writing again would not promise.
 *
 * @param json valid JSON, known to be an object with an array under `key`. Of several such members the last counts,
 * as for JSON.parse.
 */
export function elementTexts(json: string, key: string): string[] {
  let elements: string[] = []
  let inside = false
  let depth = 0
  let start = 0
  let name = ''
  const close = (end: number): void => {
    const text = json.slice(start, end).trim()
    if (text !== '') elements.push(text)
    start = end + 1
  }
  for (let i = 0; i < json.length; i++) {
    const char = json[i]
    if (char === '"') {
      const end = endOfString(json, i)
      if (depth === 1) name = json.slice(i, end + 1)
      i = end
    } else if (char === '{' || char === '[') {
      depth++
      if (depth === 2 && char === '[' && isKey(name, key)) {
        elements = []
        inside = true
        start = i + 1
      }
    } else if (char === '}' || char === ']') {
      depth--
      if (inside && depth === 1) {
        close(i)
        inside = false
      }
    } else if (char === ',' && inside && depth === 2) close(i)
  }
  return elements
}

function isKey(name: string, key: string): boolean {
  return name !== '' && JSON.parse(name) === key
}

/** Position of the closing quote of the string that opens at `open`. */
function endOfString(json: string, open: number): number {
  let end = json.indexOf('"', open + 1)
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1)
  return end
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0
  while (json[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}
