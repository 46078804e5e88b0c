import { Problem } from '../problem'

const LATEST = ':latest'

/** The requested model name, without the `:latest` that Ollama clients add to untagged names. Throws Problem. */
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
