#!/usr/bin/env node
// Plain enough for any Node that knows modules: an old one must get a clear line, not a syntax error.
const NEEDED = [22, 18]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < NEEDED[0]! || (major === NEEDED[0] && minor < NEEDED[1]!)) {
  process.stderr.write(
    `millrace: Node ${NEEDED.join('.')} or newer is needed, this is ${process.versions.node}; ` +
      'install it, or put the package "node" beside millrace: npm install node@24\n',
  )
  process.exit(2)
}
const { keepCompiled } = await import('./compile-cache.ts')
keepCompiled()
const { main } = await import('./main.ts')
await main(process.argv)
// What failed may leave a client behind that still tries to connect: nothing to wait for once all is printed.
if (process.exitCode) process.stdout.write('', () => process.exit())
