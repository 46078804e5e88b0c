"""Pictures in prompts, for the architectures of ``architectures.json``.

mlx-vlm provides the vision towers and the image processors; the language model is mlx-lm's, as for text. A prompt with
pictures takes three steps:

1. A separate process (``processing.py``, run by the encoder) decodes the pictures within limits (``pictures.py``), one
   after the other, and returns tokens and arrays. A malicious file can only harm that process.
2. In each step of the engine the vision tower encodes the arrays of one picture (``tower.py``); the result replaces the
   embeddings of the placeholder tokens (``picture_prompt.py``).
3. The prompt is prefilled alone; its sequence then decodes in the common batch. What a family needs beside embeddings
   is changed in the language model at load (``tower.py``) and takes effect only during the passes of such a prompt
   (``span.py``): positions that differ from the token count (``positions.py``), features of several layers
   (``deepstack.py``), masks in both directions (``picture_masks.py``).

In the keys of the prefix cache the placeholder tokens of a picture are replaced by numbers derived from the picture's
hash, so a prefix matches only if its pictures do.
"""
