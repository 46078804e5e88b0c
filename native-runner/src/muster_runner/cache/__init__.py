"""Keys and values: the caches of live sequences, cached prefixes in memory and on disk, and the memory budget.

``sequence_caches`` is what the decode batch sees of the live sequences. ``batch_layers`` are the layers of a sub-batch,
in which each sequence has a slot (``slot_cache``); ``ragged_layer`` and ``split_modules`` let one forward pass compute
several sub-batches, ``quantized_cache`` keeps them in 8 bits. ``prefix_cache`` stores prefixes in ``blocks``: in memory
in ``block_store``, found by ``prefix_search`` as paths (``prefix_path``) among ``siblings``; ``checkpoints`` chooses
where states are stored. ``disk_cache`` writes blocks as ``block_file``, under keys from ``model_digest``; ``restoring``
reads those that have the model's ``block_layout``. ``memory_budget`` and ``memory_pressure`` say how much memory there
is.

Contract: everything runs on the engine's thread, except reading and writing files. Blocks on the disk survive a crash,
an unload and a restart; nothing else does. A failed read or write costs only its block.

1. A cached prefix gives the tokens that computing it anew would give (test_prefix_cache.py,
   test_equality.py).
2. A block serves only the model, adapter, shard, library versions and tokens that it was computed for
   (test_model_digest.py, test_disk_cache.py, test_adapters.py).
3. Damaged, truncated, foreign or newer files are ignored, never used in part; so are blocks that do not fit the model
   (test_disk_cache.py, test_block_layout.py).
4. Decoding never waits for a disk (test_restoring.py).
5. All ranks cache the same blocks and use the same prefix, whatever their disks hold (test_kept_prompts.py,
   test_prefix_cache.py).
6. Sizes are computed from a footprint, not measured, so all ranks decide alike about memory (test_schedule.py).
7. A disk is never filled by blocks beyond its limit (test_disk_cache.py).
8. A sequence that joins or leaves a sub-batch, or whose draft tokens are rejected, costs no copy of the others, unless
   the memory must grow or is needed elsewhere (test_slot_cache.py, test_sub_batches.py).
9. Rejected draft tokens leave a window as it was before them (test_slot_cache.py, test_speculation.py).
"""
