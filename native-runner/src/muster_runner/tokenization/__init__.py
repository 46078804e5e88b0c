"""Tokenizing in a process of its own: chat templates, control tokens, prompts, and text from tokens."""
