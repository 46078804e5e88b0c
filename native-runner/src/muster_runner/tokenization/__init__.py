"""Tokenizing in separate processes: chat templates, control tokens, prompts, and text from tokens.

``encoding`` is the runner's side: queues, time limits and restarts of the processes (``encoder``).

1. The tokenizing process for text never imports mlx (test_encoding.py).
2. A template or tokenizer that never ends, or crashes, fails only its request (test_encoding.py).
3. Control tokens in a client's text are tokenized as text (test_control_tokens.py).
4. A conversation is rendered in the first form that the template accepts, with the same content
   (test_conversation.py).
"""
