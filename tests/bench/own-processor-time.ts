/** Milliseconds of processor time that this process has taken: unlike the clock, other programs do not change it. */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
