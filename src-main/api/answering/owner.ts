import type { ApiKeyId } from '@core/ids'

/** By which key a request came; undefined for one that needed none, which is this machine's or that of a person who signed in. */
export type Owner = ApiKeyId | undefined

/** Whether what one request left here is there for another: a key has its own alone, and who needs none has all. */
export const maySee = (owner: Owner, asker: Owner): boolean => asker === undefined || asker === owner
