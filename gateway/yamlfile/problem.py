"""What may be wrong in a configuration file, as values."""

from collections.abc import Sequence
from dataclasses import dataclass

#: Where a value stands: keys and positions in lists, from the top.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong and its cure: ``file``, ``line`` (from 1; 0: the whole file), ``key`` as ``accounts[0].port``."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(Exception):
    """A configuration that is refused whole, with everything that is wrong in it."""

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def key_of(path: Path) -> str:
    """``("accounts", 0, "port")`` as ``accounts[0].port``."""
    key = ""
    for step in path:
        if isinstance(step, int):
            key += f"[{step}]"
        else:
            key += f".{step}" if key else step
    return key
