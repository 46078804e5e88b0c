import { z } from 'zod'
import type { OutputFormat } from '@core/generation/request'
import { invalidField } from './invalid-field'

const JsonSchema = z.record(z.string(), z.unknown())
const Choice = z.array(z.string().min(1)).min(1).max(1000)
const Source = z.string().min(1)

/** A named schema; the name is ignored. */
const NamedSchema = z.object({
  schema: JsonSchema.nullish(),
  strict: z.boolean().nullish(),
  name: z.unknown().optional(),
  description: z.unknown().optional(),
})

/**
 * The schema that constrains an answer. Unless it is `strict`, keywords that a grammar cannot express are ignored, as
 * at OpenAI.
 */
export const bySchema = (
  schema: Readonly<Record<string, unknown>>,
  strict: boolean | null | undefined,
): Extract<OutputFormat, { kind: 'jsonSchema' }> => ({
  kind: 'jsonSchema',
  schema,
  ...(strict !== true && { lenient: true }),
})

/** OpenAI's field; a schema beside `json_object` is the form of llama.cpp and others. */
export const ResponseFormat = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('text') }),
    z.object({ type: z.literal('json_object'), schema: JsonSchema.nullish() }),
    z.object({ type: z.literal('json_schema'), json_schema: NamedSchema }),
  ],
  { error: 'only the types text, json_object and json_schema are supported' },
)

/** vLLM's fields for constrained output, current and earlier. Grammars are in Lark's syntax. */
export const guidedFields = {
  structured_outputs: z
    .object({
      json: JsonSchema.nullish(),
      regex: Source.nullish(),
      choice: Choice.nullish(),
      grammar: Source.nullish(),
      json_object: z.boolean().nullish(),
      structural_tag: z.null({ error: 'structural tags are not supported' }).optional(),
    })
    .nullish(),
  guided_json: JsonSchema.nullish(),
  guided_regex: Source.nullish(),
  guided_choice: Choice.nullish(),
  guided_grammar: Source.nullish(),
}

export type Guided = z.infer<z.ZodObject<typeof guidedFields>>

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)

const regexOf = (source: string): OutputFormat => ({ kind: 'grammar', syntax: 'regex', source })

/** The first of vLLM's fields that is set. Throws Problem if there is more than one. */
const guided = (body: Guided): OutputFormat | undefined => {
  const { structured_outputs: now } = body
  const forms: readonly (readonly [string, OutputFormat | undefined])[] = (
    [
      ['structured_outputs.', now?.json, now?.regex, now?.choice, now?.grammar],
      ['guided_', body.guided_json, body.guided_regex, body.guided_choice, body.guided_grammar],
    ] as const
  ).flatMap(([prefix, json, regex, choice, grammar]) => [
    [`${prefix}json`, json ? { kind: 'jsonSchema', schema: json } : undefined],
    [`${prefix}regex`, regex ? regexOf(regex) : undefined],
    [`${prefix}choice`, choice ? regexOf(choice.map(escaped).join('|')) : undefined],
    [`${prefix}grammar`, grammar ? { kind: 'grammar', syntax: 'lark', source: grammar } : undefined],
  ])
  const [first, second] = forms.filter(([, format]) => format !== undefined)
  if (first && second) throw invalidField(second[0], `cannot be combined with "${first[0]}"`)
  return first?.[1] ?? (now?.json_object ? { kind: 'json' } : undefined)
}

/** The constraint on the answer's text, if any. Throws Problem. */
export const toFormat = (
  body: Guided & { readonly response_format?: z.infer<typeof ResponseFormat> | null | undefined },
): OutputFormat | undefined => {
  const { response_format: format } = body
  const held = guided(body)
  if (held) return held
  switch (format?.type) {
    case 'json_object':
      return format.schema ? bySchema(format.schema, undefined) : { kind: 'json' }
    case 'json_schema': {
      const { schema, strict } = format.json_schema
      return schema ? bySchema(schema, strict) : { kind: 'json' }
    }
    case 'text':
    case undefined:
      return undefined
  }
}
