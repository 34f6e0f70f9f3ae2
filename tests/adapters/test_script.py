"""Texts in the octets that an account wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smpp import codes, script
from adapters.smpp.pdu import Pdu
from adapters.smpp.script import LACKS, Alphabet
from adapters.smpp.simulator_records import Submit, writing
from gateway import gsm
from gateway.text import Encoding, compose

GSM_CHARS = "".join(char for char in gsm.DEFAULT if char not in "\x1b\r") + "".join(gsm.EXTENSION.values())
alphabets = st.sampled_from(list(LACKS))


@pytest.mark.parametrize(("alphabet", "lacks"), [("gsm", ""), ("latin1", "€Ω"), ("ascii", "€Ωéàèù£§ÉÇ")])
def test_what_an_alphabet_lacks(alphabet: Alphabet, lacks: str) -> None:
    assert set(lacks) <= set(LACKS[alphabet])
    for char in GSM_CHARS:
        if char in LACKS[alphabet]:
            with pytest.raises(ValueError, match="default_alphabet") as caught:
                script.write(char, Encoding.GSM7, alphabet)
            assert char not in str(caught.value)
        else:
            assert len(script.write(char, Encoding.GSM7, alphabet)) <= gsm.septets(char)


def said(octets: bytes, after: int, coding: int, alphabet: Alphabet) -> str:
    """What the simulator reads."""
    header = (b"", b"\x05\0\3\1\2\1", b"\x06\x08\4\1\1\2\1")[(0, 6, 7).index(after)]
    body: dict[str, int | bytes] = {
        "data_coding": coding,
        "short_message": header + octets,
        "esm_class": codes.UDHI if header else 0,
    }
    return Submit("demo", "1", Pdu(codes.SUBMIT_SM, 0, 1, body), writing(alphabet, packed=False)).text


@given(text=st.text(alphabet=GSM_CHARS, max_size=500), alphabet=alphabets, after=st.sampled_from([0, 6, 7]))
def test_what_is_composed_for_an_account_can_be_written_and_read(text: str, alphabet: Alphabet, after: int) -> None:
    composed = compose(text, lacks=LACKS[alphabet])
    coding = 0 if composed.encoding is Encoding.GSM7 else 8
    for part in composed.parts:
        octets = script.write(part, composed.encoding, alphabet, after=after)
        assert len(octets) <= 160
        assert said(octets, after, coding, alphabet) == part


@given(text=st.text(alphabet=GSM_CHARS, max_size=153), after=st.sampled_from([0, 6, 7]))
def test_packed_there_and_back(text: str, after: int) -> None:
    octets = script.write(text, Encoding.GSM7, packed=True, after=after)
    assert gsm.decode(gsm.unpack(octets, script.fill(after))) == text


@pytest.mark.parametrize("narrow", [True, False])
def test_packed_parts_fit_what_goes_over_the_air(narrow: bool) -> None:
    after = 7 if narrow else 6
    for part in compose("Déjà 3 € [ici] " * 60, narrow=narrow).parts:
        assert after + len(script.write(part, Encoding.GSM7, packed=True, after=after)) <= 140


@pytest.mark.parametrize(
    ("coding", "flash"),
    [(0, False), (8, False), (0x10, True), (0x18, True), (0x11, False), (0xF0, True), (0xF1, False)],
)
def test_flash(coding: int, flash: bool) -> None:
    assert script.is_flash(coding) is flash
