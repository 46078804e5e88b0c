import { z } from 'zod'
import { ModelId } from '../ids'
import { givenName } from '../settings/given-name'
import { HoursDocuments } from '../schedules/hours'
import { Labels } from '../state/labels'
import {
  Constraints,
  DEFAULT_PREFERENCE,
  InstanceMeta,
  Owner,
  PlacementPreference,
  Replicas,
  Sharding,
} from '../state/meta-instances'

/**
 * A declaration in a file, identified by its name. Omitted fields take their defaults, except `paused`, which is left
 * unchanged.
 */
export const DeclarationDocument = z.strictObject({
  name: givenName(100).describe('What clients send as the model, and what this declaration is known by.'),
  modelId: ModelId.describe('The model, usually OWNER/NAME as on Hugging Face.'),
  sharding: Sharding.default('Pipeline').describe('Consecutive layers on each machine, or a part of every layer.'),
  instanceMeta: InstanceMeta.default('MlxRing').describe('What machines talk over: TCP (MlxRing) or RDMA (MlxJaccl).'),
  minNodes: Constraints.shape.minNodes.default(1).describe('The least number of machines.'),
  machines: z
    .array(z.string().min(1).max(200))
    .min(1)
    .optional()
    .describe('These machines and no others, by name or id, in the order of ranks.'),
  placementPreference: PlacementPreference.default(DEFAULT_PREFERENCE).describe('Which of several placements to take.'),
  maxContext: Constraints.shape.maxContext.describe('Tokens of context to keep memory for.'),
  concurrency: Constraints.shape.concurrency.describe('Requests of that length to keep memory for at once.'),
  kvBits: Constraints.shape.kvBits.describe('8: keys and values take half the memory, at a small loss.'),
  draftModelId: Constraints.shape.draftModelId.describe(
    'A smaller model with the same tokenizer that guesses next tokens: the same answers, sooner.',
  ),
  adapterId: Constraints.shape.adapterId.describe(
    'A LoRA adapter of the model in the format of mlx-lm or PEFT, applied when it is loaded. OWNER/NAME.',
  ),
  replicas: Replicas.default(1).describe('How many instances, each on machines of its own.'),
  paused: z.boolean().optional().describe('Kept, but not in memory. Without it, it stays as it is.'),
  hours: HoursDocuments.optional().describe(
    'When it is in memory; always without it. Of times that overlap the first counts.',
  ),
  owner: Owner.optional().describe('Who answers for it.'),
  labels: Labels.optional().describe('What it is sorted by; --prune takes them.'),
})
export type DeclarationDocument = z.infer<typeof DeclarationDocument>

/**
 * What to remove while applying: declarations with these labels whose names are neither in a document nor in `keep`.
 */
export const Prune = z.strictObject({
  labels: Labels.refine((labels) => Object.keys(labels).length > 0, 'name at least one label'),
  keep: z.array(z.string()).max(10_000).default([]),
})
export type Prune = z.infer<typeof Prune>
