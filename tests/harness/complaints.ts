import type { ConsoleMessage, Page } from '@playwright/test'

/**
 * A node that stood still for a second, as on a busy machine, is degraded until it decides again: 503. The browser logs
 * that as an error, and it is no fault of the page that asks.
 */
const isOfHealth = (message: ConsoleMessage): boolean =>
  message.location().url.endsWith('/health') && message.text().includes('503')

/** What a page complains of from now on: its own errors, and what the browser logs as one, as what its policy forbids. */
export const complaintsOf = (page: Page): readonly string[] => {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !isOfHealth(message))
      complaints.push(`${message.text()} (${message.location().url})`)
  })
  return complaints
}
