import { MillraceError } from '../../lib/errors.ts'

/**
 * Where the API is asked, from `RANDOM_USER_URL`: an address without a path means version 1.4 at that host.
 * @throws {MillraceError} `CONFIG` if it is no http(s) URL.
 */
export function apiUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new MillraceError('CONFIG', 'RANDOM_USER_URL is not of the form https://host/api/')
  }
  if (url.pathname === '/') url.pathname = '/api/1.4/'
  else if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** The API with the query of one page; other parameters of the configured URL are kept. */
export function pageUrl(api: URL, seed: string, results: number, page: number): URL {
  const url = new URL(api)
  url.searchParams.set('results', String(results))
  url.searchParams.set('seed', seed)
  url.searchParams.set('page', String(page))
  return url
}

/** A URL for messages: without user, password and query, which may hold secrets. */
export function placeOf(url: URL): string {
  return `${url.origin}${url.pathname}`
}
