"""Loading models: what a folder holds, what an architecture can do, weights, shards and warm-up."""
