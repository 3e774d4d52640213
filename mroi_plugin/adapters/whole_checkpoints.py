"""Checkpoints of mmcv 1.x that a kill or a full disk cannot spoil."""

from __future__ import annotations

from mroi_plugin.utils.atomic_files import Path, write_atomically


def write_whole_files() -> None:
    """Have mmcv's ``save_checkpoint`` move a file to its place when it is complete; it would write
    into the place itself."""
    from mmcv.fileio.file_client import FileClient, HardDiskBackend

    class AtomicFiles(HardDiskBackend):
        def put(self, obj: bytes, filepath: Path) -> None:
            write_atomically(obj, filepath)

        def put_text(self, obj: str, filepath: Path, encoding: str = 'utf-8') -> None:
            write_atomically(obj.encode(encoding), filepath)

    FileClient.register_backend('disk', AtomicFiles, force=True)
