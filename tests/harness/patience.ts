/** How long a test waits for a condition, also on a machine whose cores are busy with other work. In milliseconds. */
export const PATIENCE_MS = 150_000
