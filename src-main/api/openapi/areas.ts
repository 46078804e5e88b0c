import type { Described } from './described'
import { ANTHROPIC } from './routes/anthropic'
import { BENCHMARKS } from './routes/benchmarks'
import { CLUSTER } from './routes/cluster'
import { DECLARATIONS } from './routes/declarations'
import { INSTANCES } from './routes/instances'
import { KEYS } from './routes/keys'
import { MACHINE } from './routes/machine'
import { MODELS } from './routes/models'
import { OBSERVING } from './routes/observing'
import { OLLAMA } from './routes/ollama'
import { OPENAI } from './routes/openai'

/** Routes on one topic; a tag of the OpenAPI document. */
export interface Area {
  readonly tag: string
  readonly routes: readonly Described[]
}

/** All routes, for the OpenAPI document and the documentation page. */
export const AREAS: readonly Area[] = [
  { tag: 'declarations', routes: DECLARATIONS },
  { tag: 'instances', routes: INSTANCES },
  { tag: 'models', routes: MODELS },
  { tag: 'cluster', routes: CLUSTER },
  { tag: 'machine', routes: MACHINE },
  { tag: 'keys', routes: KEYS },
  { tag: 'observing', routes: OBSERVING },
  { tag: 'benchmarks', routes: BENCHMARKS },
  { tag: 'openai', routes: OPENAI },
  { tag: 'anthropic', routes: ANTHROPIC },
  { tag: 'ollama', routes: OLLAMA },
]
