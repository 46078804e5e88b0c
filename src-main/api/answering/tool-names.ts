import { Problem } from '../problem'

/** Refuses two tools with the same name: a call would be ambiguous. Throws Problem. */
export const checkToolNames = (tools: readonly { readonly name: string }[]): void => {
  const seen = new Set<string>()
  for (const { name } of tools) {
    if (seen.has(name))
      throw new Problem(400, 'invalid_request', `tools: two tools are named "${name}"; names must be unique`, {
        param: 'tools',
      })
    seen.add(name)
  }
}
