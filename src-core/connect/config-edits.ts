import { z } from 'zod'
import { claudeCodeEnv, codexTables, openCodeProvider, PROVIDER, type ConnectTarget } from './tool-texts'

/** The edited configuration, or why it is left unchanged. */
export type Edit = { readonly text: string } | { readonly refused: string }

const JsonObject = z.record(z.string(), z.unknown())
type JsonObject = z.infer<typeof JsonObject>

/** Parses a file's JSON; an empty or missing file is an empty object. */
const parsed = (text: string | undefined): JsonObject | undefined => {
  if (text === undefined || text.trim() === '') return {}
  try {
    return JsonObject.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Keeps the file's indentation, so that only the intended lines change. */
const indentOf = (text = ''): string => /\n([ \t]+)"/.exec(text)?.[1] ?? '  '

const written = (value: JsonObject, before: string | undefined): Edit => ({
  text: `${JSON.stringify(value, undefined, indentOf(before))}\n`,
})

const NOT_JSON: Edit = {
  refused: 'The file is not plain JSON: it may have comments, which would be lost. Put the text in by hand.',
}

const objectIn = (value: JsonObject, name: string): JsonObject | undefined =>
  value[name] === undefined ? {} : JsonObject.safeParse(value[name]).data

/** Sets `env` in Claude Code's settings.json, keeping other variables. */
export const editClaudeCode = (before: string | undefined, target: ConnectTarget): Edit => {
  const settings = parsed(before)
  const env = settings && objectIn(settings, 'env')
  if (!settings || !env) return NOT_JSON
  return written({ ...settings, env: { ...env, ...claudeCodeEnv(target) } }, before)
}

/** Sets the provider and the model in opencode.json. */
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
/** Matches tables that TOML allows only once: as a header, or as a top-level value. */
const TAKEN = new RegExp(
  `^\\s*\\[\\s*(model_providers|profiles)\\s*\\.\\s*"?${PROVIDER}"?\\s*[\\].]|^\\s*(model_providers|profiles)\\s*(\\.\\s*"?${PROVIDER}"?\\s*)?=`,
  'm',
)

/** Writes our tables between two markers at the end of Codex's config.toml, leaving the rest untouched. */
export const editCodex = (before: string | undefined, target: ConnectTarget): Edit => {
  const others = (before ?? '').replace(BLOCK, '$1').trimEnd()
  if (TAKEN.test(others))
    return { refused: `It has a provider or a profile "${PROVIDER}" already: remove that, or put the text in by hand.` }
  const block = `${BEGIN}\n${codexTables(target)}\n${END}\n`
  return { text: others === '' ? block : `${others}\n\n${block}` }
}
