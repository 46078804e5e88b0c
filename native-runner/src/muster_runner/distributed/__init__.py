"""Several ranks of one model: groups over a ring or RDMA, and the lockstep of their engines.

``ranks`` connects the ranks and builds the engine (rank 0) or the follower; ``leading`` and ``following`` run them in
``lockstep``, by messages over ``control``; each rank adds its ``report``. ``rendezvous`` and ``side_channel`` are used
only while a group is formed.

Contract: rank 0 alone decides, and tells the others before each step. All collectives run on the engine's thread.
A rank that loses another one fails with ``PeerLost`` and exits; nothing is retried within a runner, and the node starts
the group again.

1. The ranks answer like a single process (test_ranks.py, test_group.py).
2. Ranks with different files, versions or settings refuse to start (test_part.py); what their machines differ in
   is decided alike on all of them (test_engine_options.py).
3. When a rank dies, the others fail within a step, or two seconds where mlx waits for ever (``watch``); one that died
   while idle is noticed at the next request (test_group.py, test_watch.py).
4. While a rank waits for others it sends heartbeats and can be shut down (test_group.py,
   test_rehearsal.py).
5. An idle group makes no collective calls and uses no CPU (test_ranks.py).
6. Every rank applies the same messages before the same step, and stops at a step before which its checksum differs
   from rank 0's (test_control.py).
7. Whichever machine runs short of memory, all ranks shrink their budget in the same step
   (test_memory_pressure.py).
"""
