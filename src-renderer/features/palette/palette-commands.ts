import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import type { CatalogueModel } from '@core/protocols/models'
import type { MetaInstanceId } from '@core/ids'
import { Theme } from '../../state/appearance.svelte'
import { pages, type Page } from '../../state/pages'
import { bytesText } from '../../state/text'
import { declaredName } from '../cluster/card'
import { t } from '../../state/texts.svelte'

/** The action of a command. */
export type PaletteAct =
  | { readonly kind: 'page'; readonly page: Page }
  | { readonly kind: 'launch'; readonly modelId: string }
  | { readonly kind: 'chat'; readonly metaInstanceId: MetaInstanceId }
  | { readonly kind: 'show'; readonly metaInstanceId: MetaInstanceId }
  | { readonly kind: 'pause'; readonly metaInstanceId: MetaInstanceId; readonly paused: boolean }
  | { readonly kind: 'launchForm' | 'addMachine' | 'doctor' | 'setup' | 'help' }
  | { readonly kind: 'theme'; readonly theme: Theme }

export interface PaletteCommand {
  /** Unique; searched along with the title. */
  readonly id: string
  readonly title: string
  /** Shown on the right: `4.6 GB`. */
  readonly note?: string
  readonly act: PaletteAct
}

export interface PaletteGroup {
  readonly title: string
  readonly commands: readonly PaletteCommand[]
}

export interface PaletteInputs {
  readonly state: State
  readonly models: readonly CatalogueModel[]
  /** Kind of this page's machine, for the wording. */
  readonly host: 'mac' | 'machine'
}

const ofDeclaration = (metaInstance: MetaInstance): PaletteCommand[] => {
  const { metaInstanceId, paused } = metaInstance
  const name = declaredName(metaInstance)
  return [
    ...(paused
      ? []
      : [
          {
            id: `chat ${metaInstanceId}`,
            title: t('palette.chatWith', { name }),
            act: { kind: 'chat', metaInstanceId },
          } as const,
        ]),
    { id: `show ${metaInstanceId}`, title: t('palette.show', { name }), act: { kind: 'show', metaInstanceId } },
    {
      id: `pause ${metaInstanceId}`,
      title: t(paused ? 'palette.resume' : 'palette.pause', { name }),
      act: { kind: 'pause', metaInstanceId, paused: !paused },
    },
  ]
}

/** All global commands, in order of expected use. */
export const paletteGroups = ({ state, models, host }: PaletteInputs): readonly PaletteGroup[] => {
  const members = Object.keys(state.members).length
  const groups: PaletteGroup[] = [
    {
      title: t('palette.goTo'),
      commands: pages.map((page) => ({
        id: `page ${page}`,
        title: t(`app.page.${page}`),
        act: { kind: 'page', page },
      })),
    },
    { title: t('palette.alwaysOn'), commands: Object.values(state.metaInstances).flatMap(ofDeclaration) },
    {
      title: t('palette.launch'),
      commands: models
        .filter(({ problem }) => problem === undefined)
        .map(({ modelId, title, card }) => ({
          id: `launch ${modelId}`,
          title: t('palette.launchModel', { name: title }),
          note: bytesText(card.storageBytes),
          act: { kind: 'launch', modelId },
        })),
    },
    {
      title: t('palette.muster'),
      commands: [
        { id: 'launch form', title: t('palette.launchWithOptions'), act: { kind: 'launchForm' } },
        { id: 'add machine', title: t('app.addMachine'), act: { kind: 'addMachine' } },
        ...(members > 1 ? [{ id: 'doctor', title: t('app.checkConnections'), act: { kind: 'doctor' } } as const] : []),
        { id: 'setup', title: t('palette.setUp', { host }), act: { kind: 'setup' } },
        ...Theme.options.map((theme) => ({
          id: `theme ${theme}`,
          title: t(`palette.theme.${theme}`),
          act: { kind: 'theme', theme } as const,
        })),
        { id: 'help', title: t('palette.shortcuts'), act: { kind: 'help' } },
      ],
    },
  ]
  return groups.filter(({ commands }) => commands.length > 0)
}

/** Commands of a group that are drawn at once. Each is a component, and a list of hundreds is not readable. */
const MOST_SHOWN = 40

/** The groups as shown, each with the number of commands that are left out. */
export const shortened = (groups: readonly PaletteGroup[]): readonly (PaletteGroup & { readonly more: number })[] =>
  groups.map((group) => ({
    ...group,
    commands: group.commands.slice(0, MOST_SHOWN),
    more: Math.max(0, group.commands.length - MOST_SHOWN),
  }))

/** Commands whose title or id contains every search word; all without a search. */
export const found = (groups: readonly PaletteGroup[], search: string): readonly PaletteGroup[] => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return groups
    .map((group) => ({
      ...group,
      commands: group.commands.filter(({ title, id }) => {
        const text = `${title} ${id}`.toLowerCase()
        return words.every((word) => text.includes(word))
      }),
    }))
    .filter(({ commands }) => commands.length > 0)
}
