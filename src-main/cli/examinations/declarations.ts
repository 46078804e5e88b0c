import { nodeName } from '@core/state/bindings'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { statusOf } from '@core/state/status'
import type { CodedText } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import { remedyOf } from '@core/texts/remedies'
import { readState } from '../api/state'
import type { Examination, Finding } from './finding'

type Found = Pick<Finding, 'severity' | 'title' | 'cause'> & { readonly todo: CodedText | undefined }

interface Examined extends Found {
  /** The subject of the finding, for programs. */
  readonly metaInstanceId?: string
  readonly modelId: string
  readonly nodeId?: string
}

/** Findings about declarations that failed or cannot be placed. */
const declared = (state: State, one: MetaInstance): Examined[] => {
  const { metaInstanceId, modelId, name = modelId, lastFailure } = one
  const { word, detail } = statusOf(state, one)
  const found = { cause: detail, todo: lastFailure && remedyOf(lastFailure), metaInstanceId, modelId }
  switch (word) {
    case 'PLACEMENT_FAILED':
      return [{ severity: 'error', title: `${name} has no place.`, ...found }]
    case 'RETRYING':
      return [{ severity: 'warning', title: `${name} has failed and is started again.`, ...found }]
    case 'PAUSED':
    case 'OFF_HOURS':
    case 'PLACING':
    case 'READY':
    case 'RUNNING':
    case 'DOWNLOADING':
    case 'LOADING':
    case 'WARMING_UP':
    case 'CONNECTING':
      return []
  }
}

const downloads = (state: State): Examined[] =>
  Object.values(state.members).flatMap(({ nodeId }) =>
    Object.entries(state.downloads[nodeId] ?? {}).flatMap(([modelId, { status, error, coded }]): Examined[] => {
      if (status !== 'Failed') return []
      const title = `${modelId} does not arrive on ${nodeName(state, nodeId)}.`
      const cause = error ?? 'It was interrupted, and is tried again.'
      return [{ severity: 'error', title, cause, todo: coded && remedyOf(coded), modelId, nodeId }]
    }),
  )

/** Examines declarations and downloads. */
export const declarations: Examination = {
  name: 'declarations',
  title: 'The declarations',
  examine: async (api) => {
    const state = await readState(api)
    const found = [...Object.values(state.metaInstances).flatMap((one) => declared(state, one)), ...downloads(state)]
    const findings = found.map(({ todo, ...rest }) => ({ ...rest, fix: todo ? [{ text: inEnglish(todo) }] : [] }))
    return { findings, json: findings }
  },
}
