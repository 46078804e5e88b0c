import type { DescribedError } from './described-error'

/** Errors of the request itself, or of the sender's permissions. */
export const REQUEST_ERRORS = {
  invalid_http: {
    statuses: [400],
    cause: 'The data is not a valid HTTP/1.1 request, or its host and path do not form a URL',
    remedy: 'Check the request line, the headers and the lengths that the client sends',
  },
  invalid_json: {
    statuses: [400],
    cause: 'The body is not JSON, or its objects and lists are nested too deeply',
    remedy: 'Correct the body; the message names the place',
  },
  invalid_request: {
    statuses: [400],
    cause: 'A field or a header is missing, unknown or of the wrong kind',
    remedy: 'Correct what the message names; `/openapi.json` has the schema of every body',
  },
  invalid_encoding: {
    statuses: [400],
    cause: 'The body does not match its `Content-Encoding`',
    remedy: 'Compress it accordingly, or omit the header',
  },
  invalid: {
    statuses: [400],
    cause: 'The request can never be fulfilled, such as an invalid name or a document with contradictions',
    remedy: 'Correct what the message names',
  },
  invalid_api_key: {
    statuses: [401],
    cause: 'The node is open to the network, and the request has no key or an unknown one',
    remedy:
      'Send `Authorization: Bearer KEY`. The app creates a key, in a browser that is signed in, and so does `muster key create`, with another key in `MUSTER_API_KEY`',
  },
  link_used: {
    statuses: [401],
    cause: 'A sign-in link works once and for a short time; this one was used or has expired',
    remedy: 'Create a new link: in the app under Connect, or with `muster open`',
  },
  foreign_host: {
    statuses: [403],
    cause: 'The request names a host that is not one of this machine’s',
    remedy: 'Use its address, send a key, or allow the host with `--allow-host`',
  },
  foreign_origin: {
    statuses: [403],
    cause: 'A page of another origin tried to use the API',
    remedy: 'Allow its origin with `--allow-origin`, if you trust that page',
  },
  not_this_machine: {
    statuses: [403],
    cause: 'Configurations of programs can be read and written only from their own machine',
    remedy: 'Open Muster on the machine where the program runs, or copy the text',
  },
  not_found: {
    statuses: [404],
    cause: 'There is no such route, or nothing with that id exists (any more)',
    remedy: 'Look the id up again; the message names the list, and `/docs` lists all routes',
  },
  previous_response_not_found: {
    statuses: [400],
    cause: 'The node does not keep the response that `previous_response_id` names (any more)',
    remedy: 'Send the whole conversation as `input`',
  },
  response_not_found: {
    statuses: [404],
    cause: 'The node has no response with that id (any more)',
    remedy: 'Send the whole conversation instead of `previous_response_id`',
  },
  method_not_allowed: {
    statuses: [405],
    cause: 'The route exists, but not with that method',
    remedy: 'Use a method that the header `Allow` names',
  },
  too_slow: {
    statuses: [408],
    cause: 'The request did not arrive in time',
    remedy: 'Send it faster',
  },
  conflict: {
    statuses: [409],
    cause:
      'The request conflicts with the current state, such as a name that is taken or a setting that the command line fixes',
    remedy: 'Choose another name, or resolve the conflict that the message names',
  },
  too_large: {
    statuses: [413],
    cause: 'The body is larger than the node accepts, compressed or decompressed',
    remedy: 'Send a smaller body',
  },
  unsupported_encoding: {
    statuses: [415],
    cause: 'The body has a `Content-Encoding` that the node does not support',
    remedy: 'Use gzip, deflate or br, or send it uncompressed',
  },
  unsupported_media_type: {
    statuses: [415],
    cause: 'The body is not JSON',
    remedy: 'Send JSON, with `Content-Type: application/json`',
  },
  rate_limit_exceeded: {
    statuses: [429],
    cause: 'The API key has reached one of its limits',
    remedy: 'Wait as long as `Retry-After` says, or raise the key’s limits',
  },
  headers_too_large: {
    statuses: [431],
    cause: 'The headers of the request are over 16 KiB',
    remedy: 'Send fewer or shorter headers, for example cookies',
  },
} as const satisfies Readonly<Record<string, DescribedError>>
