import { z } from 'zod'
import { KeepAwake } from './keep-awake'
import { SetupProgress } from './setup-progress'
import { AllowedHost } from './allowed-host'
import { AllowedOrigin } from './allowed-origin'
import { PeerAddressText } from './peer-address'
import { DEFAULT_PEER_PORT, DEFAULT_PORT } from './ports'

/** Where the API listens unless told otherwise: this machine only. */
export const DEFAULT_HOST = '127.0.0.1'

const ProxyAddress = z.url({
  protocol: /^https?$/,
  error: 'a proxy is written http://host:port, with user:password@ before the host where it asks for them',
})

const port = z.number().int().min(0).max(65535)

/** How much a node writes to its log. */
export const LogLevel = z.enum(['debug', 'info', 'warn', 'error'])
export type LogLevel = z.infer<typeof LogLevel>

/** Whether this is an address of this machine alone. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host)

/** Whether a request for a model that is on disk but not declared loads it. `auto`: where only this machine can ask. */
export const LoadOnRequest = z.enum(['auto', 'on', 'off'])
export type LoadOnRequest = z.infer<typeof LoadOnRequest>

/** How long a model that was loaded on request is kept after its last answer, where the request does not say. */
const OnRequestIdleSeconds = z.number().int().min(0).max(999_999_999)

/** Gigabytes (10^9 bytes) of disk for what models have computed of prompts; 0 keeps nothing there. */
const DiskCacheGigabytes = z.number().int().min(0).max(100_000)

/** Bytes per second that all downloads of the node take together; 0 is no limit. */
const DownloadBytesPerSecond = z.number().int().min(0).max(1e12)

/** Gigabytes (10^9 bytes) of disk that downloads of models leave free. */
const KeepFreeGigabytes = z.number().int().min(0).max(100_000)

/** Where models lie. Links in it are read through, never deleted through. */
const ModelFolder = z
  .string()
  .trim()
  .max(1000)
  .regex(/^\//, { error: 'a folder of models is written as a whole path, from / on' })

const HubUrl = z.url({ protocol: /^https?$/, error: 'a hub is written https://host, with a path where it has one' })

const OtlpEndpoint = z.url({
  protocol: /^https?$/,
  error: 'a collector is written http://host:port, and takes OTLP over HTTP at /v1/traces there',
})

/** What is set for one machine, as against the cluster's settings that all machines share. */
export const NodeSettings = z.object({
  /** The machine's name for people; the system's own where it is not set. */
  friendlyName: z.string().trim().min(1).max(100).optional(),
  /** Address the API listens on. Anything but loopback opens it to the network, and then every request needs a key. */
  host: z.string().trim().min(1).max(255).default(DEFAULT_HOST),
  /** 0 picks a free one. */
  port: port.default(DEFAULT_PORT),
  peerPort: port.default(DEFAULT_PEER_PORT),
  /** Names and suffixes that requests may be sent to beside this machine's own: a proxy's, a container's for its host. */
  allowedHosts: z.array(AllowedHost).max(64).default([]),
  /** Origins whose pages may use the API from a browser. */
  allowedOrigins: z.array(AllowedOrigin).max(64).default([]),
  /** A second port of the API, for programs that look for Ollama at its own, 11434. 0 picks a free one. */
  ollamaPort: port.optional(),
  /** Look for other nodes on the local network, and be found by them. */
  discovery: z.boolean().default(true),
  /** Where members may be that no announcement reaches: other networks, other sites. */
  peers: z.array(PeerAddressText).max(64).default([]),
  /** Run models here. Without it the node only coordinates. */
  worker: z.boolean().default(true),
  /** Never ask a model hub. */
  offline: z.boolean().default(false),
  /** `http://[user:password@]host:port` of the proxy to the internet; where it is not set, `HTTPS_PROXY` counts. */
  proxy: ProxyAddress.optional(),
  /** Hosts that are asked without the proxy; where it is not set, `NO_PROXY` counts. */
  noProxy: z.array(z.string().trim().min(1).max(255)).max(64).optional(),
  /** A PEM file of authorities that are trusted beside the usual ones; where it is not set, `SSL_CERT_FILE` counts. */
  caFile: z.string().trim().min(1).max(1000).optional(),
  logLevel: LogLevel.default('info'),
  loadOnRequest: LoadOnRequest.default('auto'),
  onRequestIdleSeconds: OnRequestIdleSeconds.default(300),
  /** Whether this machine stays awake for the declared models that run on it. */
  keepAwake: KeepAwake.default('never'),
  diskCacheGigabytes: DiskCacheGigabytes.default(20),
  downloadBytesPerSecond: DownloadBytesPerSecond.default(0),
  keepFreeGigabytes: KeepFreeGigabytes.default(1),
  /** Folders of models; the first is written to. Without any, and after them, that is `models` in the data folder. */
  modelFolders: z.array(ModelFolder).max(16).default([]),
  /** Put what comes from the hub into the cache of Hugging Face's programs too, without a copy. */
  shareWithHuggingFace: z.boolean().default(false),
  /** A mirror of the hub; where it is not set, `HF_ENDPOINT` counts. */
  hubUrl: HubUrl.optional(),
  /** `http(s)://host:port` of an OTLP collector that gets traces of requests; without it none are kept. */
  otlpEndpoint: OtlpEndpoint.optional(),
  /** Open the setup by itself where nobody has been through it. */
  offerSetup: z.boolean().default(true),
  /** How far somebody got with setting this machine up; absent where nobody ever began. */
  setup: SetupProgress.optional(),
})
export type NodeSettings = z.infer<typeof NodeSettings>

export const defaultNodeSettings: NodeSettings = NodeSettings.parse({})

/** Some settings, such as a person, the environment or the command line gives them. */
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
  hubUrl: HubUrl.optional(),
  otlpEndpoint: OtlpEndpoint.optional(),
  offerSetup: z.boolean().optional(),
  setup: NodeSettings.shape.setup,
})
export type NodeSettingsChanges = z.infer<typeof NodeSettingsChanges>

/** Every address of this machine: where the API listens that is open to the network. */
export const EVERY_HOST = '0.0.0.0'

/** Whether this node loads models on request. */
export const loadsOnRequest = ({ loadOnRequest, host }: Pick<NodeSettings, 'loadOnRequest' | 'host'>): boolean =>
  loadOnRequest === 'auto' ? isLoopback(host) : loadOnRequest === 'on'
