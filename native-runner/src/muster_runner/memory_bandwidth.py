"""How fast this machine reads weights.

``python -m muster_runner.memory_bandwidth`` prints ``{"bytesPerSecond": N}``. It times what decoding does,
the product of one vector with matrices that together fit no cache, because a machine's arithmetic may be
slower than its memory (a CPU's mostly is), and a prediction has to know the slower of the two.
"""

import json
import time

import mlx.core as mx

SIDE = 2048
BYTES = 256 * 1024 * 1024
SECONDS = 1.0
MIN_PASSES = 3


def measured() -> float:
    """Bytes per second in the best of some passes over ``BYTES``: whatever disturbs one only makes it slower."""
    # A CPU computes in 32 bits; on a GPU models are kept in 16.
    dtype = mx.bfloat16 if mx.default_device().type == mx.DeviceType.gpu else mx.float32
    count = BYTES // (SIDE * SIDE * dtype.size)
    weights = [mx.full((SIDE, SIDE), 1 / SIDE, dtype=dtype) for _ in range(count)]
    vector = mx.ones((1, SIDE), dtype=dtype)
    mx.eval(weights, vector)
    total = sum(weight.nbytes for weight in weights)
    best = 0.0
    passes = 0
    started = time.perf_counter()
    while passes < MIN_PASSES or time.perf_counter() - started < SECONDS:
        before = time.perf_counter()
        result = vector
        for weight in weights:
            result = result @ weight.T
        mx.eval(result)
        best = max(best, total / (time.perf_counter() - before))
        passes += 1
    return best


if __name__ == "__main__":
    print(json.dumps({"bytesPerSecond": round(measured())}))
