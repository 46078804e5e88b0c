import type { SceneName } from './scenes'

/** What is compared with its picture in `snapshots`. */
export interface View {
  readonly scene: SceneName
  /** As `openPlace` understands it. */
  readonly place: string
  /** Of the window, in CSS pixels. */
  readonly width: number
  readonly theme: 'light' | 'dark'
}

const view = (scene: SceneName, place: string, width: number, theme: View['theme'] = 'light'): View => ({
  scene,
  place,
  width,
  theme,
})

/**
 * Every page and the sheets with most in them, each width at which the layout changes, and dark where colours carry
 * meaning. More would cost time and megabytes, and say the same.
 */
export const VIEWS: readonly View[] = [
  view('nothing', 'cluster', 720),
  view('three', 'cluster', 390),
  view('three', 'cluster', 1100),
  view('three', 'cluster', 1100, 'dark'),
  view('twelve', 'cluster', 1100),
  view('statuses', 'cluster', 720),
  view('statuses', 'cluster', 1100, 'dark'),
  view('onRequest', 'cluster', 390, 'dark'),
  view('cabled', 'cluster', 720, 'dark'),
  view('cabled', 'fix', 1100),
  view('doctor', 'cluster', 720),
  view('adding', 'cluster', 1100),
  view('connections', 'cluster', 390),
  view('three', 'launch', 390),
  view('three', 'options', 720),
  view('many', 'models', 720),
  view('three', 'hub', 1100, 'dark'),
  view('one', 'chat', 720),
  view('one', 'connect', 390),
  view('three', 'connect', 1100),
  view('three', 'activity', 390, 'dark'),
  view('three', 'activity', 720),
  view('one', 'settings', 720),
  view('setupMachine', 'setup', 390),
  view('setupOptions', 'setup', 1100, 'dark'),
]

/** Of a window of that width, in CSS pixels, as people have them. */
export const heightFor = (width: number): number => (width < 500 ? 844 : Math.round(width * 0.65))

export const nameOf = ({ scene, place, width, theme }: View): string => `${scene}-${place}-${width}-${theme}`
