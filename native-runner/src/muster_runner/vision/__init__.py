"""Pictures in prompts, for the families of ``architectures.json``.

mlx-vlm brings the networks that look at pictures and the processors that cut pictures for them; the language model is
mlx-lm's own, as for text. A prompt with pictures goes three ways:

1. A process of its own (``processing.py``, in the encoder) opens the pictures within limits (``pictures.py``) and gives
   tokens and arrays. What a stranger's file does to a decoder it does there.
2. Between two steps of the engine the tower looks at the arrays (``tower.py``); its vectors stand in the prompt in
   place of the embeddings of placeholder tokens (``picture_prompt.py``).
3. The prompt is computed by itself, and its sequence then decodes in the batch with all others (``places.py`` says what
   becomes of positions that are no count of tokens).

For the prefix cache the placeholder tokens of a picture have numbers made of the picture's hash: a beginning is known
only where its pictures are the same.
"""
