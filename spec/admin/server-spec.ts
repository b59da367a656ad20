import { request } from 'node:http'
import { expect } from 'chai'
import { type Admin, type AdminOptions, startAdmin } from '../../lib/admin/server.ts'
import { SILENT } from '../../lib/log.ts'
import { rejectionOf } from '../contract/failure-of.ts'

const TOKEN = 'as-long-as-a-token-has-to-be'

describe('the admin server', () => {
  const admins: Admin[] = []
  afterEach(() => Promise.all(admins.splice(0).map((admin) => admin.close())))
  const start = async (options: Partial<AdminOptions> = {}) => {
    const admin = await startAdmin({ port: 0, topologies: [], log: SILENT, ...options })
    admins.push(admin)
    return admin
  }
  const refusalOf = async (options: Partial<AdminOptions>) => (await rejectionOf(start(options))).message

  it('should listen on this machine alone unless told otherwise', async () => {
    const admin = await start()
    expect(admin.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(admin.endpoint).to.equal(new URL(admin.url).host)
  })

  it('should advertise what it is told to, and no address that is every one', async () => {
    expect((await start({ advertise: 'worker-1.internal:8080' })).endpoint).to.equal('worker-1.internal:8080')
    expect((await start({ host: '0.0.0.0', token: TOKEN })).endpoint).to.equal(undefined)
  })

  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'worker-1.internal']) {
    it(`should not listen on ${host} without a token`, async () => {
      expect(await refusalOf({ host })).to.match(
        /can be reached from other machines: set MILLRACE_ADMIN_TOKEN/,
      )
    })
  }

  it('should refuse a token that can be guessed', async () => {
    expect(await refusalOf({ token: 'short' })).to.equal('MILLRACE_ADMIN_TOKEN needs at least 16 characters')
  })

  it('should refuse an address to advertise that is none', async () => {
    expect(await refusalOf({ advertise: 'worker-1' })).to.equal('--advertise worker-1 is no host:port')
  })

  it('should say so when the port is taken', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    expect(await refusalOf({ port })).to.match(/^can't listen on 127\.0\.0\.1:\d+: .*choose another --port/)
  })

  describe('asked', () => {
    it('without a token where one is needed, should tell probes alone', async () => {
      const { url } = await start({ host: '0.0.0.0', token: TOKEN })
      expect((await ask(url, '/live')).status).to.equal(200)
      expect((await ask(url, '/ready')).status).to.equal(200)
      for (const path of [
        '/metrics',
        '/topology',
        '/stores',
        '/stores/a/b',
        '/internal/stores/a',
        '/nowhere',
      ]) {
        const { status, code } = await ask(url, path)
        expect([path, status, code]).to.deep.equal([path, 401, 'NO_TOKEN'])
      }
    })

    it('with a token that is not its own, should refuse', async () => {
      const { url } = await start({ token: TOKEN })
      for (const given of [`${TOKEN}x`, TOKEN.slice(1), '', TOKEN.toUpperCase()]) {
        const { status } = await ask(url, '/stores', { headers: { authorization: `Bearer ${given}` } })
        expect(status).to.equal(401)
      }
      const { status } = await ask(url, '/stores', { headers: { authorization: `Basic ${TOKEN}` } })
      expect(status).to.equal(401)
    })

    it('with its token, should answer', async () => {
      const { url } = await start({ token: TOKEN })
      const { status } = await ask(url, '/stores', { headers: { authorization: `Bearer ${TOKEN}` } })
      expect(status).to.equal(200)
    })

    for (const host of [
      'evil.example',
      'evil.example:80',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '',
    ]) {
      it(`for the host "${host}" (DNS rebinding), should refuse`, async () => {
        const { url } = await start()
        const { status, code } = await ask(url, '/stores', { headers: { host } })
        expect([status, code]).to.deep.equal([403, 'FOREIGN_HOST'])
      })
    }

    it('by address, as localhost, or by the name that it advertises, should answer', async () => {
      const { url } = await start({ advertise: 'worker-1.internal:8080' })
      for (const host of [
        '127.0.0.1',
        'localhost:1',
        '[::1]:9',
        'worker-1.internal',
        'Worker-1.internal:8080',
      ]) {
        expect([host, (await ask(url, '/stores', { headers: { host } })).status]).to.deep.equal([host, 200])
      }
    })

    it('by a page of another site, should refuse', async () => {
      const { url } = await start()
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: 'http://127.0.0.1:1' },
        { 'sec-fetch-site': 'cross-site' },
      ]) {
        const { status, code } = await ask(url, '/stores', { headers })
        expect([status, code]).to.deep.equal([403, 'FOREIGN_ORIGIN'])
      }
      expect((await ask(url, '/stores', { headers: { origin: url } })).status).to.equal(200)
    })

    it('should let nobody keep an answer, or show it as something else', async () => {
      const { url } = await start()
      const { headers } = await ask(url, '/stores')
      expect(headers['cache-control']).to.equal('no-store')
      expect(headers['x-content-type-options']).to.equal('nosniff')
      expect(headers['access-control-allow-origin']).to.equal(undefined)
    })
  })
})

interface Said {
  readonly headers?: Record<string, string>
}

/** `fetch` does not let a Host be said. */
async function ask(url: string, path: string, { headers = {} }: Said = {}) {
  return new Promise<{ status: number; code: string; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      const asked = request(url + path, { headers, setHost: headers.host === undefined }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const { error } = text.startsWith('{') ? JSON.parse(text) : {}
          resolve({ status: response.statusCode!, code: error?.code, headers: response.headers })
        })
      })
      asked.on('error', reject)
      asked.end()
    },
  )
}
