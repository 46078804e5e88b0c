type Given<Values extends object> = { [Key in keyof Values]?: NonNullable<Values[Key]> }

/** Drops fields that are null or undefined: clients write null for absent values. */
export const given = <Values extends object>(values: Values): Given<Values> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  ) as Given<Values>
