"""Tables for terminals of 80 columns: names give way, numbers do not."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

NARROWEST = 12
"""To which a name is shortened at most, in characters."""


def shortened(text: str, width: int) -> str:
    """A text of at most ``width`` characters, with an ellipsis in the middle where it is longer.

    Example:
        >>> shortened('mroi_synthetic', 14), shortened('hmr_adversarial_synthetic', 14)
        ('mroi_synthetic', 'hmr_adv…thetic')
    """
    if len(text) <= width:
        return text
    tail = max(width - 1, 1) // 2
    return f'{text[: max(width - 1 - tail, 0)]}…{text[-tail:]}'


class Name:
    """A name in a table, `shortened` to the width that is left for it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Text]:
        yield Text(shortened(self.text, options.max_width), no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(len(self.text), NARROWEST), len(self.text))


def table_of_numbers(title: str, names: str, *numbers: str) -> Table:
    """A table whose first column has `Name`s, and the others numbers, on the right.

    Args:
        title: above it.
        names: header of the first column.
        numbers: headers of the others, with units; they may have line breaks.
    """
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column(Text(names), no_wrap=False)
    for header in numbers:
        table.add_column(Text(header, justify='right'), justify='right', no_wrap=True)
    return table
