import type { CatalogueModel } from '@core/protocols/models'
import { coded } from '@core/texts/coded'
import { codedText, spokenLanguage, t } from '../../state/texts.svelte'

/**
 * Why a model cannot run, in the user's language. The machine's English message is the whole text for English readers
 * and the details for others.
 */
export const modelProblem = ({
  problem,
  problemCode,
}: Pick<CatalogueModel, 'problem' | 'problemCode'>):
  { readonly text: string; readonly details?: string } | undefined => {
  if (problem === undefined) return undefined
  const whole = { text: t('models.cannotRun', { problem }) }
  if (spokenLanguage() === 'en') return whole
  switch (problemCode) {
    case 'damaged':
      return { text: t('models.cannotRun', { problem: codedText(coded('failures.modelFile')) }), details: problem }
    case 'unsupported':
      return { text: t('models.cannotRun', { problem: codedText(coded('failures.unsupported')) }), details: problem }
    case undefined:
      return whole
  }
}
