"""Run one cell of a page in the reader's browser, after what it needs of the cells before it."""

import ast
import contextlib
import io
import linecache
import traceback
from itertools import groupby

from here.slices import Page

EARLIER = "In an earlier cell: "


class Written(io.TextIOBase):
    """A stream that hands each text to the page."""

    def __init__(self, write):
        self.write = write


def run(cells, at, write):
    """Run the cell and hand what it prints, and the value of its last expression, to `write`.

    Args:
        cells: the sources of the page's visible cells, in order.
        at: the place of the one to run among them. It finds no trace of an earlier run.
        write: a function of a text.

    Returns:
        Whether it ran to its end. If not, Python's message was written.
    """
    names = [f"<cell {number}>" for number in range(len(cells))]
    for name, source in zip(names, cells, strict=True):
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    scope = {"__name__": "__main__"}
    stream = Written(write)
    try:
        tree = ast.parse(cells[at], names[at])
        needed, _unknown = Page(cells).needed(at)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for number, statements in groupby(needed, key=lambda statement: statement.cell):
                body = [statement.tree for statement in statements]
                exec(compile(ast.Module(body, []), names[number], "exec"), scope)
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, names[at], "exec"), scope)
            if last:
                value = eval(compile(ast.Expression(last.value), names[at], "eval"), scope)
                if value is not None:
                    print(repr(value))
    except BaseException as error:
        write(said(error, names, at))
        return False
    return True


def said(error, names, at):
    """The last lines of a traceback: where in the cell, and what."""
    found = traceback.TracebackException.from_exception(error)
    message = "".join(found.format_exception_only())
    frames = [frame for frame in found.stack if frame.filename in names]
    own = [frame for frame in frames if frame.filename == names[at]]
    if not frames:  # a syntax error names its line itself
        return message
    where = (own or frames)[0]
    return f"{'' if own else EARLIER}line {where.lineno}: {where.line}\n{message}"
