import { coded } from '@core/texts/coded'
import type { Endpoint } from './endpoint'
import { errorOfAnswer, HubError, type HubErrorContext } from './hub-error'
import { CertificateFileError, openNetwork, type Network, type NetworkRequest, type NetworkResponse } from './network'

const MOST_REDIRECTS = 5
/** Cache size for redirect targets of files. */
const MAX_REDIRECTS_KEPT = 64
/** Idle timeout of a hub connection. */
const IDLE_MS = 30_000

export interface HubRequest {
  /** Path below the endpoint, with its query. */
  readonly path: string
  /** The model it concerns, for error messages. */
  readonly modelId?: string
  /** Byte range, `to` exclusive; absent: the whole file. */
  readonly range?: { readonly from: number; readonly to: number } | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HubAnswer {
  /** Whether it is the whole file, not the range that was asked for. */
  readonly isWhole: boolean
  /** Each part is valid until the next one is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>
}

/** OpenSSL's error codes for an untrusted certificate chain. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_UNTRUSTED/

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** Whether a response is a part of a file. ModelScope's storage answers a range with 200, and names the range. */
const isPart = ({ status, headers }: NetworkResponse): boolean =>
  status === 206 || (status === 200 && headers.get('content-range')?.startsWith('bytes ') === true)

/** Whether a response's part starts at the requested offset. */
const isRange = ({ headers }: NetworkResponse, from: number | undefined): boolean =>
  from !== undefined && headers.get('content-range')?.startsWith(`bytes ${from}-`) === true

/** Status codes of an expired signed URL. */
const isExpired = (status: number): boolean => [401, 403, 404, 410].includes(status)

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error) return String(error.code)
  const { cause } = error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return cause instanceof Error ? cause.message : error.message
}

/** Aborts after a time without data, or with the caller's signal. */
class IdleTimeout {
  private readonly stop = new AbortController()
  private timer: NodeJS.Timeout | undefined
  readonly signal = this.stop.signal
  isOver = false

  constructor(
    private readonly idleMs: number,
    private readonly outer: AbortSignal | undefined,
  ) {
    outer?.addEventListener('abort', this.abort, { once: true })
    if (outer?.aborted) this.abort()
    this.restart()
  }

  /** Pauses the timeout while the caller processes data; `restart` restarts it. */
  pause(): void {
    clearTimeout(this.timer)
  }

  restart(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.isOver = true
      this.abort()
    }, this.idleMs)
  }

  end(): void {
    clearTimeout(this.timer)
    this.outer?.removeEventListener('abort', this.abort)
  }

  private readonly abort = (): void => this.stop.abort()
}

/** A request under way: its address at the hub, and its timeout. */
interface Asked {
  readonly start: URL
  readonly idle: IdleTimeout
}

/**
 * HTTP requests to a hub. Follows a few redirects, never from https to http. The token is sent to the endpoint only,
 * never to redirect targets.
 */
export class HubRequests {
  private readonly network: Network
  private readonly idleMs: number
  private readonly own: URL
  /** Redirect targets of large files: signed URLs, valid for minutes to hours. */
  private readonly redirectTargets = new Map<string, URL>()

  constructor(
    readonly endpoint: Endpoint,
    { network = openNetwork({ env: {} }), idleMs = IDLE_MS }: { network?: Network; idleMs?: number } = {},
  ) {
    this.network = network
    this.own = new URL(endpoint.url)
    this.idleMs = idleMs
  }

  /**
   * Sends a request. Throws HubError, also while the body is read. The body must be read to its end, or its loop left.
   */
  async get({ path, modelId, range, signal }: HubRequest): Promise<HubAnswer> {
    const { endpoint } = this
    const token = await endpoint.token()
    const asked: HubErrorContext = { endpoint, modelId, withToken: token !== undefined }
    const idle = new IdleTimeout(this.idleMs, signal)
    const start = new URL(`${endpoint.url}${path}`)
    try {
      const response = await this.follow(start, token, {
        headers: {
          'user-agent': 'muster',
          // A compressed body could not be resumed from the middle.
          'accept-encoding': 'identity',
          ...(range && { range: `bytes=${range.from}-${range.to - 1}` }),
        },
        signal: idle.signal,
      })
      if (isPart(response) && !isRange(response, range?.from)) {
        await response.drop()
        throw this.unexpectedAnswer('another part of a file')
      }
      if (response.status === 200 || response.status === 206)
        return { isWhole: !isPart(response), bytes: this.read(response, { start, idle }) }
      await response.drop()
      throw errorOfAnswer(response, asked, Date.now())
    } catch (error) {
      idle.end()
      throw this.failed(error, { start, idle })
    }
  }

  /** Fetches a small JSON answer; the caller validates it. Throws HubError. */
  async json(request: HubRequest, limit: number): Promise<unknown> {
    const { bytes } = await this.get(request)
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of bytes) {
      size += part.length
      if (size > limit) throw this.unexpectedAnswer(`a response of more than ${limit} bytes`)
      parts.push(Uint8Array.from(part))
    }
    try {
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
    } catch (cause) {
      throw this.unexpectedAnswer('no JSON', cause)
    }
  }

  unexpectedAnswer(what: string, cause?: unknown): HubError {
    return new HubError({
      code: 'hub_nonsense',
      what: coded('downloads.hub.nonsense', { host: this.endpoint.host, what }),
      hint: 'Is the address of the hub right (the setting hubUrl, HF_ENDPOINT or MODELSCOPE_ENDPOINT), and is it of the kind that the setting hub names? A proxy or a sign-in page of the network may answer in its place.',
      cause,
    })
  }

  /** Follows redirects, reusing a file's cached redirect target for its further pieces until it expires or fails. */
  private async follow(start: URL, token: string | undefined, init: NetworkRequest): Promise<NetworkResponse> {
    const known = this.redirectTargets.get(start.href)
    if (known) {
      const response = await this.ask(known, token, init)
      if (!isExpired(response.status) && !isRedirect(response.status)) return response
      await response.drop()
      this.redirectTargets.delete(start.href)
    }
    let url = start
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const response = await this.ask(url, token, init)
      const location = response.headers.get('location')
      if (!isRedirect(response.status) || location === null) {
        if (url !== start && isPart(response)) this.remember(start.href, url)
        return response
      }
      await response.drop()
      url = new URL(location, url)
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && this.own.protocol === 'http:'))
        throw this.unexpectedAnswer('a redirect to an address that is not https')
    }
    throw this.unexpectedAnswer('one redirect after another')
  }

  private ask(url: URL, token: string | undefined, init: NetworkRequest): Promise<NetworkResponse> {
    const credentials = token !== undefined && url.origin === this.own.origin && this.endpoint.credentials(token)
    return this.network.get(url, { ...init, headers: { ...init.headers, ...credentials } })
  }

  private remember(start: string, url: URL): void {
    this.redirectTargets.set(start, url)
    for (const oldest of this.redirectTargets.keys()) {
      if (this.redirectTargets.size <= MAX_REDIRECTS_KEPT) break
      this.redirectTargets.delete(oldest)
    }
  }

  private async *read({ bytes }: NetworkResponse, asked: Asked): AsyncGenerator<Uint8Array> {
    const { idle } = asked
    try {
      for await (const part of bytes) {
        idle.pause()
        yield part
        idle.restart()
      }
    } catch (error) {
      throw this.failed(error, asked)
    } finally {
      idle.end()
    }
  }

  /** Forgets where the file is kept: the next attempt asks the hub, which may name another place by then. */
  private failed(error: unknown, { start, idle }: Asked): unknown {
    this.redirectTargets.delete(start.href)
    return this.explain(error, idle)
  }

  private explain(error: unknown, idle: IdleTimeout): unknown {
    if (error instanceof HubError) return error
    if (idle.signal.aborted && !idle.isOver) return error
    const { host } = this.endpoint
    const { proxy } = this.network
    const cause = causeOf(error)
    const seconds = String(this.idleMs / 1000)
    const silent =
      proxy === undefined
        ? coded('downloads.hub.silent', { host, seconds })
        : coded('downloads.hub.silentThrough', { host, seconds, proxy })
    const unreachable =
      proxy === undefined
        ? coded('downloads.hub.unreachable', { host, cause })
        : coded('downloads.hub.unreachableThrough', { host, cause, proxy })
    return new HubError({
      code: 'hub_unreachable',
      what: idle.isOver ? silent : unreachable,
      hint: this.hintFor(error, cause),
      cause: error,
    })
  }

  private hintFor(error: unknown, cause: string): string {
    if (error instanceof CertificateFileError) return 'Correct the setting caFile or SSL_CERT_FILE.'
    if (UNTRUSTED.test(cause))
      return 'The connection is intercepted with another certificate. If that is your network’s proxy, name the file of its certificate authority with the setting caFile or SSL_CERT_FILE.'
    if (this.network.proxy !== undefined)
      return 'Is the proxy right (the setting proxy, or HTTPS_PROXY)? NO_PROXY lists hosts to contact directly. Downloaded data is kept.'
    const other =
      this.endpoint.kind === 'huggingface'
        ? ' Where Hugging Face is not reachable, a mirror (HF_ENDPOINT) or ModelScope (MUSTER_HUB=modelscope) may be.'
        : ''
    return `Check this machine’s connection to the internet; where it has a proxy, name it with the setting proxy or HTTPS_PROXY.${other} Downloaded data is kept.`
  }
}
