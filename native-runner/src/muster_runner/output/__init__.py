"""What a model writes: channels (text, reasoning, tool calls), stop strings, and the grammars that constrain answers.

``answer_rules`` builds the parser (``channels``) and the constraint of an answer; ``grammars`` compiles untrusted
grammars. Parsers are incremental and never revoke what they have emitted.

1. The result does not depend on how the text is divided into tokens (test_stop_strings.py,
   test_channels.py).
2. Streamed arguments of a tool call are always completed to valid JSON, unless the token limit cuts them off
   (test_channels.py, test_json_text.py).
3. A constrained answer matches its grammar or schema (test_constraints.py, test_strict_calls.py,
   test_harmony.py).
4. A grammar that cannot be compiled within its limits fails only its request (test_constraints.py).
"""
