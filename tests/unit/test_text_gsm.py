"""The alphabet of GSM 03.38, octet by octet."""

import pytest

from gateway import gsm


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("@£$¥èéùìòÇ", "00 01 02 03 04 05 06 07 08 09"),
        ("\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ", "0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a"),
        ("ÆæßÉ ¤¡ÄÖÑÜ§¿äöñüà", "1c 1d 1e 1f 20 24 40 5b 5c 5d 5e 5f 60 7b 7c 7d 7e 7f"),
        ("09AZaz", "30 39 41 5a 61 7a"),
        ("\f^{}\\[~]|€", "1b0a 1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40 1b65"),
    ],
)
def test_octets(text: str, octets: str) -> None:
    assert gsm.encode(text) == bytes.fromhex(octets)
    assert gsm.decode(bytes.fromhex(octets)) == text


@pytest.mark.parametrize("char", list("çêâîôûëïÿœÀÈÙÂÊÎÔÛËÏŒŸ«»’‘“”…–—°²³•·½`\t\u00a0\u202f\x1b\x00"))
def test_what_it_lacks(char: str) -> None:
    assert not gsm.fits(char)
    with pytest.raises(ValueError, match="does not fit") as caught:
        gsm.encode(f"abc{char}")
    assert char not in str(caught.value)


def test_unknown_escapes_show_the_default_character() -> None:
    assert gsm.decode(b"\x1ba") == "a"
    assert gsm.decode(b"x\x1b") == "x "
    assert gsm.decode(b"\x1b\x1b") == " "


def test_an_octet_is_no_septet() -> None:
    with pytest.raises(ValueError, match="0x7F"):
        gsm.decode(b"a\xe9")
