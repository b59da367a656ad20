import { Module } from 'node:module'
import { MillraceError } from '../../../lib/errors.ts'

/** Puts `exports` where kafkajs will look for one of its own files. Must come before that file is first loaded. */
export function replaceModule(require: NodeJS.Require, id: string, exports: unknown): void {
  const path = require.resolve(id)
  if (require.cache[path] !== undefined) {
    throw new MillraceError('INTERNAL', `${id} was loaded before it could be repaired; import millrace first`)
  }
  put(require, path, exports)
}

/** The same, with something that is made of what is there. */
export function wrapModule<T>(require: NodeJS.Require, id: string, wrapped: (exports: T) => T): void {
  const path = require.resolve(id)
  put(require, path, wrapped(require(path) as T))
}

function put(require: NodeJS.Require, path: string, exports: unknown): void {
  const replacement = new Module(path)
  replacement.filename = path
  replacement.loaded = true
  replacement.exports = exports
  require.cache[path] = replacement
}
