"""The compute device: a GPU (Metal on a Mac, CUDA on Linux) or the CPU."""

import os

import mlx.core as mx


def has_gpu() -> bool:
    """Whether MLX's default device is a GPU."""
    return mx.default_device().type == mx.DeviceType.gpu


def wire_memory() -> None:
    """Raises the limit of wired GPU memory to the system's recommendation: unwired memory may be paged out between
    requests. Metal only."""
    if has_gpu() and (limit := mx.device_info().get("max_recommended_working_set_size")):
        mx.set_wired_limit(int(limit))


def keep_kernels() -> None:
    """Caches compiled kernels for later runners in the folder MUSTER_KERNELS, by mlx version. CUDA only, where kernels
    are compiled at first use. Call it before the first computation."""
    if folder := os.environ.get("MUSTER_KERNELS"):
        os.environ.setdefault("MLX_PTX_CACHE_DIR", os.path.join(folder, mx.__version__))
