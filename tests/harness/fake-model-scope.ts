import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { FakeHub, GOOD_TOKEN, type Fault, type HubRequest } from './fake-hub'

/** ModelScope leaves out entries beyond this number. */
const MOST_ENTRIES = 3000

/**
 * A fake of ModelScope. It implements the routes that list, search and download models, with a second server as its
 * storage. Like ModelScope's, its responses to range requests have status 200. Checked against ModelScope's own client
 * in `model-scope.test.ts`.
 */
export class FakeModelScope extends FakeHub {
  protected override readonly partStatus = 200

  static async startModelScope(host = '127.0.0.1'): Promise<FakeModelScope> {
    const fake = new FakeModelScope(host, 16 * 1024)
    for (const server of [fake.hub, fake.cdn]) {
      server.listen(0, host)
      await once(server, 'listening')
    }
    return fake
  }

  protected override async answer(request: HubRequest, response: ServerResponse): Promise<void> {
    const url = new URL(request.path, this.url)
    const isDownload = url.pathname.endsWith('/repo')
    const isLarge = isDownload && url.searchParams.get('FilePath')?.endsWith('.safetensors') === true
    // Faults of large files are injected at the storage.
    const fault = isLarge ? undefined : this.fault(request.path)
    if (fault?.act === 'status') return this.refuse(response, fault.status ?? 500)
    if (fault?.act === 'answer') return void response.writeHead(200).end(fault.body)
    if (request.authorization !== undefined && request.authorization !== `Bearer ${GOOD_TOKEN}`)
      return this.refuse(response, 401)
    if (url.pathname === '/openapi/v1/models') return this.searchModels(url.searchParams, response)
    const [, modelId = '', route = ''] =
      /^\/api\/v1\/models\/([^/]+\/[^/]+)\/(repo|repo\/files)$/.exec(url.pathname) ?? []
    if (route === 'repo')
      return this.download({ modelId, name: url.searchParams.get('FilePath') ?? '', request, response, fault })
    if (route === 'repo/files') return this.listFiles(modelId, { query: url.searchParams, request, response })
    this.refuse(response, 404)
  }

  private listFiles(
    modelId: string,
    { query, request, response }: { query: URLSearchParams; request: HubRequest; response: ServerResponse },
  ): void {
    const model = this.models.get(modelId)
    if (!model || (model.gated && request.authorization === undefined)) return this.refuse(response, 404)
    const isRecursive = query.get('Recursive')?.toLowerCase() === 'true'
    const folders = new Set([...model.files.keys()].flatMap((name) => (name.includes('/') ? [name.split('/')[0]] : [])))
    const trees = [...folders].map((name) => ({
      Name: name,
      Path: name,
      Type: 'tree',
      Size: 0,
      Sha256: '',
      IsLFS: false,
    }))
    const blobs = [...model.files]
      .filter(([name]) => isRecursive || !name.includes('/'))
      .map(([name, { content, lfs, sha256 }]) => ({
        ...{ Name: name.split('/').at(-1), Path: name, Type: 'blob', Mode: '33188' },
        ...{ Size: content.length, Sha256: sha256, IsLFS: lfs, Revision: model.commit, InCheck: false },
      }))
    const Files = [...trees, ...blobs].slice(0, MOST_ENTRIES)
    this.json(response, { Code: 200, Success: true, Message: 'success', RequestId: 'fake', Data: { Files } })
  }

  private async download({
    modelId,
    name,
    request,
    response,
    fault,
  }: {
    modelId: string
    name: string
    request: HubRequest
    response: ServerResponse
    fault: Fault | undefined
  }): Promise<void> {
    const model = this.models.get(modelId)
    const file = model?.files.get(name)
    if (!file || (model?.gated === true && request.authorization === undefined)) return this.refuse(response, 404)
    // Files in git itself are sent whole, whatever range is requested.
    if (!file.lfs)
      return this.send({ request: { ...request, range: undefined }, response, fault, content: file.content })
    response.setHeader('x-linked-etag', `"${file.sha256}"`)
    response.setHeader('location', `${this.urlOf(this.cdn)}/${modelId}/${name}?signature=fake`)
    response.writeHead(302).end()
  }

  private searchModels(query: URLSearchParams, response: ServerResponse): void {
    const words = (query.get('search') ?? '').toLowerCase()
    const library = query.get('filter.library')
    const models = [...this.models]
      .filter(([id, { tags }]) => id.toLowerCase().includes(words) && (library === null || tags.includes(library)))
      .map(([id, { gated, tags }]) => ({
        ...{ id, display_name: id, downloads: 12, params: 1000, private: false, gated },
        tags: tags.map((tag) => `library:${tag}`),
      }))
    const total_count = models.length
    this.json(response, { success: true, data: { models, total_count, page_number: 1, page_size: 40 } })
  }

  private refuse(response: ServerResponse, status: number): void {
    response.setHeader('content-type', 'application/json')
    response
      .writeHead(status)
      .end(JSON.stringify({ Code: 10_010_205_001, Success: false, Message: 'refused', RequestId: 'fake' }))
  }
}
