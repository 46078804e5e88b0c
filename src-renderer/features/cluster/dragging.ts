import type { Attachment } from 'svelte/attachments'

const TYPE = 'application/x-muster-model'

/** Makes a model draggable; `begin` and `end` are called around the drag. */
export const dragsModel =
  (
    modelId: string,
    { begin, end }: { readonly begin: () => void; readonly end: () => void },
  ): Attachment<HTMLElement> =>
  (element) => {
    const start = ({ dataTransfer }: DragEvent): void => {
      if (!dataTransfer) return
      dataTransfer.setData(TYPE, modelId)
      dataTransfer.effectAllowed = 'copy'
      begin()
    }
    element.draggable = true
    element.addEventListener('dragstart', start)
    element.addEventListener('dragend', end)
    return () => {
      element.removeEventListener('dragstart', start)
      element.removeEventListener('dragend', end)
    }
  }

interface DropTarget {
  /** Whether the dragged model may be dropped here. */
  readonly accepts: () => boolean
  readonly drop: (modelId: string) => void
}

/** A drop target for models; has `data-over` while an accepted one is over it. */
export const acceptsModel =
  ({ accepts, drop }: DropTarget): Attachment<HTMLElement> =>
  (element) => {
    const isModel = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes(TYPE) ?? false
    const over = (event: DragEvent): void => {
      if (!isModel(event)) return
      // Stop here, or the surrounding target would accept what this one refuses.
      event.stopPropagation()
      if (!accepts()) return
      event.preventDefault()
      element.dataset['over'] = ''
    }
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget instanceof Node && element.contains(event.relatedTarget)) return
      delete element.dataset['over']
    }
    const take = (event: DragEvent): void => {
      const modelId = event.dataTransfer?.getData(TYPE)
      delete element.dataset['over']
      if (!modelId || !accepts()) return
      event.preventDefault()
      event.stopPropagation()
      drop(modelId)
    }
    element.addEventListener('dragover', over)
    element.addEventListener('dragleave', leave)
    element.addEventListener('drop', take)
    return () => {
      element.removeEventListener('dragover', over)
      element.removeEventListener('dragleave', leave)
      element.removeEventListener('drop', take)
    }
  }
