"""Several ranks: groups over a ring or RDMA, and the lockstep of their engines."""
