type Given<Values extends object> = { [Key in keyof Values]?: NonNullable<Values[Key]> }

/** The fields that have a value: clients write null for what they do not give. */
export const given = <Values extends object>(values: Values): Given<Values> =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== null),
  ) as Given<Values>
