import type { Endpoint } from './endpoint'
import { errorOfAnswer, HubError, type Asked } from './hub-error'
import { CertificateFileError, openNetwork, type Network, type NetworkRequest, type NetworkResponse } from './network'

const MOST_REDIRECTS = 5
/** Files whose addresses at the hub's own servers are remembered. */
const MOST_SENT_ON = 64
/** A hub that says nothing for so long is not going to. */
const SILENCE_MS = 30_000

export interface HubRequest {
  /** Below the endpoint, with its query. */
  readonly path: string
  /** What it is about, for the words of an error. */
  readonly modelId?: string
  /** Bytes that are wanted, `to` exclusive; all, where it is absent. */
  readonly range?: { readonly from: number; readonly to: number } | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HubAnswer {
  /** 200, or 206 where a part was asked for and given. */
  readonly status: number
  readonly bytes: AsyncIterable<Uint8Array>
}

/** OpenSSL's words for a chain that ends at nobody known. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_UNTRUSTED/

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/** Whether a part of a file begins where it should. */
const isRange = ({ headers }: NetworkResponse, from: number | undefined): boolean =>
  from !== undefined && headers.get('content-range')?.startsWith(`bytes ${from}-`) === true

/** Answers of an address that was good for a while only. */
const isExpired = (status: number): boolean => [401, 403, 404, 410].includes(status)

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error) return String(error.code)
  const { cause } = error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return cause instanceof Error ? cause.message : error.message
}

/** Aborts when nothing has happened for a while, or when whoever asked does not want it any more. */
class Patience {
  private readonly stop = new AbortController()
  private timer: NodeJS.Timeout | undefined
  readonly signal = this.stop.signal
  isOver = false

  constructor(
    private readonly silenceMs: number,
    private readonly outer: AbortSignal | undefined,
  ) {
    outer?.addEventListener('abort', this.abort, { once: true })
    if (outer?.aborted) this.abort()
    this.heard()
  }

  /** Whoever asked is at work with what came: the other side's silence begins with `heard`. */
  busy(): void {
    clearTimeout(this.timer)
  }

  heard(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.isOver = true
      this.abort()
    }, this.silenceMs)
  }

  end(): void {
    clearTimeout(this.timer)
    this.outer?.removeEventListener('abort', this.abort)
  }

  private readonly abort = (): void => this.stop.abort()
}

/**
 * Asks a hub. Redirects are followed to a few addresses, never from https to http; the token goes to the endpoint
 * itself and to nobody it sends us on to.
 */
export class HubRequests {
  private readonly network: Network
  private readonly silenceMs: number
  private readonly own: URL
  /** Where requests for large files were sent on to: signed addresses, good for minutes to hours. */
  private readonly sentOn = new Map<string, URL>()

  constructor(
    readonly endpoint: Endpoint,
    { network = openNetwork({ env: {} }), silenceMs = SILENCE_MS }: { network?: Network; silenceMs?: number } = {},
  ) {
    this.network = network
    this.own = new URL(endpoint.url)
    this.silenceMs = silenceMs
  }

  /** Throws HubError, also while the answer is read. The answer must be read to its end, or its loop be left. */
  async get({ path, modelId, range, signal }: HubRequest): Promise<HubAnswer> {
    const { endpoint } = this
    const token = await endpoint.token()
    const asked: Asked = { host: endpoint.host, endpoint: endpoint.url, modelId, withToken: token !== undefined }
    const patience = new Patience(this.silenceMs, signal)
    try {
      const response = await this.follow(new URL(`${endpoint.url}${path}`), token, {
        headers: {
          'user-agent': 'muster',
          // What is compressed on its way cannot be asked for from the middle.
          'accept-encoding': 'identity',
          ...(range && { range: `bytes=${range.from}-${range.to - 1}` }),
        },
        signal: patience.signal,
      })
      if (response.status === 206 && !isRange(response, range?.from)) {
        await response.drop()
        throw this.nonsense('another part of a file')
      }
      if (response.status === 200 || response.status === 206)
        return { status: response.status, bytes: this.read(response, patience) }
      await response.drop()
      throw errorOfAnswer(response, asked, Date.now())
    } catch (error) {
      patience.end()
      throw this.explain(error, patience)
    }
  }

  /** A small answer as JSON; what it says is for its reader to check. Throws HubError. */
  async json(request: HubRequest, limit: number): Promise<unknown> {
    const { bytes } = await this.get(request)
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of bytes) {
      size += part.length
      if (size > limit) throw this.nonsense(`an answer of more than ${limit} bytes`)
      parts.push(part)
    }
    try {
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
    } catch (cause) {
      throw this.nonsense('no JSON', cause)
    }
  }

  nonsense(what: string, cause?: unknown): HubError {
    return new HubError({
      code: 'hub_nonsense',
      message: `${this.endpoint.host} sent ${what} where something else was expected`,
      hint: 'Is HF_ENDPOINT the address of a hub? A proxy or a sign-in page of the network may answer in its place.',
      cause,
    })
  }

  /** The pieces of a file are asked for where the first request for it was sent on to, as long as that holds. */
  private async follow(start: URL, token: string | undefined, init: NetworkRequest): Promise<NetworkResponse> {
    const known = this.sentOn.get(start.href)
    if (known) {
      const response = await this.ask(known, token, init)
      if (!isExpired(response.status) && !isRedirect(response.status)) return response
      await response.drop()
      this.sentOn.delete(start.href)
    }
    let url = start
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const response = await this.ask(url, token, init)
      const location = response.headers.get('location')
      if (!isRedirect(response.status) || location === null) {
        if (url !== start && response.status === 206) this.remember(start.href, url)
        return response
      }
      await response.drop()
      url = new URL(location, url)
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && this.own.protocol === 'http:'))
        throw this.nonsense('a redirect to an address that is not https')
    }
    throw this.nonsense('one redirect after another')
  }

  private ask(url: URL, token: string | undefined, init: NetworkRequest): Promise<NetworkResponse> {
    const authorization = token !== undefined && url.origin === this.own.origin && { authorization: `Bearer ${token}` }
    return this.network.get(url, { ...init, headers: { ...init.headers, ...authorization } })
  }

  private remember(start: string, url: URL): void {
    this.sentOn.set(start, url)
    for (const oldest of this.sentOn.keys()) {
      if (this.sentOn.size <= MOST_SENT_ON) break
      this.sentOn.delete(oldest)
    }
  }

  private async *read({ bytes }: NetworkResponse, patience: Patience): AsyncGenerator<Uint8Array> {
    try {
      for await (const part of bytes) {
        patience.busy()
        yield part
        patience.heard()
      }
    } catch (error) {
      throw this.explain(error, patience)
    } finally {
      patience.end()
    }
  }

  private explain(error: unknown, patience: Patience): unknown {
    if (error instanceof HubError) return error
    if (patience.signal.aborted && !patience.isOver) return error
    const { host } = this.endpoint
    const { proxy } = this.network
    const over = proxy === undefined ? '' : ` through the proxy ${proxy}`
    const cause = causeOf(error)
    return new HubError({
      code: 'hub_unreachable',
      message: patience.isOver
        ? `${host} has not answered${over} for ${this.silenceMs / 1000} s`
        : `${host} cannot be reached${over} (${cause})`,
      hint: this.wayOut(error, cause),
      cause: error,
    })
  }

  private wayOut(error: unknown, cause: string): string {
    if (error instanceof CertificateFileError) return 'Correct the setting caFile or SSL_CERT_FILE.'
    if (UNTRUSTED.test(cause))
      return 'Something between here and the hub signs with a certificate of its own. If that is your network’s proxy, name the file of its authority with the setting caFile or SSL_CERT_FILE.'
    if (this.network.proxy !== undefined)
      return 'Is the proxy right (the setting proxy, or HTTPS_PROXY)? NO_PROXY names hosts that are asked without it. What has arrived is kept.'
    return 'Check this machine’s connection to the internet; where it has a proxy, name it with the setting proxy or HTTPS_PROXY. What has arrived is kept.'
  }
}
