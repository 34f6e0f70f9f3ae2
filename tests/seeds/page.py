"""``docs/seeds.md``: which test proves which row. ``python -m tests.seeds.page`` writes it."""

from tests.seeds.rows import ROOT, ROWS, proofs

PAGE = ROOT / "docs" / "seeds.md"

HEAD = """\
# The two documents, row by row

What schools know from two documents, and which test proves that it works here: S1 is Charlemagne's « Envoi de SMS »,
S4 SCONET absences' « Envoi de SMS ». G: by the API; C: by the pages of the console. Rows that stay in the calling
application are not listed. `python -m tests.seeds.page` writes this page.

| row | by | what | proved by |
|---|---|---|---|
"""


def page() -> str:
    """``docs/seeds.md``."""
    found: dict[str, list[str]] = {row: [] for row in ROWS}
    for one in proofs():
        found[one.row].append(f"`{one.file}{':' if one.test else ''}{one.test}`")
    lines = [f"| {row} | {by} | {words} | {'<br>'.join(found[row])} |" for row, (by, words) in ROWS.items()]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
