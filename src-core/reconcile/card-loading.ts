/** Rules for whoever loads model cards for the passes. */

/** A card that has not come by then has failed: `no answer in 10 s`. */
export const CARD_TIME_LIMIT_MS = 10_000

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000

/** Milliseconds before a card is asked for again that failed `failures` times before this one: 1, 2, 4 … 30 s. */
export const cardBackOff = (failures: number): number => Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
