/** `npm run scenarios`: writes the transcripts of all scenarios again; review the diff before you keep it. */
import { writeFileSync } from 'node:fs'
import { transcriptOf } from '@main/simulation/transcript'
import { readScenario, scenarioNames, transcriptPath } from './scenarios'

for (const name of scenarioNames())
  writeFileSync(transcriptPath(name), await transcriptOf(readScenario(name), { form: 'trace' }))
