import { z } from 'zod'
import { NodeId } from '../ids'

/** Machines as requests name them. A group with a machine twice can never be placed. */
export const GivenMachines = z
  .array(NodeId)
  .min(1)
  .refine((nodeIds) => new Set(nodeIds).size === nodeIds.length, 'a machine is named twice')
