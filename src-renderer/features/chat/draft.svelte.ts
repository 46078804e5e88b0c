import { listText, t } from '../../state/texts.svelte'
import { readTextFile } from './files'
import type { Reader } from './partners'
import { readPicture, type ReadPicture } from './picture-file'
import { MOST_PICTURES, type ChatFile, type ChatPicture } from './records'

/** Content of a question. */
export interface QuestionContent {
  readonly text: string
  readonly files: readonly ChatFile[]
  readonly pictures: readonly ChatPicture[]
}

/** SVG is text, which every model reads. */
const isPicture = ({ type }: File): boolean => type.startsWith('image/') && type !== 'image/svg+xml'

/** Explains that a model reads text only, and names models that read pictures. */
export const blindText = ({ name, seeing }: Reader): string =>
  seeing.length > 0
    ? t('chat.blind.others', { model: name, others: listText(seeing) })
    : t('chat.blind.none', { model: name })

/** The unsent question. */
export class Draft implements QuestionContent {
  text = $state('')
  files: readonly ChatFile[] = $state.raw([])
  pictures: readonly ChatPicture[] = $state.raw([])
  /** Reasons why recently added files were refused. */
  refused: readonly string[] = $state.raw([])
  /** Files that are being read. A question that is sent before they are read would lack them. */
  reading: readonly File[] = $state.raw([])
  readonly empty: boolean = $derived(this.text.trim() === '' && this.files.length + this.pictures.length === 0)

  constructor(private readonly read: (file: File) => Promise<ReadPicture> = readPicture) {}

  /**
   * Adds the files that the model can read.
   *
   * @param shown number of pictures already in the conversation
   */
  async add(files: Iterable<File>, reader: Reader, shown: number): Promise<void> {
    const refused: string[] = []
    const added = [...files]
    this.reading = [...this.reading, ...added]
    // Sequential, because decoding a picture takes much memory.
    for (const file of added) {
      try {
        const reason = isPicture(file) ? await this.addPicture(file, reader, shown) : await this.addText(file, reader)
        if (reason !== undefined) refused.push(reason)
      } finally {
        this.reading = this.reading.filter((one) => one !== file)
      }
    }
    this.refused = refused
  }

  addPastedText(text: string): void {
    this.files = [...this.files, { name: t('chat.pastedText'), text }]
  }

  remove(attached: ChatFile | ChatPicture): void {
    this.files = this.files.filter((one) => one !== attached)
    this.pictures = this.pictures.filter((one) => one !== attached)
  }

  /** Returns the content and clears the draft. */
  take(): QuestionContent {
    const { files, pictures } = this
    const text = this.text.trim()
    this.text = ''
    this.files = []
    this.pictures = []
    this.refused = []
    return { text, files, pictures }
  }

  private async addText(file: File, { name }: Reader): Promise<string | undefined> {
    const read = await readTextFile(file, name)
    if ('refused' in read) return read.refused
    this.files = [...this.files, read.file]
    return undefined
  }

  private async addPicture(file: File, reader: Reader, shown: number): Promise<string | undefined> {
    if (reader.sees === false) return t('chat.refused.picture', { file: file.name, why: blindText(reader) })
    const read = await this.read(file)
    if ('refused' in read) return read.refused
    if (shown + this.pictures.length >= MOST_PICTURES)
      return t('chat.refused.manyPictures', { file: file.name, most: MOST_PICTURES })
    this.pictures = [...this.pictures, read.picture]
    return undefined
  }
}
