/** Default port of the API. */
export const DEFAULT_PORT = 52416
/** Default port for links between nodes. */
export const DEFAULT_PEER_PORT = 52417
