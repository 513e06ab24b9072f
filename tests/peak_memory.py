"""The most memory that this process held. `getrusage` would tell its parent's peak where that is higher."""

from pathlib import Path


def own_peak() -> int:
    """Return bytes: the most that was resident since the start, or since `forget_peak`."""
    said = Path("/proc/self/status").read_text("utf-8")
    return int(said.partition("VmHWM:")[2].split()[0]) * 1024


def forget_peak() -> None:
    """Let `own_peak` begin again, at what is resident now."""
    Path("/proc/self/clear_refs").write_text("5", "utf-8")
