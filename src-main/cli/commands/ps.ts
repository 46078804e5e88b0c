import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { printTable } from '../text/table'
import { psColumns } from './ps-columns'
import { psRows } from './ps-rows'

/** Lists declarations and where they run. */
export const run = async ({ json }: CommonOptions, { api, out, err }: CommandContext): Promise<ExitCode> => {
  const rows = psRows(await readState(api))
  if (json) await out.json({ declarations: rows })
  else {
    if (rows.length > 0) await printTable(out, rows, psColumns(Date.now()))
    else await err.line('Nothing is declared. `muster run MODEL` starts one, `muster ls` lists them.')
  }
  return DONE
}
