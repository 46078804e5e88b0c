import { describe, expect, it } from 'vitest'
import { ModelId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { GB, World } from '@core/testing/world'
import { coded } from '@core/texts/coded'
import { inEnglish } from '@core/texts/english'
import { english, loadTranslator } from '@core/texts/translator'
import { speak } from '../../state/texts.svelte'
import { arrivals } from './arrivals'

const world = () => {
  const made = new World()
  const nodeId = made.addNode('Mac mini')
  const tell = (model: string, download: Download) =>
    made.apply({ type: 'NodeDownloadProgress', nodeId, modelId: ModelId.parse(model), download })
  return { made, tell }
}

describe('downloads', () => {
  it('show progress, speed and remaining time; finished ones are left out', () => {
    const { made, tell } = world()
    tell('a/coming', { status: 'Ongoing', downloadedBytes: 3 * GB, totalBytes: 8 * GB, bytesPerSecond: 1e8 })
    tell('a/here', { status: 'Complete', downloadedBytes: GB, totalBytes: GB })
    expect(arrivals(made.state)).toMatchObject([
      { modelId: 'a/coming', machine: 'Mac mini', share: 0.375, line: '3.0 of 8.0 GB · 100 MB/s · 50 s left' },
    ])
  })

  it('show why they are retried, and that they wait for their turn', () => {
    const { made, tell } = world()
    tell('a/failed', { status: 'Failed', downloadedBytes: 0, totalBytes: 0, error: 'the disk is full' })
    tell('a/waiting', { status: 'Pending', downloadedBytes: 0, totalBytes: 0 })
    expect(arrivals(made.state).map(({ line, failed, share }) => [line, failed, share])).toEqual([
      ['Retrying after: the disk is full', true, 0],
      ['Waiting for another machine, to copy it from there', false, 0],
    ])
  })

  it('show why they failed in the user’s language, or in English from older machines', async () => {
    const { made, tell } = world()
    const amount = { status: 'Failed', downloadedBytes: 0, totalBytes: 0 } as const
    const full = coded('downloads.disk.full', { needed: { bytes: 11e9 }, free: { bytes: 3.2e9 } })
    tell('a/coded', { ...amount, error: inEnglish(full), coded: full })
    tell('a/older', { ...amount, error: inEnglish(full) })
    speak(await loadTranslator('de'))
    try {
      const [said, older] = arrivals(made.state).map(({ line }) => line)
      expect(said).toContain('der Datenträger ist voll: 11 GB fehlen noch, 3,2 GB sind frei')
      expect(older).toContain('the disk is full: 11 GB more are needed')
    } finally {
      speak(english)
    }
  })

  it('are marked as needed if an instance waits for them', () => {
    const { made, tell } = world()
    const id = made.declare()
    made.reconcile()
    tell(made.metaInstance(id).modelId, { status: 'Ongoing', downloadedBytes: 0, totalBytes: GB })
    tell('z/asked-for', { status: 'Ongoing', downloadedBytes: 0, totalBytes: GB })
    expect(arrivals(made.state).map(({ needed }) => needed)).toEqual([true, false])
  })
})
