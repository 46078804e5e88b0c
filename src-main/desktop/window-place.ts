import type { Rectangle } from 'electron'
import { z } from 'zod'

export const MINIMUM_SIZE = { width: 720, height: 480 }
const FIRST_SIZE = { width: 1180, height: 780 }
/** Minimum part of a window that must be on a screen, so that the user can drag it. */
const GRIP = { width: 100, height: 50 }

/** A window's place, as stored on disk. */
export const WindowPlace = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(MINIMUM_SIZE.width),
  height: z.number().int().min(MINIMUM_SIZE.height),
  maximized: z.boolean(),
})
export type WindowPlace = z.infer<typeof WindowPlace>

type Screens = readonly [primary: Rectangle, ...others: Rectangle[]]

const overlap = (start: number, length: number, otherStart: number, otherLength: number): number =>
  Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart)

const isWithinReach = (place: WindowPlace, screen: Rectangle): boolean =>
  overlap(place.x, place.width, screen.x, screen.width) >= GRIP.width &&
  overlap(place.y, place.height, screen.y, screen.height) >= GRIP.height &&
  // A title bar above the screen cannot be dragged back.
  place.y >= screen.y

/**
 * Where to open the window: at its last place if that is still on a screen, else in the middle of the first one. `kept`
 * is the content of the file; `screens` are the usable areas.
 */
export const placeWindow = (
  kept: unknown,
  screens: Screens,
): Partial<Pick<Rectangle, 'x' | 'y'>> & { width: number; height: number; maximized: boolean } => {
  const place = WindowPlace.safeParse(kept)
  if (place.success && screens.some((screen) => isWithinReach(place.data, screen))) return place.data
  const [{ width, height }] = screens
  return {
    width: Math.max(MINIMUM_SIZE.width, Math.min(FIRST_SIZE.width, width)),
    height: Math.max(MINIMUM_SIZE.height, Math.min(FIRST_SIZE.height, height)),
    maximized: false,
  }
}
