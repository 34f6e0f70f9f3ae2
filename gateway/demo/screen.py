"""What the demonstration shows, in French: tables, bars and sentences, at most 100 columns wide.

Where the output is not a terminal nothing moves: the bars become a line a second.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

from babel.numbers import format_currency
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table

WIDTH = 100

#: Tells how many parts left and how many messages ended.
Tell = Callable[[int, int], None]


def euros(amount: str) -> str:
    """A decimal string of euros as French staff read it: ``3,60 €``; thousandths are shown when there are any."""
    return str(format_currency(Decimal(amount), "EUR", "#,##0.00## ¤", locale="fr_FR", currency_digits=False))


class Screen:
    """Where the demonstration is told."""

    def __init__(self, console: Console | None = None) -> None:
        found = console or Console(highlight=False)
        width = min(WIDTH, found.width) if found.is_terminal else WIDTH
        self.console = Console(file=found.file, width=width, highlight=False, force_terminal=found.is_terminal)

    def step(self, title: str) -> None:
        """Begin a part of the story."""
        self.console.print()
        self.console.print(Rule(title, style="blue", align="left"))

    def say(self, text: str) -> None:
        """A sentence; rich's markup is not read in it, for names may hold brackets."""
        self.console.print(text, markup=False)

    def lines(self, *lines: str) -> None:
        """Lines to be copied: never wrapped."""
        for line in lines:
            self.console.print(line, markup=False, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()) -> None:
        """Rows under headings; the columns named in ``numbers`` are set to the right."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            right = column in numbers
            table.add_column(column, justify="right" if right else "left", no_wrap=right, overflow="ellipsis")
        for row in rows:
            table.add_row(*(cell.replace("[", "\\[") for cell in row))
        self.console.print(table)

    def counts(self, title: str, counted: Mapping[str, int]) -> None:
        """How many of each, the most frequent first."""
        rows = ((what, str(number)) for what, number in Counter(counted).most_common())
        self.table((title, "Nombre"), rows, numbers=("Nombre",))

    @contextmanager
    def progress(self, parts: int, messages: int) -> Iterator[Tell]:
        """Two bars: the SMS that left, and the messages of which all is known."""
        if not self.console.is_terminal:
            yield lambda left, ended: self.say(f"  SMS partis {left}/{parts} · accusés {ended}/{messages}")
            return
        columns = (TextColumn("{task.description:<16}"), BarColumn(50), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console) as bars:
            leaving, ending = bars.add_task("SMS partis", total=parts), bars.add_task("Accusés reçus", total=messages)

            def tell(left: int, ended: int) -> None:
                bars.update(leaving, completed=left)
                bars.update(ending, completed=ended)

            yield tell
