/** An SVG line of the speeds in a box of this size, the slowest at the bottom; undefined with too few values. */
export const sparkline = (
  speeds: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
): string | undefined => {
  if (speeds.length < 2) return undefined
  const [least, most] = [Math.min(...speeds), Math.max(...speeds)]
  // The scale covers at least a tenth of the speed, so that small differences look small.
  const range = Math.max(most - least, most / 10)
  const step = width / (speeds.length - 1)
  return speeds
    .map((speed, at) => {
      const y = height - ((speed - least) / range) * height
      return `${at === 0 ? 'M' : 'L'}${(at * step).toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
