import { z } from 'zod'

/** One tool in each dialect's form. */
export const WEATHER = {
  name: 'get_weather',
  description: 'The current weather in a city.',
  schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}

export const IN_PARIS = { role: 'user' as const, content: 'What is the weather in Paris?' }

const Arguments = z.object({ city: z.string() })

/** The city of which a call asks the weather. Throws for arguments that do not obey the tool's schema. */
export const cityOf = (call: unknown): string =>
  Arguments.parse(typeof call === 'string' ? (JSON.parse(call) as unknown) : call).city
