import type { MetaInstance } from '@core/state/meta-instances'
import type { MetaInstanceStatusWord } from '@core/state/status'
import { inEnglish } from '@core/texts/english'
import { remedyOf } from '@core/texts/remedies'
import { codedText, statusLines, t } from '../../state/texts.svelte'

/** The last failure of a declaration, explained. */
export interface Failure {
  readonly text: string
  readonly todo: string | undefined
  /** The original message, if the explanation omits part of it. */
  readonly details: string | undefined
}

/** Undefined if nothing has failed since the last recovery. */
export const failureOf = (declared: Pick<MetaInstance, 'lastFailure' | 'lastFailureError'>): Failure | undefined => {
  const text = statusLines().failure(declared)
  if (text === undefined) return undefined
  const { lastFailure, lastFailureError } = declared
  const remedy = lastFailure && remedyOf(lastFailure)
  const isWhole = lastFailure === undefined || inEnglish(lastFailure) === lastFailureError
  return {
    text,
    todo: remedy && codedText(remedy),
    details: isWhole ? undefined : lastFailureError,
  }
}

const refusalTodo = (code: string | undefined): string | undefined => {
  switch (code) {
    case 'no_machines':
    case 'too_few_machines':
    case 'not_connected':
    case 'not_enough_memory':
    case 'model_card':
      return t(`cards.todo.${code}`)
    default:
      return undefined
  }
}

/** What a card says about a failure. */
export interface Failing {
  readonly machineWord: MetaInstanceStatusWord
  /** The last failure, until it has recovered. */
  readonly failure: Failure | undefined
  /** Error code of a failed placement. */
  readonly refusal: string | undefined
}

/**
 * What a card adds about the last failure without repeating its line. If there is no place, the line has the reason, so
 * only the remedy and details remain.
 */
export const failureNote = ({ machineWord, failure, refusal }: Failing): Partial<Failure> | undefined => {
  const text = failure?.text
  switch (machineWord) {
    case 'PLACEMENT_FAILED':
      return {
        todo: refusal === 'cannot_load' ? failure?.todo : refusalTodo(refusal),
        details: failure?.details ?? (refusal === 'cannot_load' ? undefined : failure?.text),
      }
    case 'RETRYING':
      return failure
    case 'PLACING':
      return failure && { ...failure, text: t('cards.after', { failure: failure.text }) }
    case 'PAUSED':
    case 'OFF_HOURS':
      return failure && { text: t('cards.after', { failure: failure.text }), details: failure.details }
    case 'READY':
    case 'RUNNING':
    case 'DOWNLOADING':
    case 'LOADING':
    case 'WARMING_UP':
    case 'CONNECTING':
      return text === undefined
        ? undefined
        : { text: t('cards.recreatedAfter', { failure: text }), details: failure?.details }
  }
}
