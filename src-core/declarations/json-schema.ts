import { z } from 'zod'
import { DeclarationDocument } from './document'

/** Returns the JSON schema of one document, for editors. */
export const declarationSchema = (): Record<string, unknown> => ({
  title: 'A declaration of Muster',
  ...z.toJSONSchema(DeclarationDocument, { io: 'input', target: 'draft-7' }),
})
