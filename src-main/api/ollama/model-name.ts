import { Problem } from '../problem'

const LATEST = ':latest'

/** The name that a request asks for, without the tag that Ollama's clients add to one without. Throws Problem. */
export const askedModel = ({
  model,
  name,
}: {
  readonly model?: string | null | undefined
  readonly name?: string | null | undefined
}): string => {
  const asked = model ?? name
  if (!asked) throw new Problem(400, 'invalid_request', 'model: expected string', { param: 'model' })
  return asked.length > LATEST.length && asked.endsWith(LATEST) ? asked.slice(0, -LATEST.length) : asked
}
