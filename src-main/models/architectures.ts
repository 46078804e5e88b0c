import table from '../../native-runner/src/muster_runner/architectures.json'

/** How a model of some architecture can be shared out. */
export interface Architecture {
  readonly supportsTensor: boolean
  readonly supportsPipeline: boolean
}

/**
 * What the pinned mlx-lm can load, by the `model_type` of config.json. The table is written by the runner's own tests
 * (`native-runner/tests/survey.py`): `tensor` is `shard` on mlx-lm's model, `pipeline` what our runner's own stages were
 * held against the whole model for. Only what is listed there is offered.
 */
const rows: Readonly<Record<string, readonly string[]>> = table.architectures

/** Other names under which mlx-lm loads the architecture on the right. */
const aliases: Readonly<Record<string, string>> = table.aliases

/** Every architecture that can be loaded, by its own name. */
export const architectures: ReadonlyMap<string, Architecture> = new Map(
  Object.entries(rows).map(([name, able]) => [
    name,
    { supportsTensor: able.includes('tensor'), supportsPipeline: able.includes('pipeline') },
  ]),
)

/** The name mlx-lm knows a `model_type` by. */
export const canonicalModelType = (modelType: string): string =>
  Object.hasOwn(aliases, modelType) ? (aliases[modelType] ?? modelType) : modelType

/** How a model of this `model_type` can be shared out; undefined where mlx-lm cannot load it. */
export const architectureOf = (modelType: string): Architecture | undefined =>
  architectures.get(canonicalModelType(modelType))
