import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { AllowedHost } from '@core/settings/allowed-host'
import { respondWith } from '../dialect'
import { Problem } from '../problem'
import { hostCheck } from './host'

interface Api {
  readonly open?: boolean
  readonly allowed?: readonly string[]
  readonly systemName?: () => string
}

/** Sends requests to such an API, with a key if given. */
const api = ({ open = false, allowed = [], systemName = () => 'Kitchen.home' }: Api = {}) => {
  const app = new Hono()
  app.onError((error, c) => (error instanceof Problem ? respondWith(c, error) : c.text('unexpected', 500)))
  app.use(
    hostCheck({
      open,
      allowed: allowed.map((text) => AllowedHost.parse(text)),
      hasKey: (c) => c.req.header('x-api-key') === 'right',
      systemName,
    }),
  )
  app.get('/state', (c) => c.text('the state'))
  return async (host: string, key?: string, target = '/state') => {
    const answer = await app.request(target, { headers: { host, ...(key !== undefined && { 'x-api-key': key }) } })
    return { status: answer.status, text: await answer.text() }
  }
}

const allowed = ['host.docker.internal', '*.ts.net']

describe('a request to a host', () => {
  // On loopback, open to the network, then both with the settings above.
  it.each([
    ['localhost', [200, 200, 200, 200]],
    ['LOCALHOST:52416', [200, 200, 200, 200]],
    ['localhost.:52416', [200, 200, 200, 200]],
    ['127.0.0.1:52416', [200, 200, 200, 200]],
    ['127.0.0.2', [200, 200, 200, 200]],
    ['[::1]:52416', [200, 200, 200, 200]],
    ['192.168.1.7:52416', [403, 200, 403, 200]],
    ['[fe80::1]', [403, 200, 403, 200]],
    ['kitchen.home:52416', [403, 200, 403, 200]],
    ['kitchen.local.', [403, 200, 403, 200]],
    ['host.docker.internal:52416', [403, 403, 200, 200]],
    ['studio.tail1234.ts.net', [403, 403, 200, 200]],
    ['ts.net', [403, 403, 403, 403]],
    ['evil.example', [403, 403, 403, 403]],
    ['localhost.evil.example', [403, 403, 403, 403]],
    ['127.0.0.1.evil.example', [403, 403, 403, 403]],
    ['127.evil', [403, 403, 403, 403]],
    ['', [403, 403, 403, 403]],
  ])('%j is answered on loopback, open, and both with settings: %j', async (host, statuses) => {
    const apis = [api(), api({ open: true }), api({ allowed }), api({ open: true, allowed })]
    const answers = await Promise.all(apis.map((ask) => ask(host)))
    expect(answers.map(({ status }) => status)).toEqual(statuses)
  })

  it.each(['evil.example', '192.168.1.7', ''])(
    '%j is answered with a key that is known, and not with others',
    async (host) => {
      const ask = api()
      expect([(await ask(host, 'right')).status, (await ask(host, 'wrong')).status]).toEqual([200, 403])
    },
  )

  it.each(['studio.lan', 'studio.tail1234.ts.net:443', '10.0.0.7:52416'])(
    'that is refused (%s) names the settings, and is answered with what they name',
    async (host) => {
      const { text } = await api()(host)
      const [, value = ''] = /--allow-host (\S+)/.exec(text) ?? []
      expect(text).toContain(`MUSTER_ALLOWED_HOSTS=${value}`)
      expect(text).toContain('allowedHosts')
      expect((await api({ allowed: [value] })(host)).status).toBe(200)
    },
  )

  it.each([
    ['http://localhost:52416/state', [200, 200]],
    ['http://127.0.0.1/state', [200, 200]],
    ['http://studio.tail1234.ts.net/state', [403, 200]],
    ['http://evil.example/state', [403, 403]],
    ['https://evil.example:443/state', [403, 403]],
  ])('is held to the host of its target too: %s beside a local Host header', async (target, statuses) => {
    const answers = await Promise.all([api(), api({ allowed })].map((ask) => ask('localhost', undefined, target)))
    expect(answers.map(({ status }) => status)).toEqual(statuses)
    expect((await api()('localhost', 'right', target)).status).toBe(200)
  })

  it('that no setting could allow is refused without one', async () => {
    const { status, text } = await api()('a b"<script>')
    expect(status).toBe(403)
    expect(text).not.toContain('--allow-host')
  })

  it('follows the machine to its new name', async () => {
    let name = 'kitchen.local'
    const ask = api({ open: true, systemName: () => name })
    expect([(await ask('kitchen.local')).status, (await ask('cellar.local')).status]).toEqual([200, 403])
    name = 'cellar.local'
    expect([(await ask('kitchen.local')).status, (await ask('cellar.local')).status]).toEqual([403, 200])
  })
})
