"""Loading models: what a folder holds, what an architecture supports, weights, shards and warm-up.

1. Files are checked before they are loaded, so that an error names the file (test_process.py, ``model_files``).
2. Code that comes with a model is never run (test_check.py).
3. A feature of an architecture is used only if it was measured on a tiny model (test_architectures.py).
4. The shards of a model compute the same as the whole (test_pipeline.py, test_group.py).
5. A model that computes no numbers never becomes ready (test_no_numbers.py).
"""
