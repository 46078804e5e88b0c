import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { filesIn } from './models'

/** A file of a model on the fake hub. */
export interface HubFile {
  readonly content: Buffer
  /** Large files are stored separately, served by the CDN and named by their SHA-256. */
  readonly lfs: boolean
  readonly sha256: string
  readonly gitBlob: string
}

export interface HubModel {
  readonly files: Map<string, HubFile>
  readonly commit: string
  readonly gated: boolean
  readonly tags: readonly string[]
}

/** A request it received. */
export interface HubRequest {
  readonly server: 'hub' | 'cdn'
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly authorization: string | undefined
  readonly cookie?: string | undefined
  readonly range: string | undefined
  /** Bytes of the body sent so far. */
  sent: number
}

export interface Fault {
  readonly matches: string
  readonly act: 'status' | 'answer' | 'cut' | 'damage' | 'silence'
  readonly body?: string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly afterBytes?: number
  left: number
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
const gitBlob = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')

const CHUNK_BYTES = 16 * 1024

/** Resolves when more can be written, or the connection is closed. */
const drained = async (response: ServerResponse): Promise<void> => {
  const over = new AbortController()
  const { signal } = over
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })])
  over.abort()
}

/** The only token the fake hub accepts; its user has accepted every license. */
export const GOOD_TOKEN = 'hf_good'

/**
 * A fake model hub. It implements Hugging Face's protocol for listing, searching and downloading models over HTTP, with
 * a second server as its CDN, and injects the faults that a test asks for. Checked against Hugging Face's own client in
 * `fake-hub.test.ts`.
 */
export class FakeHub {
  readonly requests: HubRequest[] = []
  protected readonly models = new Map<string, HubModel>()
  private readonly faults: Fault[] = []
  private readonly waiting = new Set<() => void>()
  private bytesPerSecond = Infinity
  private wholeOnly = false
  /** Status of responses to range requests. */
  protected readonly partStatus: number = 206
  protected readonly hub: Server
  protected readonly cdn: Server

  protected constructor(
    private readonly host: string,
    private readonly chunkBytes: number,
  ) {
    const serve = (server: 'hub' | 'cdn') => (request: IncomingMessage, response: ServerResponse) => {
      const { method = 'GET', url: path = '/', headers } = request
      const { authorization, range, cookie } = headers
      const entry: HubRequest = { server, method, path, authorization, range, cookie, sent: 0 }
      this.requests.push(entry)
      for (const wake of this.waiting) wake()
      const act = server === 'hub' ? this.answer(entry, response) : this.answerCdn(entry, response)
      act.catch(() => response.destroy())
    }
    this.hub = createServer(serve('hub'))
    this.cdn = createServer(serve('cdn'))
  }

  /** On free ports of an address. Larger chunks are faster, but progress is counted less precisely. */
  static async start(host = '127.0.0.1', { chunkBytes = CHUNK_BYTES } = {}): Promise<FakeHub> {
    const fake = new FakeHub(host, chunkBytes)
    for (const server of [fake.hub, fake.cdn]) {
      server.listen(0, host)
      await once(server, 'listening')
    }
    return fake
  }

  get url(): string {
    return this.urlOf(this.hub)
  }

  async close(): Promise<void> {
    for (const server of [this.hub, this.cdn]) {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }

  /** Adds a model with the files of a folder and further ones. */
  add(
    modelId: string,
    {
      folder,
      files = {},
      gated = false,
      tags = ['mlx'],
    }: {
      readonly folder?: string
      readonly files?: Readonly<Record<string, string | Buffer>>
      readonly gated?: boolean
      readonly tags?: readonly string[]
    },
  ): void {
    const all = new Map<string, HubFile>()
    const put = (name: string, content: Buffer) =>
      all.set(name, {
        content,
        lfs: name.endsWith('.safetensors'),
        sha256: sha256(content),
        gitBlob: gitBlob(content),
      })
    if (folder !== undefined) for (const name of filesIn(folder)) put(name, readFileSync(join(folder, name)))
    for (const [name, content] of Object.entries(files))
      put(name, typeof content === 'string' ? Buffer.from(content) : content)
    const commit = createHash('sha1')
      .update([...all].map(([name, file]) => `${name} ${file.sha256}`).join())
      .digest('hex')
    this.models.set(modelId, { files: all, commit, gated, tags })
  }

  /** Answers the next requests whose path contains `matches` with this status. */
  failNext(matches: string, status: number, options: { headers?: Record<string, string>; times?: number } = {}): void {
    this.faults.push({ matches, act: 'status', status, headers: options.headers ?? {}, left: options.times ?? 1 })
  }

  /** Answers the next request whose path contains `matches` with this body, whatever the body is. */
  answerNext(matches: string, body: string): void {
    this.faults.push({ matches, act: 'answer', body, left: 1 })
  }

  /** Cuts the connection in the middle of a body. */
  cutNext(matches: string, { afterBytes, times = 1 }: { afterBytes: number; times?: number }): void {
    this.faults.push({ matches, act: 'cut', afterBytes, left: times })
  }

  /** Corrupts one byte of a body. */
  damageNext(matches: string, { times = 1 } = {}): void {
    this.faults.push({ matches, act: 'damage', left: times })
  }

  /** Stalls a body over an open connection. */
  silenceNext(matches: string, { afterBytes }: { afterBytes: number }): void {
    this.faults.push({ matches, act: 'silence', afterBytes, left: 1 })
  }

  /** Throttles every body. */
  limit(bytesPerSecond: number): void {
    this.bytesPerSecond = bytesPerSecond
  }

  /** Ignores ranges and serves whole files, as some mirrors do. */
  ignoreRanges(): void {
    this.wholeOnly = true
  }

  /** Resolves once a request has arrived for which `holds` is true; at once if one already has. */
  async asked(holds: (request: HubRequest) => boolean): Promise<HubRequest> {
    for (;;) {
      const found = this.requests.find(holds)
      if (found) return found
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.waiting.delete(wake)
          resolve()
        }
        this.waiting.add(wake)
      })
    }
  }

  /** Bytes sent of a file, over all requests. */
  sentOf(name: string): number {
    return this.requests
      .filter(({ path }) => path.split('?')[0]?.endsWith(`/${name}`))
      .reduce((sum, { sent }) => sum + sent, 0)
  }

  protected urlOf(server: Server): string {
    return `http://${this.host}:${(server.address() as AddressInfo).port}`
  }

  protected fault(path: string): Fault | undefined {
    const fault = this.faults.find(({ matches, left }) => left > 0 && path.includes(matches))
    if (fault) fault.left -= 1
    return fault
  }

  protected async answer(request: HubRequest, response: ServerResponse): Promise<void> {
    const url = new URL(request.path, this.url)
    const redirected = /^\/[^/]+\/[^/]+\/resolve\//.test(url.pathname)
    // Faults of large files happen at the CDN.
    const fault = redirected && url.pathname.endsWith('.safetensors') ? undefined : this.fault(request.path)
    if (fault?.act === 'status') return void this.fail(response, fault.status ?? 500, fault.headers ?? {})
    if (fault?.act === 'answer') return void response.writeHead(200).end(fault.body)
    if (request.authorization !== undefined && request.authorization !== `Bearer ${GOOD_TOKEN}`)
      return this.fail(response, 401, { 'x-error-message': 'Invalid credentials in Authorization header' })
    if (url.pathname === '/api/models') return this.search(url.searchParams, response)
    const listing = /^\/api\/models\/([^/]+\/[^/]+)(?:\/revision\/(\w+))?$/.exec(url.pathname)
    if (listing) {
      const { authorization } = request
      return this.list(listing[1] ?? '', url.searchParams, { authorization, response })
    }
    const file = /^\/([^/]+\/[^/]+)\/resolve\/(\w+)\/(.+)$/.exec(url.pathname)
    if (file) return this.resolve({ request, response, fault, match: file })
    this.fail(response, 404)
  }

  /** Without a token the status is 401, which does not reveal whether a model is missing or private. */
  private missing(response: ServerResponse, authorization: string | undefined): void {
    const status = authorization === undefined ? 401 : 404
    this.fail(response, status, { 'x-error-code': 'RepoNotFound', 'x-error-message': 'Repository not found' })
  }

  private list(
    modelId: string,
    query: URLSearchParams,
    { authorization, response }: { authorization: string | undefined; response: ServerResponse },
  ): void {
    const model = this.models.get(modelId)
    if (!model) return this.missing(response, authorization)
    const blobs = query.get('blobs')?.toLowerCase() === 'true'
    const siblings = [...model.files].map(([rfilename, { content, lfs, ...hashes }]) => ({
      rfilename,
      ...(blobs && {
        size: content.length,
        blobId: hashes.gitBlob,
        ...(lfs && { lfs: { sha256: hashes.sha256, size: content.length, pointerSize: 135 } }),
      }),
    }))
    this.json(response, { ...this.summary(modelId, model), sha: model.commit, siblings })
  }

  private search(query: URLSearchParams, response: ServerResponse): void {
    const words = (query.get('search') ?? '').toLowerCase()
    const tags = query.getAll('filter')
    const found = [...this.models]
      .filter(([id, model]) => id.toLowerCase().includes(words) && tags.every((tag) => model.tags.includes(tag)))
      .slice(0, Number(query.get('limit') ?? 1000))
    this.json(
      response,
      found.map(([id, model]) => this.summary(id, model)),
    )
  }

  private summary(id: string, { files, gated, tags }: HubModel): object {
    const config = files.get('config.json')
    const { model_type } = JSON.parse(config?.content.toString() ?? '{}') as { model_type?: string }
    const bytes = [...files].reduce((sum, [, { content, lfs }]) => sum + (lfs ? content.length : 0), 0)
    return {
      _id: id,
      id,
      modelId: id,
      private: false,
      downloads: 12,
      likes: 3,
      tags,
      gated: gated ? 'auto' : false,
      ...(model_type !== undefined && { config: { model_type } }),
      ...(bytes > 0 && { safetensors: { parameters: { F32: Math.floor(bytes / 4) }, total: Math.floor(bytes / 4) } }),
    }
  }

  private async resolve({
    request,
    response,
    fault,
    match,
  }: {
    request: HubRequest
    response: ServerResponse
    fault: Fault | undefined
    match: RegExpExecArray
  }): Promise<void> {
    const [, modelId = '', revision = '', name = ''] = match
    const model = this.models.get(modelId)
    if (!model) return this.missing(response, request.authorization)
    if (model.gated && request.authorization === undefined)
      return this.fail(response, 401, {
        'x-error-code': 'GatedRepo',
        'x-error-message': 'Access to this model is restricted. You must be authenticated to access it.',
      })
    const file = model.files.get(decodeURIComponent(name))
    if (revision !== 'main' && revision !== model.commit)
      return this.fail(response, 404, { 'x-error-code': 'RevisionNotFound' })
    if (!file) return this.fail(response, 404, { 'x-error-code': 'EntryNotFound' })
    response.setHeader('x-repo-commit', model.commit)
    response.setHeader('accept-ranges', 'bytes')
    if (!file.lfs) {
      response.setHeader('etag', `"${file.gitBlob}"`)
      return this.send({ request, response, fault, content: file.content })
    }
    response.setHeader('x-linked-size', file.content.length)
    response.setHeader('x-linked-etag', `"${file.sha256}"`)
    response.setHeader('location', `${this.urlOf(this.cdn)}/${modelId}/${name}?signature=fake`)
    response.writeHead(302).end('Found. Redirecting')
  }

  private async answerCdn(request: HubRequest, response: ServerResponse): Promise<void> {
    const [, owner = '', title = '', name = ''] = request.path.split('?')[0]?.split('/') ?? []
    const file = this.models.get(`${owner}/${title}`)?.files.get(decodeURIComponent(name))
    const fault = this.fault(request.path)
    if (fault?.act === 'status') return this.fail(response, fault.status ?? 500, fault.headers ?? {})
    // A signed URL is its own authorization; a token beside it is refused.
    if (file === undefined || request.authorization !== undefined) return this.fail(response, 403)
    response.setHeader('etag', `"${file.sha256}"`)
    await this.send({ request, response, fault, content: file.content })
  }

  protected async send({
    request,
    response,
    fault,
    content,
  }: {
    request: HubRequest
    response: ServerResponse
    fault: Fault | undefined
    content: Buffer
  }): Promise<void> {
    const range = this.wholeOnly ? null : /^bytes=(\d+)-(\d*)$/.exec(request.range ?? '')
    const from = Number(range?.[1] ?? 0)
    const to = Math.min(content.length, range?.[2] ? Number(range[2]) + 1 : content.length)
    if (from > 0 && from >= content.length) {
      response.setHeader('content-range', `bytes */${content.length}`)
      return this.fail(response, 416)
    }
    const part = content.subarray(from, to)
    const body = fault?.act === 'damage' ? Buffer.from(part) : part
    if (fault?.act === 'damage') body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1
    response.setHeader('content-length', body.length)
    if (range) response.setHeader('content-range', `bytes ${from}-${to - 1}/${content.length}`)
    response.writeHead(range ? this.partStatus : 200)
    if (request.method === 'HEAD') return void response.end()
    const most = fault?.afterBytes ?? body.length
    for (let at = 0; at < most && !response.destroyed; at += this.chunkBytes) {
      const chunk = body.subarray(at, Math.min(at + this.chunkBytes, most))
      if (!response.write(chunk)) await drained(response)
      request.sent += chunk.length
      if (this.bytesPerSecond !== Infinity)
        await new Promise((resolve) => setTimeout(resolve, (1000 * chunk.length) / this.bytesPerSecond))
    }
    if (fault?.act === 'cut') {
      // Let written bytes reach the client before the connection ends.
      await new Promise((resolve) => setImmediate(resolve))
      response.destroy()
    } else if (fault?.act !== 'silence') response.end()
  }

  protected json(response: ServerResponse, value: unknown): void {
    response.setHeader('content-type', 'application/json')
    response.writeHead(200).end(JSON.stringify(value))
  }

  protected fail(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
    response.setHeader('content-type', 'application/json')
    response.writeHead(status, headers).end(JSON.stringify({ error: headers['x-error-message'] ?? 'refused' }))
  }
}
