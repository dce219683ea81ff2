"""Check the indexes inside an HDF5 file byte by byte before libhdf5 parses them.

Groups of more than eight members are stored in a fractal heap and B-trees, and the addresses of chunks in a fixed or
extensible array. libhdf5 trusts their headers: one with another type, with a reference to a table that does not exist,
or with blocks of zero elements, a divisor, crashes the process. Here each index must have a type, size and use that
this package writes. The layouts are those of the HDF5 File Format Specification, version 3.0, sections III.A.2
(B-trees), III.G (fractal heaps), IV.A (object headers) and VII (indexes of chunks).
"""

import struct
from collections.abc import Callable, Iterator
from math import prod

from elastic_pinn.errors import ElasticPinnError

LINKS, LAYOUT, ATTRIBUTES = 2, 8, 21  # the messages of an object header that refer to indexes
CONTINUATION = 16
UNDEFINED = 2**64 - 1
MAX_PIECES = 1000  # of one object header
MASK = 0xFFFFFFFF

# Fractal heap header: id length, filters, flags, largest object; where large objects are; doubling table, root, rows.
HEAP = struct.Struct("<4sBHHBI8xQ80xHQQHHQH")
HEAPS = {
    LINKS: (7, 0, 2, 4096, UNDEFINED, 4, 512, 65536, 32, 1),
    ATTRIBUTES: (8, 0, 2, 4096, UNDEFINED, 4, 1024, 65536, 40, 1),
}
MAX_ROWS = 30
# B-tree header: type, node size, record size, depth, split and merge percent, root, its records; records in all.
TREE = struct.Struct("<4sBBIHHBBQHQ")
TREES = {5: (512, 11), 6: (512, 15), 8: (512, 17), 9: (512, 13)}
MAX_TREE_DEPTH = 8
USES = {LINKS: (5, 6), ATTRIBUTES: (8, 9)}  # types of the indexes by name and by order

CHUNKED = 2  # layout class
SINGLE, FIXED, EXTENSIBLE = 1, 3, 4  # types of chunk indexes; a single chunk needs no index
UNFILTERED, FILTERED = 0, 1  # array classes: the elements are addresses, or each has a size and a filter mask as well
PAGE_BITS = 10
# Fixed array. In the layout message: page bits, address. In its header: class, element size, page bits, elements.
FIXED_IN_LAYOUT, FIXED_ARRAY = struct.Struct("<BQ"), struct.Struct("<4sBBBBQ")
# Extensible array. In the layout message: index bits, elements of the index block, fewest data blocks of a super block,
# fewest elements of a data block, page bits, address. In its header: class, element size, and the same sizes.
EXTENSIBLE_IN_LAYOUT, EXTENSIBLE_ARRAY = struct.Struct("<5BQ"), struct.Struct("<4sBBB5B")


class SuspiciousMetadataError(ElasticPinnError, ValueError):
    """Metadata that no checkpoint has; the text names it."""


def check_metadata(data: bytes, base: int, start: int = 0, stop: int | None = None) -> None:
    """Raise SuspiciousMetadataError for an index that this package never writes.

    Arguments:
        data: a file's bytes.
        base: the offset that addresses count from: the size of the user block.
        start, stop: the range in which indexes are searched; all bytes by default.

    Whatever libhdf5 accepts as a header has a signature and a valid checksum, so every such place in the file is
    checked. Without a valid checksum the bytes are numbers that equal a signature by chance, and libhdf5 refuses them.
    """
    _Metadata(data, base).check(start, len(data) if stop is None else stop)


class _Metadata:
    def __init__(self, data: bytes, base: int) -> None:
        self._data, self._base = data, base

    def check(self, start: int, stop: int) -> None:
        for at in self._find(b"OHDR\2", start, stop):
            self._check_if_summed(at, self._end_of_first_piece(at), self._check_object)
        for at in self._find(b"FRHP\0", start, stop):
            self._check_if_summed(at, at + HEAP.size, self._check_heap)
        for at in self._find(b"BTHD\0", start, stop):
            self._check_if_summed(at, at + TREE.size, self._check_tree)

    def _find(self, signature: bytes, start: int, stop: int) -> Iterator[int]:
        at = self._data.find(signature, start, stop)
        while at >= 0:
            yield at
            at = self._data.find(signature, at + 1, stop)

    def _check_if_summed(self, at: int, end: int, check: Callable[[int], None]) -> None:
        try:
            check(at)
        except (SuspiciousMetadataError, struct.error, IndexError, OverflowError) as error:
            if lookup3(self._data[at:end]).to_bytes(4, "little") == self._data[end : end + 4]:
                raise SuspiciousMetadataError(f"at byte {at:,}: {error}") from error

    def _end_of_first_piece(self, at: int) -> int:
        head, width = self._first_messages(at)
        return head + int.from_bytes(self._data[head - width : head], "little")

    def _first_messages(self, at: int) -> tuple[int, int]:
        """Return the offset of an object header's first message, and the width of the number before it."""
        flags = self._data[at + 5] if at + 5 < len(self._data) else 0
        width = 1 << (flags & 3)
        return at + 6 + 16 * bool(flags & 32) + 4 * bool(flags & 16) + width, width

    def _check_object(self, at: int) -> None:
        ordered = bool(self._data[at + 5] & 4)
        pieces = [(self._first_messages(at)[0], self._end_of_first_piece(at))]
        for number, (start, end) in enumerate(pieces):  # the list grows
            _require(number < MAX_PIECES and end <= len(self._data), "an object header of too many pieces")
            for kind, body in self._messages(start, end, ordered):
                if kind == CONTINUATION:
                    address, length = struct.unpack("<QQ", body[:16])
                    pieces.append((self._base + address + 4, self._base + address + length - 4))
                elif kind in USES:
                    self._check_indexes(kind, body)
                elif kind == LAYOUT:
                    self._check_layout(body)

    def _messages(self, start: int, end: int, ordered: bool) -> Iterator[tuple[int, bytes]]:
        while start + 4 <= end:
            kind, length, _ = struct.unpack_from("<BHB", self._data, start)
            start += 6 if ordered else 4
            yield kind, self._data[start : start + length]
            start += length

    def _check_indexes(self, kind: int, body: bytes) -> None:
        """Check a link or attribute info message, which refers to the heap and to the indexes by name and by order."""
        skipped = 2 + (8 if kind == LINKS else 2) * (body[1] & 1)
        heap, *trees = struct.unpack_from("<QQQ" if body[1] & 2 else "<QQ", body, skipped)
        if heap == UNDEFINED:
            _require(set(trees) <= {UNDEFINED}, "an index without a heap")
            return
        _require(self._heap_kind(self._base + heap) == kind, "a heap of another use")
        for address, legal in zip(trees, USES[kind], strict=False):
            found = TREE.unpack_from(self._data, self._base + address) if address != UNDEFINED else (b"BTHD", 0, legal)
            _require(found[:3] == (b"BTHD", 0, legal), "an index of another use")

    def _check_layout(self, body: bytes) -> None:
        """Check a data layout message, and the header of the index of chunks that it refers to."""
        version, storage = body[0], body[1]
        _require(version == 4 or (version == 3 and storage != CHUNKED), "a data set of an unknown layout")
        if storage != CHUNKED:
            return
        axes, width = body[3], body[4]
        end = 5 + axes * width
        if body[end] == FIXED:
            sides = (int.from_bytes(body[at : at + width], "little") for at in range(5, end, width))
            self._check_fixed_array(prod(sides), *FIXED_IN_LAYOUT.unpack_from(body, end + 1))
        elif body[end] == EXTENSIBLE:
            self._check_extensible_array(*EXTENSIBLE_IN_LAYOUT.unpack_from(body, end + 1))
        else:
            _require(body[end] == SINGLE, "an index of chunks of an unknown kind")

    def _check_fixed_array(self, chunk_bytes: int, page: int, address: int) -> None:
        _require(page == PAGE_BITS, "an index of chunks of another size")
        if address != UNDEFINED:
            *head, elements = FIXED_ARRAY.unpack_from(self._data, self._base + address)
            sizes = {UNFILTERED: 8, FILTERED: 8 + _bytes_of_size(chunk_bytes) + 4}
            legal = [[b"FAHD", 0, *item, PAGE_BITS] for item in sizes.items()]
            _require(head in legal, "an index of chunks of another size")
            _require(elements <= len(self._data), "an index of chunks that is too large")

    def _check_extensible_array(self, bits: int, first: int, blocks: int, least: int, page: int, address: int) -> None:
        _require((bits, first, blocks, least, page) == (32, 4, 4, 16, PAGE_BITS), "an index of chunks of another size")
        if address != UNDEFINED:
            head = EXTENSIBLE_ARRAY.unpack_from(self._data, self._base + address)
            legal = (b"EAHD", 0, UNFILTERED, 8, bits, first, least, blocks, page)
            _require(head == legal, "an index of chunks of another size")

    def _check_heap(self, at: int) -> None:
        _require(self._heap_kind(at) in HEAPS, "a heap of an unknown kind")
        _require(HEAP.unpack_from(self._data, at)[-1] <= MAX_ROWS, "a heap of too many rows")

    def _heap_kind(self, at: int) -> int | None:
        signature, version, *fields = HEAP.unpack_from(self._data, at)
        kinds = [kind for kind, known in HEAPS.items() if tuple(fields[: len(known)]) == known]
        return kinds[0] if kinds and (signature, version) == (b"FRHP", 0) else None

    def _check_tree(self, at: int) -> None:
        _, _, kind, node, size, depth, split, merge, root, records, total = TREE.unpack_from(self._data, at)
        _require(TREES.get(kind) == (node, size) and (split, merge) == (100, 40), "an index of an unknown kind")
        _require(depth <= MAX_TREE_DEPTH and total <= len(self._data), "an index that is too large")
        found = self._check_node(kind, self._base + root, records, depth) if root != UNDEFINED else 0
        _require(found == total, "an index that miscounts itself")  # libhdf5 allocates `total` and fills it

    def _check_node(self, kind: int, at: int, count: int, depth: int) -> int:
        """Check a node and all below it; return how many records they have."""
        node, size = TREES[kind]
        _require(10 + count * size <= node, "a node of too many records")
        signature = b"BTIN" if depth else b"BTLF"
        _require(self._data[at : at + 6] == signature + bytes([0, kind]), "a node of another index")
        for start in range(at + 6, at + 6 + count * size, size):
            self._check_record(kind, self._data[start : start + size])
        return count + (self._check_children(kind, at + 6 + count * size, count + 1, depth) if depth else 0)

    def _check_children(self, kind: int, at: int, count: int, depth: int) -> int:
        wide, total = self._child_numbers(kind, depth)
        below = 0
        for _ in range(count):
            address = int.from_bytes(self._data[at : at + 8], "little")
            records = int.from_bytes(self._data[at + 8 : at + 8 + wide], "little")
            declared = int.from_bytes(self._data[at + 8 + wide : at + 8 + wide + total], "little") if total else records
            found = self._check_node(kind, self._base + address, records, depth - 1)
            _require(found == declared, "an index that miscounts itself")
            below += found
            at += 8 + wide + total
        return below

    @staticmethod
    def _child_numbers(kind: int, depth: int) -> tuple[int, int]:
        """Return the widths, in bytes, of a child's record count and of its total count, in a node of this depth."""
        node, size = TREES[kind]
        most = below = (node - 10) // size
        wide = _bytes_for(most)
        total = 0
        for _ in range(1, depth):
            fitting = (node - 10 - 8 - wide - total) // (size + 8 + wide + total)
            below = (fitting + 1) * below + fitting
            total = _bytes_for(below)
        return wide, total if depth > 1 else 0

    @staticmethod
    def _check_record(kind: int, record: bytes) -> None:
        """Check a record: the object must be in the heap, and an attribute must not be shared."""
        at = {5: 4, 6: 8, 8: 0, 9: 0}[kind]
        _require(record[at] == 0, "a record of an object outside of its heap")
        _require(kind in (5, 6) or not record[at + 8] & 2, "a record of a shared object")


def lookup3(data: bytes) -> int:
    """Return Bob Jenkins's hash lookup3, HDF5's checksum of metadata."""

    def rotate(x: int, k: int) -> int:
        return ((x << k) | (x >> (32 - k))) & MASK

    a = b = c = (0xDEADBEEF + len(data)) & MASK
    whole = max(0, (len(data) - 1) // 12) * 12
    words = struct.unpack(f"<{whole // 4 + 3}I", data.ljust(whole + 12, b"\0"))
    for at in range(0, len(words) - 3, 3):
        a, b, c = (a + words[at]) & MASK, (b + words[at + 1]) & MASK, (c + words[at + 2]) & MASK
        a, c = (a - c) & MASK ^ rotate(c, 4), (c + b) & MASK
        b, a = (b - a) & MASK ^ rotate(a, 6), (a + c) & MASK
        c, b = (c - b) & MASK ^ rotate(b, 8), (b + a) & MASK
        a, c = (a - c) & MASK ^ rotate(c, 16), (c + b) & MASK
        b, a = (b - a) & MASK ^ rotate(a, 19), (a + c) & MASK
        c, b = (c - b) & MASK ^ rotate(b, 4), (b + a) & MASK
    a, b, c = (a + words[-3]) & MASK, (b + words[-2]) & MASK, (c + words[-1]) & MASK
    c = ((c ^ b) - rotate(b, 14)) & MASK
    a = ((a ^ c) - rotate(c, 11)) & MASK
    b = ((b ^ a) - rotate(a, 25)) & MASK
    c = ((c ^ b) - rotate(b, 16)) & MASK
    a = ((a ^ c) - rotate(c, 4)) & MASK
    b = ((b ^ a) - rotate(a, 14)) & MASK
    return ((c ^ b) - rotate(b, 24)) & MASK


def _require(legal: bool, otherwise: str) -> None:
    if not legal:
        raise SuspiciousMetadataError(otherwise)


def _bytes_for(number: int) -> int:
    return (number.bit_length() + 7) // 8


def _bytes_of_size(chunk_bytes: int) -> int:
    """Return the width of the number of bytes of a filtered chunk, which may be larger than the unfiltered one."""
    return min(8, 1 + (chunk_bytes.bit_length() + 7) // 8)
