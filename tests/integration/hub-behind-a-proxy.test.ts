import { webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import { hubEndpoint } from '@main/models/hub/endpoint'
import { Hub } from '@main/models/hub/hub'
import { HubError } from '@main/models/hub/hub-error'
import { openNetwork, type NetworkOptions } from '@main/models/hub/network'
import { FakeHub } from '../harness/fake-hub'
import { startFakeProxy, type FakeProxy } from '../harness/fake-proxy'
import { temporaryFolder } from '../harness/headless-node'
import { TINY, tinyModel } from '../harness/models'

const HOST = 'hub.invalid'
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const tiny = ModelId.parse(TINY)

/** A key and a certificate for the host, of an authority that nobody knows. */
const authority = async (): Promise<{ readonly key: string; readonly cert: string }> => {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${HOST}`,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: HOST }]),
    ],
  })
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { key, cert: certificate.toString('pem') }
}

describe('a hub behind a proxy', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeHub
  let encrypted: Server
  let proxy: FakeProxy
  let caFile: string
  beforeEach(async () => {
    Object.assign(folder, temporaryFolder())
    hub = await FakeHub.start()
    hub.add(TINY, { folder: tinyModel() })
    const hubPort = Number(new URL(hub.url).port)
    const { key, cert } = await authority()
    caFile = join(folder.path, 'authority.pem')
    writeFileSync(caFile, cert)
    encrypted = createServer({ key, cert }, (client) => {
      const onward = connect(hubPort, '127.0.0.1')
      for (const end of [client, onward]) end.on('error', () => onward.destroy())
      client.pipe(onward).pipe(client)
    })
    encrypted.listen(0, '127.0.0.1')
    await once(encrypted, 'listening')
    const tunnelTo = (encrypted.address() as AddressInfo).port
    proxy = await startFakeProxy({ tunnelTo, forwardTo: hubPort, credentials: 'ann:secret' })
  })
  afterEach(async () => {
    await proxy.close()
    encrypted.close()
    await hub.close()
    folder.dispose()
  })

  const address = (credentials = 'ann:secret') => `http://${credentials}@127.0.0.1:${proxy.port}`
  const card = (options: NetworkOptions, scheme = 'https') =>
    new Hub({
      endpoint: hubEndpoint({ env: { HF_ENDPOINT: `${scheme}://${HOST}` }, home: folder.path }),
      offline: undefined,
      network: openNetwork(options),
    }).card(tiny)
  const failure = async (options: NetworkOptions): Promise<HubError> => {
    const error: unknown = await card(options).catch((reason: unknown) => reason)
    if (!(error instanceof HubError)) throw new Error(`it did not fail as a hub does: ${String(error)}`)
    return error
  }

  it.each([
    ['the environment', () => ({ env: { HTTPS_PROXY: address(), SSL_CERT_FILE: caFile } })],
    [
      'settings',
      () => ({ env: { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '*' }, proxy: address(), noProxy: [], caFile }),
    ],
  ])('is asked through the tunnel that %s names, with its user, and trusted by a file', async (_by, options) => {
    expect(await card(options())).toMatchObject({ modelId: TINY, layers: 4 })
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${HOST}:443`]))
  })

  it('is asked in absolute form where it is not encrypted', async () => {
    expect(await card({ env: { http_proxy: address() } }, 'http')).toMatchObject({ modelId: TINY })
    expect(proxy.asked[0]).toMatch(`GET http://${HOST}/api/models/`)
  })

  it('is asked straight where its host is named as one of those', async () => {
    const error = await failure({ env: { HTTPS_PROXY: address(), NO_PROXY: `localhost,${HOST}` }, caFile })
    expect(error).toMatchObject({ code: 'hub_unreachable' })
    expect(proxy.asked).toEqual([])
  })

  it('tells what to set where an authority is not known, its file is missing, or the proxy refuses', async () => {
    const env = { HTTPS_PROXY: address() }
    expect((await failure({ env })).hint).toMatch(/setting caFile or SSL_CERT_FILE/)
    const missing = await failure({ env, caFile: join(folder.path, 'none.pem') })
    expect(missing.message).toMatch(/none\.pem cannot be read/)
    const refused = await failure({ env: { HTTPS_PROXY: address('ann:wrong') }, caFile })
    expect(refused.message).toMatch(/through the proxy http:\/\/127\.0\.0\.1:\d+ /)
    expect(refused.message).not.toMatch(/wrong/)
    expect(refused.hint).toMatch(/HTTPS_PROXY/)
  })
})
