import { ModelId } from '@core/ids'
import type { CatalogueAdapter, CatalogueModel } from '@core/protocols/models'
import { namedModels } from '@core/state/needed-models'
import { statusOf } from '@core/state/status'
import { readModels } from '../api/models'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { declarationsBy, modelBy } from '../names'
import { printTable } from '../text/table'
import { bytesText } from '../text/units'
import { lsRows, type LsRow } from './ls-rows'

interface Fact {
  readonly name: string
  readonly value: string
}

/** Known facts about a model, one per line. */
const factsOf = (row: LsRow, model: CatalogueModel | CatalogueAdapter | undefined): Fact[] => {
  const own = model !== undefined && 'card' in model ? model : undefined
  const adapter = model === undefined || 'card' in model ? undefined : model
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Model', row.modelId],
    ['Title', model?.title],
    ['Size', row.sizeBytes === undefined ? undefined : bytesText(row.sizeBytes)],
    ['Format', row.quantization],
    ['Kind', row.kind],
    ['Adapts', adapter?.baseModel],
    ['Architecture', own?.architecture],
    ['Layers', own && String(own.card.layers)],
    ['Context', own?.card.contextLength === undefined ? undefined : `${own.card.contextLength} tokens`],
    ['Can', own?.abilities?.join(', ')],
    [
      'Shared out',
      own && [own.card.supportsPipeline && 'Pipeline', own.card.supportsTensor && 'Tensor'].filter(Boolean).join(', '),
    ],
    ['On', row.machines.map(({ name, complete }) => (complete ? name : `${name} (in part)`)).join(', ')],
    ['Path', model?.path],
    ['Problem', row.problem],
  ]
  return facts.flatMap(([name, value]) => (value ? [{ name, value }] : []))
}

/** Prints all facts about a model on the cluster's disks. A declaration's name stands for its model. */
export const run = async (
  { model: text, json }: CommonOptions & { readonly model: string },
  { api, out }: CommandContext,
): Promise<ExitCode> => {
  const [state, listed] = await Promise.all([readState(api), readModels(api)])
  const rows = lsRows(state, listed)
  const all = Object.values(state.metaInstances)
  const named = declarationsBy(all, text)[0]?.modelId
  const known = rows.map(({ modelId }) => ModelId.parse(modelId))
  const modelId = named !== undefined && known.includes(named) ? named : modelBy(known, text)
  const row = rows.find((one) => one.modelId === modelId)
  const isMeant = (one: { readonly modelId: ModelId }): boolean => one.modelId === modelId
  const model = listed.models.find(isMeant) ?? listed.adapters?.find(isMeant)
  const declarations = all
    .filter((one) => namedModels(one).some((id) => id === modelId))
    .map((one) => ({
      id: one.metaInstanceId,
      ...(one.name !== undefined && { name: one.name }),
      ...statusOf(state, one),
    }))
  if (json) await out.json({ ...row, declarations, ...(model && { model }) })
  else if (row) {
    const facts = factsOf(row, model)
    const width = Math.max(...facts.map(({ name }) => name.length))
    await out.lines(facts.map(({ name, value }) => [{ text: name.padEnd(width), style: 'dim' }, `  ${value}`]))
    if (declarations.length > 0) {
      await out.line()
      await printTable(out, declarations, [
        { heading: 'DECLARED AS', cell: ({ name, id }) => name ?? id },
        { heading: 'STATUS', cell: ({ status }) => status },
        { heading: 'DETAIL', cell: ({ detail }) => detail, cut: true },
      ])
    }
  }
  return DONE
}
