"""Keys and values: the caches of live sequences, kept prefixes in memory and on disk, and the memory budget."""
