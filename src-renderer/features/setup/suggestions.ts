import { ModelId } from '@core/ids'

/** A model of the hub that is known to be good to begin with. */
export interface Suggestion {
  readonly modelId: ModelId
  readonly title: string
  /** Of its weights. */
  readonly bytes: number
  readonly about: string
}

const GB = 1e9

const suggestion = (id: string, title: string, gigabytes: number, about: string): Suggestion => ({
  modelId: ModelId.parse(id),
  title,
  bytes: gigabytes * GB,
  about,
})

/** One or two for each size of machine, in the hub's MLX community; sizes as the hub lists them. */
export const SUGGESTIONS: readonly Suggestion[] = [
  suggestion('mlx-community/Qwen3-1.7B-4bit', 'Qwen3 1.7B', 1, '4-bit · quick, for short answers'),
  suggestion('mlx-community/Qwen3-4B-4bit', 'Qwen3 4B', 2.3, '4-bit · good for its size'),
  suggestion('mlx-community/Qwen3-8B-4bit', 'Qwen3 8B', 4.6, '4-bit · everyday work'),
  suggestion('mlx-community/Qwen3-14B-4bit', 'Qwen3 14B', 8.3, '4-bit · everyday work, more careful'),
  suggestion('mlx-community/Qwen3-30B-A3B-4bit', 'Qwen3 30B A3B', 17.2, '4-bit · quick for its size'),
  suggestion('mlx-community/Llama-3.3-70B-Instruct-4bit', 'Llama 3.3 70B Instruct', 39.7, '4-bit · large'),
  suggestion('mlx-community/Qwen3-235B-A22B-4bit', 'Qwen3 235B A22B', 132, '4-bit · for several machines together'),
]
