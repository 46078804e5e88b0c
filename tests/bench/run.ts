/**
 * `npm run bench`: runs every benchmark beside this file, one after the other, and prints one table.
 * `npm run bench -- NAME …` runs those whose file name contains NAME.
 */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Bench } from './report'
import { table } from './table'

const SUFFIX = '.bench.ts'

async function chosen(): Promise<string[]> {
  const names = process.argv.slice(2)
  const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith(SUFFIX)).sort()
  return names.length === 0 ? files : files.filter((file) => names.some((name) => file.includes(name)))
}

async function measure(file: string): Promise<Bench> {
  const bench = (await import(path.join(import.meta.dirname, file))) as { run: () => Promise<Bench> }
  return bench.run()
}

const files = await chosen()
if (files.length === 0) {
  console.error(`No benchmark is called ${process.argv.slice(2).join(' or ')}.`)
  process.exit(2)
}

const results: Bench[] = []
for (const file of files) {
  const name = path.basename(file, SUFFIX)
  process.stderr.write(`${name} …\n`)
  try {
    results.push(await measure(file))
  } catch (error) {
    // The others are worth having; this one is not reached.
    console.error(error)
    results.push({ name, rows: [{ figure: 'ran', value: 'failed', target: 'to its end', ok: false }] })
  }
}
console.log(table(results))
// At once: a benchmark that failed may have left something running.
process.exit(results.some(({ rows }) => rows.some(({ ok }) => ok === false)) ? 1 : 0)
