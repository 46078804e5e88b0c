import { z } from 'zod'

/**
 * A model as a request names it: an id, an alias, or either with Ollama's tag. The limit is above that of both, because
 * the name of an unknown model is repeated in the answer and kept in the list of past requests.
 */
export const RequestedModel = z.string().min(1).max(500)
