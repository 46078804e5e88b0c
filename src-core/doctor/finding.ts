import type { NodeId } from '../ids'
import type { Finding } from '../protocols/doctor'
import type { CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'

/** Subject of a finding; `severity` defaults to `problem`. */
export interface About {
  readonly code: Finding['code']
  readonly severity?: Finding['severity']
  /** The machine at fault first. */
  readonly nodeIds: readonly NodeId[]
}

/** Builds a finding from codes; adds the English sentences for programs and older versions of the app. */
export const finding = (
  { code, severity = 'problem', nodeIds }: About,
  coded: { readonly what: CodedText; readonly why: CodedText; readonly todo: CodedText },
): Finding => ({
  code,
  severity,
  nodeIds: [...nodeIds],
  what: inEnglish(coded.what),
  why: inEnglish(coded.why),
  todo: inEnglish(coded.todo),
  coded,
})
