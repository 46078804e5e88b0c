import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createHash, X509Certificate } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadIdentity, type Identity } from './identity'

describe('the identity of a node', () => {
  let dataDir: string
  let warnings: string[]
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'muster-identity-'))
    warnings = []
  })
  afterEach(() => rmSync(dataDir, { recursive: true }))

  const path = () => join(dataDir, 'identity.json')
  const load = (where = dataDir) => loadIdentity({ dataDir: where, onWarning: (warning) => warnings.push(warning) })

  it('is made on the first start and the same ever after', async () => {
    const first = await load()
    expect(first.nodeId).toMatch(/^[0-9a-f]{64}$/)
    expect(await load()).toEqual(first)
    expect(readdirSync(dataDir)).toEqual(['identity.json'])
    expect(warnings).toEqual([])
  })

  it("has as its id the SHA-256 of the certificate's public key", async () => {
    const { nodeId, certificate } = await load()
    const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
    expect(nodeId).toBe(createHash('sha256').update(spki).digest('hex'))
  })

  it('is another one on another machine', async () => {
    expect((await load(join(dataDir, 'a'))).nodeId).not.toBe((await load(join(dataDir, 'b'))).nodeId)
  })

  it('is one where two first starts happen at once', async () => {
    const [one, other] = await Promise.all([load(), load()])
    expect(one).toEqual(other)
    expect(readdirSync(dataDir)).toEqual(['identity.json'])
  })

  it('can be read by its owner only, and is mended with a warning where it could not', async () => {
    await load()
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    chmodSync(path(), 0o644)
    await load()
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(warnings).toEqual([expect.stringContaining(`${path()} could be read by other users`)])
  })

  it('is never replaced where it is damaged: the error names the file and the way out', async () => {
    const { certificate } = await load()
    const stranger = await load(join(dataDir, 'stranger'))
    const pieces = [
      '',
      '{"version": 1',
      '{"version": 2}',
      JSON.stringify({ version: 1, certificate: 'x', privateKey: stranger.privateKey }),
      JSON.stringify({ version: 1, certificate, privateKey: 'x' }),
      JSON.stringify({ version: 1, certificate, privateKey: stranger.privateKey }),
    ]
    for (const text of pieces) {
      writeFileSync(path(), text)
      await expect(load()).rejects.toMatchObject({
        code: 'identity_damaged',
        message: expect.stringContaining(path()),
        hint: expect.stringContaining('backup'),
      })
      expect(readFileSync(path(), 'utf8')).toBe(text)
    }
  })

  it('says what to do where it cannot be written', async () => {
    writeFileSync(join(dataDir, 'file'), '')
    await expect(load(join(dataDir, 'file', 'data'))).rejects.toMatchObject({ code: 'identity_not_written' })
  })

  it('serves for both ends of a TLS connection whose ends know one another', async () => {
    const server = await load(join(dataDir, 'server'))
    const client = await load(join(dataDir, 'client'))
    expect(await handshake(server, client)).toEqual({ server: server.nodeId, client: client.nodeId })
  })
})

const idOf = (socket: TLSSocket): string => {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return 'none'
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** Connects both over TLS 1.3, each trusting only the other's certificate. Returns which peer each end saw. */
const handshake = (server: Identity, client: Identity): Promise<{ server: string; client: string }> =>
  new Promise((resolve, reject) => {
    let seenByServer = 'nobody'
    const listener = createServer(
      {
        key: server.privateKey,
        cert: server.certificate,
        ca: [client.certificate],
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.3',
      },
      (socket) => {
        seenByServer = idOf(socket)
        socket.end('hello')
      },
    )
    listener.on('tlsClientError', reject)
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      const socket = connect({
        port: address.port,
        host: '127.0.0.1',
        key: client.privateKey,
        cert: client.certificate,
        ca: [server.certificate],
        checkServerIdentity: () => undefined,
      })
      socket.on('error', reject)
      socket.on('data', () => {
        const seenByClient = idOf(socket)
        socket.destroy()
        listener.close(() => resolve({ server: seenByClient, client: seenByServer }))
      })
    })
  })
