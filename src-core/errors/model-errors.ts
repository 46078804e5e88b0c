import type { DescribedError } from './described-error'

const TOKEN = 'save a token of that account on that machine: `muster hub login`, or *Settings → Model hub*'

/** Errors about a model's files or their download. */
export const MODEL_ERRORS = {
  unknown_model: {
    statuses: [400],
    cause: 'No connected machine has the model, and the hub does not have it or cannot be reached',
    remedy: 'Check the name, OWNER/NAME, and the connection; `muster ls` lists the models',
  },
  damaged_model: {
    statuses: [400],
    cause: 'A file of the model is missing, truncated or inconsistent with another one; the message names it',
    remedy: 'Replace the file, or download the model again with `muster pull`',
  },
  unsupported_model: {
    statuses: [400],
    cause: 'The files are complete, but the runner does not support such a model',
    remedy: 'Use an MLX conversion of a supported architecture; `muster show MODEL` says what is not supported',
  },
  hub_not_found: {
    statuses: [404],
    cause: 'The hub has no such model, or does not show it to this machine',
    remedy: `Check the name; for a model of an account’s own, ${TOKEN}`,
  },
  hub_gated: {
    statuses: [400],
    cause: 'The hub gives the model only to those who accepted its license',
    remedy: `Accept the license at the model’s page with an account there; then ${TOKEN}`,
  },
  hub_token_refused: {
    statuses: [400],
    cause: 'The hub rejects this machine’s token: it has expired, or may not read that model',
    remedy: `Create a new token on the hub, and ${TOKEN}`,
  },
  hub_unsupported: {
    statuses: [400],
    cause: 'The hub has no model under that name that can run here',
    remedy: 'Look for a conversion for MLX: `muster run` and the models page search among those',
  },
  hub_offline: {
    statuses: [409],
    cause: 'This node is set to contact no hub',
    remedy: 'Start it without `--offline` and without `HF_HUB_OFFLINE`, or put the files there by hand',
  },
  hub_unreachable: {
    statuses: [503],
    cause: 'The hub did not answer',
    remedy:
      'Check the connection and the proxy (`HTTPS_PROXY`), or name a mirror with `HF_ENDPOINT`, or ModelScope with `MUSTER_HUB=modelscope`',
  },
  hub_busy: {
    statuses: [503],
    cause: 'The hub rate-limits this machine',
    remedy: 'Wait as long as `Retry-After` says; the limit is higher with a token',
  },
  hub_failed: {
    statuses: [503],
    cause: 'The hub answered with a server error',
    remedy: 'Try again in a few minutes',
  },
  hub_nonsense: {
    statuses: [503],
    cause: 'The hub’s answer is not a list of files, or is inconsistent',
    remedy: 'Check whether a proxy or a mirror answers in its place',
  },
  download_failed: {
    statuses: [503],
    cause: 'A download that the request waited for has failed',
    remedy: 'The message has the reason; `muster pull` resumes the download',
  },
  unreachable: {
    statuses: [409, 503],
    cause: 'The machine that should do it, or that this one should join, does not answer',
    remedy: 'Check that it is awake, that Muster runs there and that no firewall blocks it: `muster doctor`',
  },
  in_use: {
    statuses: [409],
    cause: 'The model is declared or running, so its files are not deleted',
    remedy: 'Delete its declarations first: `muster rm MODEL`',
  },
  not_ours: {
    statuses: [409],
    cause: 'The files are in another program’s folder, or behind a symbolic link',
    remedy: 'Delete them with that program, or by hand',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
