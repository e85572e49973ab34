"""The pages of a B-tree that is as high as another, and empty.

The planner takes the height from the metapage, and descends the tree for its extreme values. So
there is one page on each level, which leads to the one below; the last is an empty leaf. The
layout is that of ``storage/bufpage.h`` and ``access/nbtree.h`` of PostgreSQL.
"""

import struct

PAGE = 8192
_HEADER = struct.Struct("=QHHHHHHI")  # LSN, checksum, flags, lower, upper, special, size, xid
_HEADER_SIZE = 24
_SIZE_AND_VERSION = PAGE | 4
_OPAQUE = struct.Struct("=IIIHH")  # left and right neighbour, level, flags, cycle
_SPECIAL = PAGE - _OPAQUE.size
_META = struct.Struct("=IIIIII")  # magic, version, root, its level, the fast root, its level
_LEAF, _ROOT = 1, 2
_ALIGNED = 8
# A downlink without a key stands for the lowest one there could be.
_DOWNLINK = struct.Struct("=HHHH")  # block: high and low half; number of keys; size and flags
_DOWNLINK_INFO = _DOWNLINK.size | 0x2000  # the item's position holds its number of keys
_POINTER = struct.Struct("=I")  # offset: 15 bits; state: 2 bits; length: 15 bits
_NORMAL = 1


def raised(metapage: bytes, height: int) -> list[bytes]:
    """Return the first pages of a B-tree of ``height``, whose ``metapage`` is that of an empty one.

    Their checksums are 0.
    """
    head = list(_HEADER.unpack_from(metapage))
    head[0] = head[1] = 0
    magic, version, *_ = _META.unpack_from(metapage, _HEADER_SIZE)
    meta = _META.pack(magic, version, 1, height, 1, height)
    rest = metapage[_HEADER_SIZE + _META.size :]
    return [_HEADER.pack(*head) + meta + rest, *(_page(at, height) for at in range(height + 1))]


def with_checksum(page: bytes, checksum: int) -> bytes:
    """Return ``page`` with its ``checksum``, which may be signed, as SQL has it."""
    return page[:8] + struct.pack("=H", checksum & 0xFFFF) + page[10:]


def _page(depth: int, height: int) -> bytes:
    """Return the page that is ``depth`` levels below the root, which is block 1."""
    level = height - depth
    flags = (_LEAF if level == 0 else 0) | (_ROOT if depth == 0 else 0)
    page = bytearray(PAGE)
    lower, upper = _HEADER_SIZE, _SPECIAL
    if level:
        upper -= _ALIGNED
        lower += _POINTER.size
        pointer = upper | _NORMAL << 15 | _DOWNLINK.size << 17
        _POINTER.pack_into(page, _HEADER_SIZE, pointer)
        child = depth + 2
        _DOWNLINK.pack_into(page, upper, child >> 16, child & 0xFFFF, 0, _DOWNLINK_INFO)
    _HEADER.pack_into(page, 0, 0, 0, 0, lower, upper, _SPECIAL, _SIZE_AND_VERSION, 0)
    _OPAQUE.pack_into(page, _SPECIAL, 0, 0, level, flags, 0)
    return bytes(page)
