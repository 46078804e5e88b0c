import type { GetICUArgs } from '@schummar/icu-type-parser'
import type { en } from './en'

type English = typeof en

/** An area of the app, whose texts are in one file. */
export type Area = keyof English

/** The texts of an area in another language, with exactly the keys of the English ones. */
export type Translation<Name extends Area> = Readonly<Record<keyof English[Name], string>>

/** All texts in one language, as ICU messages. */
export type Texts = { readonly [Name in Area]: Translation<Name> }

/** `area.name` of a message. */
export type TextKey = { [Name in Area]: `${Name}.${keyof English[Name] & string}` }[Area]

type MessageOf<Key extends TextKey> = Key extends `${infer Name extends Area}.${infer Rest}`
  ? Rest extends keyof English[Name]
    ? English[Name][Rest]
    : never
  : never

/** The values of the English message, with their types. Tags (`<b>…</b>`) are not values. */
export type TextValues<Key extends TextKey> = GetICUArgs<
  MessageOf<Key> & string,
  { ICUArgument: string | number; ICUNumberArgument: number; ICUDateArgument: number | Date }
>

/** The values of a message as an argument; omitted if it has none. */
export type ValuesArgument<Key extends TextKey> = keyof TextValues<Key> extends never ? [] : [values: TextValues<Key>]
