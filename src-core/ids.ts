import { z } from 'zod'

/**
 * Branded identifiers. A brand has no run-time cost and prevents passing a runner's id where an instance's id belongs.
 * Values enter the program only through these schemas.
 */
const identifier = () =>
  z
    .string()
    .min(1)
    .max(200)
    // Families of the state are plain records, where such a key would find an inherited property.
    .refine((name) => !(name in Object.prototype), 'is a reserved word: choose another name')

/** SHA-256 of a node certificate's public key, hex. */
export const NodeId = identifier().brand<'NodeId'>()
export type NodeId = z.infer<typeof NodeId>

export const MetaInstanceId = identifier().brand<'MetaInstanceId'>()
export type MetaInstanceId = z.infer<typeof MetaInstanceId>

export const InstanceId = identifier().brand<'InstanceId'>()
export type InstanceId = z.infer<typeof InstanceId>

export const RunnerId = identifier().brand<'RunnerId'>()
export type RunnerId = z.infer<typeof RunnerId>

export const TaskId = identifier().brand<'TaskId'>()
export type TaskId = z.infer<typeof TaskId>

export const CommandId = identifier().brand<'CommandId'>()
export type CommandId = z.infer<typeof CommandId>

/** A model's id as people write it, usually `owner/name`. */
export const ModelId = identifier().brand<'ModelId'>()
export type ModelId = z.infer<typeof ModelId>

export const ApiKeyId = identifier().brand<'ApiKeyId'>()
export type ApiKeyId = z.infer<typeof ApiKeyId>

/** The latest time that a JavaScript Date can represent; no clock gives a later one. */
export const LATEST_TIMESTAMP = 8.64e15

/**
 * Milliseconds since the Unix epoch, by the leader's clock where a leader decided it (`time/clocks.ts`). A member that
 * sends a later one than can be is refused: what a stamp of it was folded into could not be read again.
 */
export const Timestamp = z.number().int().nonnegative().max(LATEST_TIMESTAMP)
export type Timestamp = z.infer<typeof Timestamp>

/** A number of bytes. */
export const Bytes = z.number().int().nonnegative()
export type Bytes = z.infer<typeof Bytes>
