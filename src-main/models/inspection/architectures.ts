import table from '../../../native-runner/src/muster_runner/model/architectures.json'

/** How models of an architecture can be sharded. */
export interface Architecture {
  readonly supportsTensor: boolean
  readonly supportsPipeline: boolean
}

/**
 * What the pinned mlx-lm can load, by `model_type` of config.json. The runner's tests generate the table
 * (`native-runner/tests/support/survey.py`): `tensor` means that mlx-lm's model has `shard`; `pipeline` means that our runner's
 * pipeline stages gave the same results as the whole model. Nothing else is offered.
 */
const rows: Readonly<Record<string, readonly string[]>> = table.architectures

/** Maps aliases to the architecture that mlx-lm loads for them. */
const aliases: Readonly<Record<string, string>> = table.aliases

/** All loadable architectures by canonical name. */
export const architectures: ReadonlyMap<string, Architecture> = new Map(
  Object.entries(rows).map(([name, able]) => [
    name,
    { supportsTensor: able.includes('tensor'), supportsPipeline: able.includes('pipeline') },
  ]),
)

/** Resolves a `model_type` to mlx-lm's own name. */
export const canonicalModelType = (modelType: string): string =>
  Object.hasOwn(aliases, modelType) ? (aliases[modelType] ?? modelType) : modelType

/** Sharding support of a `model_type`; undefined if mlx-lm cannot load it. */
export const architectureOf = (modelType: string): Architecture | undefined =>
  architectures.get(canonicalModelType(modelType))
