"""What a model writes: channels, tool calls and stop strings, and the grammars that constrain them."""
