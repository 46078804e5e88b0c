import type { DescribedError } from './described-error'

const TOKEN = 'run `hf auth login` on that machine, or set `HF_TOKEN` and start Muster again'

/** Errors about a model's files or their download. */
export const MODEL_ERRORS = {
  unknown_model: {
    statuses: [400],
    cause: 'The model is on no machine that is connected, and the hub does not have it or cannot be asked',
    remedy: 'Check the name, which is OWNER/NAME, and the connection; `muster ls` lists what is there',
  },
  damaged_model: {
    statuses: [400],
    cause: 'A file of the model is missing, cut or contradicts another one; the message names it',
    remedy: 'Put the whole file there, or fetch the model anew with `muster pull`',
  },
  unsupported_model: {
    statuses: [400],
    cause: 'The files are whole, but the runner cannot run such a model',
    remedy: 'Take a conversion for MLX of an architecture that is supported; `muster show MODEL` says what is not',
  },
  hub_not_found: {
    statuses: [404],
    cause: 'The hub has no such model, or does not show it to this machine',
    remedy: `Check the name; for a private model, ${TOKEN}`,
  },
  hub_gated: {
    statuses: [400],
    cause: 'The model is given only to those who accepted its license on the hub',
    remedy: `Log in at the model’s page and accept the license; then ${TOKEN}`,
  },
  hub_token_refused: {
    statuses: [400],
    cause: 'The hub refuses the token that this machine has: it expired, or may not read that model',
    remedy: `Make a new token on the hub; then ${TOKEN}`,
  },
  hub_unsupported: {
    statuses: [400],
    cause: 'What the hub has under that name is no model that can be run here',
    remedy: 'Look for a conversion for MLX: `muster run` and the models page search among those',
  },
  hub_offline: {
    statuses: [409],
    cause: 'This node was told to ask no hub',
    remedy: 'Start it without `--offline` and without `HF_HUB_OFFLINE`, or put the files there by hand',
  },
  hub_unreachable: {
    statuses: [503],
    cause: 'The hub did not answer',
    remedy: 'Check the connection and the proxy (`HTTPS_PROXY`), or name a mirror with `HF_ENDPOINT`',
  },
  hub_busy: {
    statuses: [503],
    cause: 'The hub takes no more requests from here for now',
    remedy: 'Wait as long as `Retry-After` says; with a token it takes more',
  },
  hub_failed: {
    statuses: [503],
    cause: 'The hub answered with a fault of its own',
    remedy: 'Try again in a few minutes',
  },
  hub_nonsense: {
    statuses: [503],
    cause: 'The hub answered with something that is no list of files, or that contradicts itself',
    remedy: 'Look whether a proxy or a mirror answers in its place',
  },
  download_failed: {
    statuses: [503],
    cause: 'A download that the request waited for came to nothing',
    remedy: 'The message has the reason; what has come stays, and `muster pull` goes on from there',
  },
  unreachable: {
    statuses: [409, 503],
    cause: 'The machine that was to do it, or that was to be joined, gives no answer',
    remedy: 'Check that it is awake, that Muster runs there and that no firewall is between: `muster doctor`',
  },
  in_use: {
    statuses: [409],
    cause: 'The model is declared or runs, so its files are not deleted',
    remedy: 'Delete its declarations first: `muster rm MODEL`',
  },
  not_ours: {
    statuses: [409],
    cause: 'The files lie in a folder that another program keeps, or behind a link',
    remedy: 'Delete them with that program, or by hand',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
