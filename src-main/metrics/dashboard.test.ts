import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { counted, gauges } from './instruments'

const Dashboard = z.object({
  title: z.literal('Muster'),
  schemaVersion: z.number().int(),
  panels: z.array(
    z.object({
      id: z.number().int(),
      title: z.string().min(1),
      type: z.enum(['timeseries', 'stat']),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ expr: z.string().min(1), refId: z.string() })).min(1),
    }),
  ),
})

const file = path.resolve(import.meta.dirname, '..', '..', 'docs', 'grafana-dashboard.json')
const dashboard = Dashboard.parse(JSON.parse(readFileSync(file, 'utf8')))

const register = new Registry()
counted([register])
gauges([register])
const metrics = await register.getMetricsAsJSON()

const SUFFIX = /_(bucket|sum|count)$/

it('the dashboard asks for figures and labels that there are', () => {
  const named = new Set(metrics.map(({ name }) => name))
  const histograms = new Set(metrics.filter(({ type }) => String(type) === 'histogram').map(({ name }) => name))
  for (const { title, targets } of dashboard.panels)
    for (const { expr } of targets)
      for (const [name] of expr.matchAll(/muster_\w+/g)) {
        const base = name.replace(SUFFIX, '')
        expect(histograms.has(base) ? SUFFIX.test(name) : named.has(name), `${title}: ${name}`).toBe(true)
      }
})

it('its panels have ids of their own and do not lie over one another', () => {
  const ids = dashboard.panels.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
})
