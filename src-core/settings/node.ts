import { z } from 'zod'
import { HubKind } from './hub-kind'
import { KeepAwake } from './keep-awake'
import { SetupProgress } from './setup-progress'
import { AllowedHost } from './allowed-host'
import { AllowedOrigin } from './allowed-origin'
import { PeerAddressText } from './peer-address'
import { DEFAULT_PEER_PORT, DEFAULT_PORT } from './ports'

/** Default address of the API: this machine only. */
export const DEFAULT_HOST = '127.0.0.1'

const ProxyAddress = z.url({
  protocol: /^https?$/,
  error: 'a proxy is written http://host:port, with user:password@ before the host where it asks for them',
})

const port = z.number().int().min(0).max(65535)

/** Log level of a node. */
export const LogLevel = z.enum(['debug', 'info', 'warn', 'error'])
export type LogLevel = z.infer<typeof LogLevel>

/** Whether an address is reachable from this machine only. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)

/**
 * Whether a request for a model that is on disk but not declared loads it. `auto`: only if the API listens on loopback.
 */
export const LoadOnRequest = z.enum(['auto', 'on', 'off'])
export type LoadOnRequest = z.infer<typeof LoadOnRequest>

/** Seconds that a model loaded on request is kept after its last answer, by default. */
const OnRequestIdleSeconds = z.number().int().min(0).max(999_999_999)

/** Gigabytes (10^9 bytes) of disk for the KV cache of earlier prompts; 0 disables it. */
const DiskCacheGigabytes = z.number().int().min(0).max(100_000)

/** Limit of all the node's downloads together, in bytes per second; 0: no limit. */
const DownloadBytesPerSecond = z.number().int().min(0).max(1e12)

/** Gigabytes (10^9 bytes) of disk that model downloads leave free. */
const KeepFreeGigabytes = z.number().int().min(0).max(100_000)

/** A folder of models. Symbolic links in it are followed for reading, never for deleting. */
const ModelFolder = z
  .string()
  .trim()
  .max(1000)
  .regex(/^\//, { error: 'a folder of models is written as a whole path, from / on' })

const HubUrl = z.url({ protocol: /^https?$/, error: 'a hub is written https://host, with a path where it has one' })

/** Text that is safe in a header: anything else is no token. */
const HubToken = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,1000}$/, { error: 'a token is one word of ASCII characters, such as hf_…' })

const OtlpEndpoint = z.url({
  protocol: /^https?$/,
  error: 'a collector is written http://host:port, and takes OTLP over HTTP at /v1/traces there',
})

/** Settings of one machine, as opposed to the cluster's settings. */
export const NodeSettings = z.object({
  /** The machine's display name; default: the system's name. */
  friendlyName: z.string().trim().min(1).max(100).optional(),
  /**
   * Address the API listens on. Any other than loopback opens it to the network, and then every request needs a key.
   */
  host: z.string().trim().min(1).max(255).default(DEFAULT_HOST),
  /** 0 picks a free port. */
  port: port.default(DEFAULT_PORT),
  peerPort: port.default(DEFAULT_PEER_PORT),
  /**
   * Names and suffixes accepted in requests besides this machine's own, such as a proxy's or a container's name for its
   * host.
   */
  allowedHosts: z.array(AllowedHost).max(64).default([]),
  /** Origins whose pages may use the API from a browser. */
  allowedOrigins: z.array(AllowedOrigin).max(64).default([]),
  /** A second API port for programs that expect Ollama on its port, 11434. 0 picks a free one. */
  ollamaPort: port.optional(),
  /** Discover other nodes on the local network and announce this one. */
  discovery: z.boolean().default(true),
  /** Addresses of members that discovery cannot reach: other networks, other sites. */
  peers: z.array(PeerAddressText).max(64).default([]),
  /** Run models here. Otherwise the node only coordinates. */
  worker: z.boolean().default(true),
  /** Never contact a model hub. */
  offline: z.boolean().default(false),
  /** Proxy to the internet, `http://[user:password@]host:port`; default: `HTTPS_PROXY`. */
  proxy: ProxyAddress.optional(),
  /** Hosts contacted without the proxy; default: `NO_PROXY`. */
  noProxy: z.array(z.string().trim().min(1).max(255)).max(64).optional(),
  /** PEM file of additional trusted certificate authorities; default: `SSL_CERT_FILE`. */
  caFile: z.string().trim().min(1).max(1000).optional(),
  logLevel: LogLevel.default('info'),
  loadOnRequest: LoadOnRequest.default('auto'),
  onRequestIdleSeconds: OnRequestIdleSeconds.default(300),
  /** Whether this machine stays awake for the declared models that run on it. */
  keepAwake: KeepAwake.default('never'),
  diskCacheGigabytes: DiskCacheGigabytes.default(20),
  downloadBytesPerSecond: DownloadBytesPerSecond.default(0),
  keepFreeGigabytes: KeepFreeGigabytes.default(1),
  /** Folders of models; downloads go to the first. `models` in the data folder always comes last. */
  modelFolders: z.array(ModelFolder).max(16).default([]),
  /** Also add downloads to Hugging Face's own cache, without copying. */
  shareWithHuggingFace: z.boolean().default(false),
  /** The kind of hub that models come from. */
  hub: HubKind.default('huggingface'),
  /** Another address of that hub, such as a mirror's; default: `HF_ENDPOINT` or `MODELSCOPE_ENDPOINT`. */
  hubUrl: HubUrl.optional(),
  /**
   * Token of an account at the hub, for private and gated models; default: `HF_TOKEN`, else the login of `hf`; with
   * ModelScope `MODELSCOPE_API_TOKEN`.
   */
  hubToken: HubToken.optional(),
  /** OTLP collector for traces of requests, `http(s)://host:port`; absent: tracing is off. */
  otlpEndpoint: OtlpEndpoint.optional(),
  /** Open the setup assistant by itself if it was never completed. */
  offerSetup: z.boolean().default(true),
  /** Progress of the setup assistant; absent if it was never started. */
  setup: SetupProgress.optional(),
})
export type NodeSettings = z.infer<typeof NodeSettings>

export const defaultNodeSettings: NodeSettings = NodeSettings.parse({})

/** A subset of the settings, as given by a person, the environment or the command line. */
export const NodeSettingsChanges = z.strictObject({
  friendlyName: NodeSettings.shape.friendlyName,
  host: NodeSettings.shape.host.unwrap().optional(),
  port: port.optional(),
  peerPort: port.optional(),
  ollamaPort: port.optional(),
  allowedHosts: NodeSettings.shape.allowedHosts.unwrap().optional(),
  allowedOrigins: NodeSettings.shape.allowedOrigins.unwrap().optional(),
  discovery: z.boolean().optional(),
  peers: NodeSettings.shape.peers.unwrap().optional(),
  worker: z.boolean().optional(),
  offline: z.boolean().optional(),
  proxy: NodeSettings.shape.proxy,
  noProxy: NodeSettings.shape.noProxy,
  caFile: NodeSettings.shape.caFile,
  logLevel: LogLevel.optional(),
  loadOnRequest: LoadOnRequest.optional(),
  onRequestIdleSeconds: OnRequestIdleSeconds.optional(),
  keepAwake: KeepAwake.optional(),
  diskCacheGigabytes: DiskCacheGigabytes.optional(),
  downloadBytesPerSecond: DownloadBytesPerSecond.optional(),
  keepFreeGigabytes: KeepFreeGigabytes.optional(),
  modelFolders: NodeSettings.shape.modelFolders.unwrap().optional(),
  shareWithHuggingFace: z.boolean().optional(),
  hub: HubKind.optional(),
  hubUrl: HubUrl.optional(),
  hubToken: HubToken.optional(),
  otlpEndpoint: OtlpEndpoint.optional(),
  offerSetup: z.boolean().optional(),
  setup: NodeSettings.shape.setup,
})
export type NodeSettingsChanges = z.infer<typeof NodeSettingsChanges>

/** Listens on all interfaces; used to open the API to the network. */
export const EVERY_HOST = '0.0.0.0'

/** Whether this node loads models on request. */
export const loadsOnRequest = ({ loadOnRequest, host }: Pick<NodeSettings, 'loadOnRequest' | 'host'>): boolean =>
  loadOnRequest === 'auto' ? isLoopback(host) : loadOnRequest === 'on'
