/** What can be keyed and encoded as `RandomUser`, for the oracle: see expected-rows.ts. */

type Shape = 'text' | 'whole number' | 'text or whole number' | { readonly [name: string]: Shape }

const DATE = { date: 'text', age: 'whole number' } as const

const USER: Shape = {
  gender: 'text',
  name: { title: 'text', first: 'text', last: 'text' },
  location: {
    street: { number: 'whole number', name: 'text' },
    city: 'text',
    state: 'text',
    country: 'text',
    postcode: 'text or whole number',
    coordinates: { latitude: 'text', longitude: 'text' },
    timezone: { offset: 'text', description: 'text' },
  },
  email: 'text',
  login: { uuid: 'text', username: 'text' },
  dob: DATE,
  registered: DATE,
  phone: 'text',
  cell: 'text',
  id: { name: 'text' },
  picture: { large: 'text', medium: 'text', thumbnail: 'text' },
  nat: 'text',
}

/** Undefined, or why capture must refuse the payload: the path that is not as the API documents it. */
export function wrongShape(payload: unknown): string | undefined {
  if (!isObject(payload)) return 'not an object'
  if (!isObject(payload.login) || typeof payload.login.uuid !== 'string' || payload.login.uuid === '')
    return 'login.uuid'
  return wrongIn(payload, USER, '')
}

function wrongIn(value: unknown, shape: Shape, path: string): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof shape === 'string') return fits(value, shape) ? undefined : path
  if (!isObject(value)) return path
  for (const [name, inner] of Object.entries(shape)) {
    const wrong = wrongIn(value[name], inner, path === '' ? name : `${path}.${name}`)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function fits(value: unknown, shape: string): boolean {
  if (typeof value === 'string') return shape !== 'whole number'
  return shape !== 'text' && Number.isSafeInteger(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
