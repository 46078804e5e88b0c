import type { SleepSettings } from '@core/protocols/setup'

const minutes = (section: string | undefined): number | undefined => {
  const found = /^\s*sleep\s+(\d+)/m.exec(section ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Parses `pmset -g custom`: idle minutes until a Mac sleeps, on its power adapter and on battery. */
export const parseSleep = (text: string): SleepSettings | undefined => {
  const sections = new Map(
    text.split(/^(?=\S.*Power:\s*$)/m).map((section) => [/^(.*) Power:/.exec(section)?.[1], section] as const),
  )
  const powerMinutes = minutes(sections.get('AC'))
  const batteryMinutes = minutes(sections.get('Battery'))
  if (powerMinutes === undefined) return undefined
  return { powerMinutes, ...(batteryMinutes !== undefined && { batteryMinutes }) }
}
