"""Model files whose header lies: the library that loads them refuses them, and this process lives."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from acidtest.errors import ModelError
from acidtest.models.base import ModelSpec
from acidtest.registry import get
from trust.fuzz.mutations import broken

HEAD = 2**16
LIES: dict[str, Callable[[bytes], bytes]] = {
    "its name alone": lambda head: head[:4],
    "cut off": lambda head: head[:2000],
    "no tensors but their names": lambda head: head,
    "2^62 tensors": lambda head: head[:8] + struct.pack("<Q", 2**62) + head[16:],
    "2^62 settings": lambda head: head[:16] + struct.pack("<Q", 2**62) + head[24:],
    "a key of 2^63 letters": lambda head: head[:24] + struct.pack("<Q", 2**63) + head[32:],
    "flipped": lambda head: broken(head, random.Random(1)),
    "spliced": lambda head: broken(head, random.Random(2)),
}


@pytest.mark.parametrize("name", LIES)
async def test_a_model_file_that_lies_is_refused(name: str, smollm2: Path, tmp_path: Path) -> None:
    with smollm2.open("rb") as file:
        head = file.read(HEAD)
    path = tmp_path / "m.gguf"
    path.write_bytes(LIES[name](head))
    with pytest.raises(ModelError):
        async with get("provider", "local")(ModelSpec(name="m", use=f"local:{path}")):
            pass
