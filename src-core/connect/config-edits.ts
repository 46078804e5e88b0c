import { z } from 'zod'
import { claudeCodeEnv, codexTables, openCodeProvider, PROVIDER, type ConnectTarget } from './tool-texts'

/** A configuration as it would be, or why it is left alone. */
export type Edit = { readonly text: string } | { readonly refused: string }

const JsonObject = z.record(z.string(), z.unknown())
type JsonObject = z.infer<typeof JsonObject>

/** The JSON of a file; an empty or missing one is an empty object. */
const parsed = (text: string | undefined): JsonObject | undefined => {
  if (text === undefined || text.trim() === '') return {}
  try {
    return JsonObject.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** As the file has it, so that nothing but what is meant changes. */
const indentOf = (text = ''): string => /\n([ \t]+)"/.exec(text)?.[1] ?? '  '

const written = (value: JsonObject, before: string | undefined): Edit => ({
  text: `${JSON.stringify(value, undefined, indentOf(before))}\n`,
})

const NOT_JSON: Edit = {
  refused: 'The file is not plain JSON: it may have comments, which would be lost. Put the text in by hand.',
}

const objectIn = (value: JsonObject, name: string): JsonObject | undefined =>
  value[name] === undefined ? {} : JsonObject.safeParse(value[name]).data

/** `env` of Claude Code's settings.json, beside what is set there already. */
export const editClaudeCode = (before: string | undefined, target: ConnectTarget): Edit => {
  const settings = parsed(before)
  const env = settings && objectIn(settings, 'env')
  if (!settings || !env) return NOT_JSON
  return written({ ...settings, env: { ...env, ...claudeCodeEnv(target) } }, before)
}

/** The provider and the model of opencode.json. */
export const editOpenCode = (before: string | undefined, target: ConnectTarget): Edit => {
  const config = parsed(before)
  const providers = config && objectIn(config, 'provider')
  if (!config || !providers) return NOT_JSON
  const schema = config['$schema'] === undefined ? { $schema: 'https://opencode.ai/config.json' } : {}
  const provider = { ...providers, [PROVIDER]: openCodeProvider(target) }
  return written({ ...schema, ...config, provider, model: `${PROVIDER}/${target.model}` }, before)
}

const BEGIN = '# >>> Muster'
const END = '# <<< Muster'
const BLOCK = new RegExp(`(^|\\n)${BEGIN}\\n[^]*?\\n${END}(\\n|$)`)
/** Tables that TOML allows once: as a header, or as a value of the first level. */
const TAKEN = new RegExp(
  `^\\s*\\[\\s*(model_providers|profiles)\\s*\\.\\s*"?${PROVIDER}"?\\s*[\\].]|^\\s*(model_providers|profiles)\\s*(\\.\\s*"?${PROVIDER}"?\\s*)?=`,
  'm',
)

/** Tables at the end of Codex's config.toml, between two marks; what stands there otherwise is not touched. */
export const editCodex = (before: string | undefined, target: ConnectTarget): Edit => {
  const others = (before ?? '').replace(BLOCK, '$1').trimEnd()
  if (TAKEN.test(others))
    return { refused: `It has a provider or a profile "${PROVIDER}" already: remove that, or put the text in by hand.` }
  const block = `${BEGIN}\n${codexTables(target)}\n${END}\n`
  return { text: others === '' ? block : `${others}\n\n${block}` }
}
