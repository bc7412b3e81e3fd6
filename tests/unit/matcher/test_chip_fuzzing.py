"""What strangers may write: damaged EF.SOD, certificates, revocation lists, master lists. A word, and never a crash.

`BORDERLIGHT_FUZZ_EXAMPLES` says how many are tried of each; the default keeps the test short.
"""

import os
import random

import pytest
from chip_issuer import CURVES, NOW, EcSigner, State, revocation_list
from hypothesis import given, settings
from hypothesis import strategies as st
from test_passive_authentication import PHOTO, UTOPIA, by, master_list

from matcher.adapters.passive_authentication.certificate import read_certificate
from matcher.adapters.passive_authentication.checker import PassiveAuthentication
from matcher.adapters.passive_authentication.ldif import binary_values
from matcher.adapters.passive_authentication.master_list import open_master_list
from matcher.adapters.passive_authentication.reading import ChipUnreadable, NotAuthentic
from matcher.adapters.passive_authentication.revocation import read_revocation_list
from matcher.adapters.passive_authentication.trust import TrustStore, trusted_authorities
from matcher.domain.authenticity import Authenticity

EXAMPLES = int(os.environ.get("BORDERLIGHT_FUZZ_EXAMPLES", "300"))
TRUST = TrustStore(trusted_authorities([read_certificate(UTOPIA.authority())], []))
CHECKER = PassiveAuthentication(lambda _: TRUST)
SOD = by(UTOPIA)
CURVED = State("UT", EcSigner(CURVES["brainpoolP320r1"], 5), EcSigner(CURVES["brainpoolP224r1"], 7)).authority()
LIST = revocation_list(UTOPIA.authority_name, UTOPIA.authority_key, [1, 2, 3])
MASTER = master_list(UTOPIA, [UTOPIA.authority(), CURVED])


def damaged(content: bytes, seed: int) -> bytes:
    """Flips, cuts, repeats, exchanges and lengths that lie: one to six of them."""
    chance, found = random.Random(seed), bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at, size = chance.randrange(len(found)), chance.choice((1, 1, 1, 2, 4, 30, 300))
        kind = chance.randrange(6)
        if kind == 0:
            found[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            found[at] = chance.choice((0, 1, 0x30, 0x31, 0x7F, 0x80, 0x84, 0xA0, 0xFF))
        elif kind == 2 and len(found) > size + 8:
            del found[at : at + size]
        elif kind == 3:
            found[at:at] = found[at : at + size]
        elif kind == 4:
            found[at:at] = bytes(chance.randrange(256) for _ in range(size))
        else:
            other = chance.randrange(len(found))
            found[at : at + size] = found[other : other + size]
    return bytes(found)


def test_a_damaged_security_object_is_never_authentic_and_never_a_crash() -> None:
    words: set[Authenticity] = set()
    for seed in range(EXAMPLES):
        content = damaged(SOD, seed)
        found = CHECKER.check(PHOTO, content, None, NOW)
        words.add(found.outcome)
        # What lies outside of the signatures may change without harm: algorithms listed for nobody, another serial in
        # a certificate that is not used. What is signed may not.
        assert found.outcome is not Authenticity.AUTHENTIC or is_harmless(content), content.hex()
    assert Authenticity.SIGNATURE_INVALID in words


def is_harmless(content: bytes) -> bool:
    """Whether the signed parts came through as they were."""
    lds = UTOPIA.hashes(PHOTO)
    return lds in content and UTOPIA.signer()[:300] in content


@pytest.mark.parametrize("original", [UTOPIA.signer(), CURVED], ids=["signer", "authority"])
def test_a_damaged_certificate_is_read_or_refused(original: bytes) -> None:
    refused = 0
    for seed in range(EXAMPLES):
        try:
            read_certificate(damaged(original, seed))
        except ChipUnreadable as error:
            assert str(error)
            refused += 1
    assert refused > EXAMPLES // 4


def test_a_damaged_revocation_list_is_read_or_refused() -> None:
    for seed in range(EXAMPLES):
        try:
            read_revocation_list(damaged(LIST, seed))
        except ChipUnreadable as error:
            assert str(error)


def test_a_damaged_master_list_is_never_believed_for_what_it_lost() -> None:
    whole = open_master_list(MASTER, TRUST, NOW)
    for seed in range(EXAMPLES):
        try:
            assert open_master_list(damaged(MASTER, seed), TRUST, NOW) == whole
        except (ChipUnreadable, NotAuthentic) as error:
            assert str(error)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=600))
def test_noise_is_a_signature_that_does_not_hold(noise: bytes) -> None:
    for content in (noise, b"\x77" + noise, b"\x77\x82\x02\x00\x30\x82" + noise):
        assert CHECKER.check(noise, content, "UTO", NOW).outcome is Authenticity.SIGNATURE_INVALID
    list(binary_values(b"dn: x\nuserCertificate;binary:: " + noise))


def test_deep_nesting_and_long_lengths_end() -> None:
    deep = b"\x05\x00"
    for _ in range(5_000):
        size = len(deep)
        deep = (b"\x30\x83" + size.to_bytes(3, "big") if size > 127 else b"\x30" + bytes([size])) + deep
    for content in (deep, b"\x30\x84\xff\xff\xff\xff" + deep, b"\x30\x80" * 20_000):
        for tag in (b"\x77\x83" + len(content).to_bytes(3, "big"), b""):
            assert CHECKER.check(PHOTO, tag + content, None, NOW).outcome is Authenticity.SIGNATURE_INVALID
        with pytest.raises(ChipUnreadable):
            read_certificate(content)


def test_a_huge_security_object_is_not_read() -> None:
    assert "at most" in CHECKER.check(PHOTO, b"\x77" + bytes(5_000_000), None, NOW).explanation
