import { tick } from 'svelte'

/** Brings what a user opens into view: below the edge of a dialog nothing would seem to happen. */
export const reveals = ({ currentTarget }: Event & { currentTarget: HTMLDetailsElement }): void => {
  if (!currentTarget.open || !currentTarget.contains(document.activeElement)) return
  void tick().then(() => currentTarget.scrollIntoView({ block: 'nearest' }))
}
