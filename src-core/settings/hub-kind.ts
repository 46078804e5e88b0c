import { z } from 'zod'

/** The kind of the hub that a machine downloads models from. */
export const HubKind = z.enum(['huggingface', 'modelscope'])
export type HubKind = z.infer<typeof HubKind>
