"""Cut a post into messages that fit: between items, inside one only if it fits nowhere whole.

Nothing is dropped: the parts' texts, put together, are the post's text (but for the "(2/3)" marks).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.model import Block, Fold, Item, Line, Post, Span

Fits = Callable[[Post], bool]


def split(post: Post, fits: Fits) -> list[Post]:
    """Cut `post` so that `fits` holds for every part; marks parts '(1/3)' in their head if there are several.

    Raises ValueError if not even a single character of a line fits.
    """
    if fits(post):
        return [post]

    def roomy(part: Post) -> bool:
        return fits(_mark(part, 88, 88))  # more parts than that would be refused by any reader

    parts: list[Post] = []
    current = Post(head=post.head)
    if not roomy(current):
        *before, current = _flow(post.head, lambda blocks: roomy(Post(head=blocks)), lambda blocks: Post(head=blocks))
        parts += before
    for item in post.items:
        grown = replace(current, items=(*current.items, item))
        if roomy(grown):
            current = grown
            continue
        if current.items or current.head:
            parts.append(current)
        current = Post(items=(item,))
        if not roomy(current):
            *before, current = _tear(item, roomy)
            parts += before
    for block in post.foot:
        grown = replace(current, foot=(*current.foot, block))
        if roomy(grown):
            current = grown
        else:
            parts.append(current)
            *before, current = _flow((block,), lambda b: roomy(Post(foot=b)), lambda b: Post(foot=b))
            parts += before
    grown = replace(current, buttons=post.buttons)
    parts.append(grown if roomy(grown) else current)
    if not roomy(grown):
        parts.append(Post(buttons=post.buttons))
    parts = [replace(part, hue=post.hue) for part in parts]
    parts[0] = replace(parts[0], title=post.title, tags=post.tags)
    return [_mark(part, place, len(parts)) for place, part in enumerate(parts, 1)]


def _mark(part: Post, place: int, total: int) -> Post:
    mark = Line((Span(f"({place}/{total})", "dim"),), "small")
    return replace(part, head=(*part.head, mark)) if total > 1 else part


def _tear(item: Item, fits: Fits) -> list[Post]:
    """Cut an item that fits into no message: every piece stays the paper's, its buttons stand under the last."""

    def piece(blocks: tuple[Block, ...]) -> Post:
        return Post(items=(Item(blocks, item.paper),))

    *before, last = _flow(item.blocks, lambda blocks: fits(piece(blocks)), piece)
    whole = Post(items=(replace(last.items[0], buttons=item.buttons),))
    return [*before, whole] if fits(whole) else [*before, last, Post(items=(Item((), "", item.buttons),))]


def _flow(
    blocks: tuple[Block, ...], fits: Callable[[tuple[Block, ...]], bool], make: Callable[[tuple[Block, ...]], Post]
) -> list[Post]:
    out: list[Post] = []
    current: tuple[Block, ...] = ()
    for block in _small(blocks, fits):
        if current and not fits((*current, block)):
            out.append(make(current))
            current = ()
        current = (*current, block)
    return [*out, make(current)]


def _small(blocks: tuple[Block, ...], fits: Callable[[tuple[Block, ...]], bool]) -> Iterator[Block]:
    """Blocks that fit on their own: a long fold becomes several, a long line is cut at blanks."""
    for block in blocks:
        if fits((block,)):
            yield block
        elif isinstance(block, Fold):
            for line in _small(block.lines, lambda lines, b=block: fits((Fold(b.label, _lines(lines)),))):  # type: ignore[misc]
                yield Fold(block.label, _lines((line,)))
        else:
            yield from _cut(block, fits)


def _lines(blocks: tuple[Block, ...]) -> tuple[Line, ...]:
    return tuple(block for block in blocks if isinstance(block, Line))


def _cut(line: Line, fits: Callable[[tuple[Block, ...]], bool]) -> Iterator[Line]:
    spans = list(line.spans)
    current: tuple[Span, ...] = ()
    while spans:
        span = spans.pop(0)
        if fits((replace(line, spans=(*current, span)),)):
            current = (*current, span)
            continue
        low, high = 0, len(span.text)
        while low < high:  # the longest beginning of the span that still fits
            middle = (low + high + 1) // 2
            if fits((replace(line, spans=(*current, replace(span, text=span.text[:middle]))),)):
                low = middle
            else:
                high = middle - 1
        blank = span.text.rfind(" ", 0, low + 1)
        at = blank + 1 if 0 < blank + 1 <= low else low
        if at == 0:
            if not current:
                raise ValueError("not even one character fits into a message")
            at_text = ""
        else:
            at_text = span.text[:at]
        yield replace(line, spans=(*current, replace(span, text=at_text)) if at_text else current)
        current = ()
        spans.insert(0, replace(span, text=span.text[at:]))
    if current:
        yield replace(line, spans=current)
