/** Parses `sysctl NAME…`: one `name: value` per line. */
export const parseSysctl = (text: string): ReadonlyMap<string, string> => {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^([\w.]+): (.*)$/.exec(line)
    if (match?.[1] !== undefined) values.set(match[1], match[2]?.trim() ?? '')
  }
  return values
}
