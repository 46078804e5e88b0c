"""What the model is computed on: a GPU (Metal on a Mac, CUDA on Linux), or the processor."""

import os

import mlx.core as mx


def has_gpu() -> bool:
    """Whether MLX computes on a GPU unless told otherwise."""
    return mx.default_device().type == mx.DeviceType.gpu


def wire_memory() -> None:
    """Lets as much of the GPU's memory stay resident as the system recommends: what is not wired may be paged out
    between requests. Only Metal has such a limit."""
    if has_gpu() and (limit := mx.device_info().get("max_recommended_working_set_size")):
        mx.set_wired_limit(int(limit))


def keep_kernels() -> None:
    """Has kernels that are compiled for this GPU kept for later runners, in the folder that MUSTER_KERNELS names. Only
    CUDA compiles at first use; what one version of mlx compiled is none of another's. To be called before anything is
    computed."""
    if folder := os.environ.get("MUSTER_KERNELS"):
        os.environ.setdefault("MLX_PTX_CACHE_DIR", os.path.join(folder, mx.__version__))
