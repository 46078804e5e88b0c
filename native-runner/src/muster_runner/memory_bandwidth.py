"""Measures how fast this machine reads weights.

``python -m muster_runner.memory_bandwidth`` prints ``{"bytesPerSecond": N}``. It times the work of decoding, products
of a vector with matrices too large for any cache, instead of plain reads: arithmetic may be slower than memory (on a
CPU it usually is), and the slower of the two limits the speed.
"""

import json
import time

import mlx.core as mx

SIDE = 2048
BYTES = 256 * 1024 * 1024
SECONDS = 1.0
MIN_PASSES = 3


def measured() -> float:
    """Returns the best of several passes over ``BYTES``, in bytes per second: disturbances only slow a pass down."""
    # The dtype that models usually compute in: 32 bits on a CPU, 16 on a GPU.
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
