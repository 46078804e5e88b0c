import { describe, expect, it } from 'vitest'
import { hubEndpoint } from './endpoint'
import type { Network, NetworkResponse } from './network'
import { HubRequests } from './requests'

const HUB = 'https://hub.test'
const FILE = `${HUB}/team/model/resolve/main/model.safetensors`

/** An answer with these headers and a short body. */
const answer = (status: number, headers: Readonly<Record<string, string>> = {}): NetworkResponse => ({
  status,
  headers: { get: (name) => headers[name] ?? null },
  bytes: (async function* () {
    yield Buffer.from('part')
  })(),
  drop: () => Promise.resolve(),
})

const unreachable = (): never => {
  throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
}
const part = (): NetworkResponse => answer(206, { 'content-range': 'bytes 0-3/100' })
/** A part whose bytes never come. */
const cut = (): NetworkResponse => ({
  ...part(),
  bytes: (async function* () {
    await Promise.resolve()
    unreachable()
  })(),
})
const redirect = (location: string) => (): NetworkResponse => answer(302, { location })

/** A hub that keeps its large files on other machines. */
const hubWithStorage = () => {
  const places: Record<string, () => NetworkResponse> = {}
  const asked: string[] = []
  const network: Network = {
    proxy: undefined,
    get: async (url) => {
      asked.push(url.href)
      return (await Promise.resolve(places[url.href] ?? unreachable))()
    },
  }
  const endpoint = hubEndpoint({ env: {}, home: '/nowhere' }, { url: HUB })
  const requests = new HubRequests(endpoint, { network })
  const fetchPart = async (): Promise<boolean> => {
    const { bytes, isWhole } = await requests.get({
      path: '/team/model/resolve/main/model.safetensors',
      range: { from: 0, to: 4 },
    })
    for await (const _part of bytes);
    return isWhole
  }
  return { places, asked, fetchPart }
}

describe('the place that a hub keeps a file at', () => {
  it('is asked for once', async () => {
    const { places, asked, fetchPart } = hubWithStorage()
    places[FILE] = redirect('https://one.test/file')
    places['https://one.test/file'] = part
    await fetchPart()
    await fetchPart()
    expect(asked).toEqual([FILE, 'https://one.test/file', 'https://one.test/file'])
  })

  it.each([
    ['answers no more', unreachable],
    ['fails', () => answer(503)],
    ['cuts its answers off', () => cut()],
    ['has another part than was asked for', () => answer(206, { 'content-range': 'bytes 50-53/100' })],
  ])('is asked for again once it %s', async (_, ended) => {
    const { places, fetchPart } = hubWithStorage()
    places[FILE] = redirect('https://one.test/file')
    places['https://one.test/file'] = part
    await fetchPart()
    places['https://one.test/file'] = ended
    places[FILE] = redirect('https://two.test/file')
    places['https://two.test/file'] = part
    await fetchPart().catch(() => undefined)
    expect(await fetchPart()).toBe(false)
  })
})
