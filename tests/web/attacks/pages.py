"""Pages as a browser reads them: elements and attributes, and whether any of them came from data."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

#: Breaks out of every place of a page at once. ``{}`` is a mark by which the field is known again.
_POISON = (
    '{}"\'><x-pwn onpwn="1"></title></textarea></select></svg></style>'
    "<script>pwn()</script><img src=x onerror=pwn()>&lt;x-pwn&gt;{{{{7*7}}}}"
)
#: The same in the few characters that some fields have.
_SHORT = "{}\"'><x-pwn onpwn=1>"

#: Attributes that lead somewhere.
_LEADING = ("href", "src", "action", "formaction", "data-open", "data-count", "srcdoc", "poster", "xlink:href", "data")


def poison(mark: str, most: int = 10_000) -> str:
    """A hostile value for a field."""
    long = _POISON.format(mark)
    return long if len(long) <= most else _SHORT.format(mark)


@dataclass(slots=True)
class Read(HTMLParser):
    """A page, read."""

    wrong: list[str] = field(default_factory=list)  # what came from data
    words: list[str] = field(default_factory=list)  # its text, and the values of its attributes

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        said = {name: value or "" for name, value in attrs}
        if "-" in tag or tag in ("iframe", "object", "embed", "base", "style", "frame", "applet"):
            self.wrong.append(f"<{tag}>")
        if tag == "script" and not said.get("src", "").startswith("/console/static/"):
            self.wrong.append("<script> that is not ours")
        if tag == "img" or (tag == "meta" and "http-equiv" in said):
            self.wrong.append(f"<{tag}>")
        for name, value in said.items():
            if (
                name.startswith("on")
                or name in ("style", "srcset", "ping", "x-pwn")
                or not name.replace("-", "").isalnum()
            ):
                self.wrong.append(f"{tag} {name}={value}")
            inside = value.startswith(("/", "#", "?")) and not value.startswith(("//", "/\\"))
            contact = tag == "a" and name == "href" and value.startswith(("https://", "http://", "mailto:", "tel:"))
            if name in _LEADING and not inside and not contact:
                self.wrong.append(f"{tag} {name}={value}")
            self.words.append(value)

    def handle_data(self, data: str) -> None:
        """Text."""
        self.words.append(data)


def read(html: str) -> Read:
    """A page as a browser would have it."""
    found = Read()
    found.feed(html)
    found.close()
    return found
