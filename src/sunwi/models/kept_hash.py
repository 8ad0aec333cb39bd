"""The hash of a large file, computed once while the file stays the same: weights take a CPU second."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

from sunwi.cache import RowCache
from sunwi.runtime import cache_dir, file_hash, text_hash

LARGE = 1 << 20  # bytes; a smaller file is hashed faster than it is looked up
SETTLED = 2_000_000_000  # nanoseconds: the coarsest clock of a file system (FAT's)


def kept_hash(path: Path) -> str:
    """Hex sha256 of a file's bytes.

    Cached by path, inode, size and both times of change. No program can set the time of the last change of
    an inode, so another content always has another key; a file that was changed just now is not cached,
    because a second change may get the same time.
    """
    stat = path.stat()
    state = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return _hash_once(str(path.resolve()), *state)


@lru_cache(maxsize=256)
def _hash_once(path: str, inode: int, size: int, modified: int, changed: int) -> str:
    # Outside a project there is no cache folder, and a look at a model makes none.
    if size < LARGE or not cache_dir().is_dir():
        return file_hash(Path(path))
    key = text_hash(path, *map(str, (inode, size, modified, changed)))
    with RowCache("file_hashes") as cache:
        if (cached := cache.get_many([key]).get(key)) is not None:
            return cached.decode("ascii")
        found = file_hash(Path(path))
        if time.time_ns() - max(modified, changed) > SETTLED:
            cache.put_many({key: found.encode("ascii")})
    return found
