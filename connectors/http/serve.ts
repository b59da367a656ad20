/** `npm run random-user-server`: the bundled stand-in for the Random User API, until Ctrl-C. */
import { startRandomUserServer } from './random-user-server.ts'

const port = Number(process.env.PORT ?? 8000)
const server = await startRandomUserServer({ port, rateLimit: { requests: 100, perMs: 10_000 } })
process.stdout.write(`export RANDOM_USER_URL=${server.url}\n`)
process.once('SIGINT', () => void server.close()).once('SIGTERM', () => void server.close())
