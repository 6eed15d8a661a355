"""Vectors in binary records: a word, a space, and the bytes of float32 numbers."""

from wordvec_cli.kernels.parts import kernel

SPACE, NEWLINE = 32, 10


@kernel
def find_records(content, dim, starts, ends):
    """Where the words of whole records start and end, (n,) int64 both, written; a line end before a word is skipped.

    content  uint8
    Returns (records, bytes that they take).
    """
    position = done = n = 0
    while n < len(starts):
        while position < len(content) and content[position] == NEWLINE:
            position += 1
        starts[n] = position
        while position < len(content) and content[position] != SPACE:
            position += 1
        if position + 1 + 4 * dim > len(content):
            break
        ends[n] = position
        position += 1 + 4 * dim
        done = position
        n += 1
    return n, done


@kernel
def gather(content, starts, ends, text, numbers):
    """Copy the words of records, back to back, to text, and the bytes after each to a row of numbers (n, 4 dim)."""
    n_text = 0
    for i in range(len(starts)):
        for position in range(starts[i], ends[i]):
            text[n_text] = content[position]
            n_text += 1
        first = ends[i] + 1
        numbers[i] = content[first : first + numbers.shape[1]]
