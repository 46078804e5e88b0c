import { bytesText, expectedSpeedText } from '../../state/text'
import { nodeText, placementFormats, t } from '../../state/texts.svelte'
import { endsText } from './ends-text'
import type { Fit, Fitting, Lack } from './fit'

const whereText = (where: NonNullable<Fitting['where']>): string => {
  switch (where.kind) {
    case 'here':
      return t('fits.fits')
    case 'on':
      return t('fits.on', { name: where.name })
    case 'together':
      return t('fits.together', { count: where.machines })
  }
}

const usesText = ({ bytes, machines, roughly }: NonNullable<Fitting['uses']>): string => {
  const size = bytesText(bytes)
  if (roughly) return t('fits.usesAbout', { size })
  return machines === 1 ? t('fits.uses', { size }) : t('fits.usesOn', { size, count: machines })
}

/** `needs 8 GB more`. */
const lackText = (lack: Lack): string => {
  switch (lack.kind) {
    case 'memory':
      return t('fits.needs', { size: bytesText(lack.bytes) })
    case 'offline':
      return t('fits.offline')
    case 'no-worker':
      return t('fits.noWorker')
    case 'nowhere':
      return t('fits.nowhere')
    case 'cannot-run':
      return t('fits.cannotRun', { why: nodeText(lack.coded, lack.why) })
    case 'excluded':
      return placementFormats().phrase(lack.exclusion)
    case 'rule':
      return nodeText(lack.coded, lack.text)
  }
}

/** A fit as a phrase: `uses 6.2 GB · about 34 tokens/s`, `needs 8 GB more`. */
export const fitText = (fit: Fit): string => {
  if (!fit.fits) return lackText(fit.lack)
  const { where, uses, ends, toDownload } = fit
  return [
    ...(where ? [whereText(where)] : []),
    ...(uses ? [usesText(uses)] : []),
    ...expectedSpeedText(fit).slice(0, 1),
    ...(toDownload ? [t('fits.toDownload')] : []),
    ...(ends ? [endsText(ends)] : []),
  ].join(' · ')
}
