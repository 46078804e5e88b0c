/** Where the API listens unless told otherwise. */
export const DEFAULT_PORT = 52416
/** Where other nodes of the cluster reach this one. */
export const DEFAULT_PEER_PORT = 52417
