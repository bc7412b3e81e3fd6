"""Passive authentication: genuine chips of every algorithm, and forgeries, each refused for the right reason."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from chip_issuer import (
    CURVES,
    MASTER_LIST,
    NOW,
    EcSigner,
    RsaSigner,
    SigningKey,
    State,
    extension,
    group_hashes,
    integer,
    key_usage,
    master_list_content,
    name,
    oid,
    pss_parameters,
    revocation_list,
    rsa_private,
    seq,
    set_of,
    signed_data,
)
from dg2_files import iso_19794, tlv, wrapped

from matcher.adapters.passive_authentication.checker import ChipRules, PassiveAuthentication
from matcher.adapters.passive_authentication.trust_folder import OpenedTrust, open_trust_folder
from matcher.domain.authenticity import Authenticity, ChipCheck

PHOTO = wrapped(iso_19794(b"\xff\xd8\xff\xe0" + bytes(range(250)) + b"\xff\xd9"))
OTHER_PHOTO = wrapped(iso_19794(b"\xff\xd8\xff\xe0" + bytes(range(249, -1, -1)) + b"\xff\xd9"))
UTOPIA = State()
ROGUE = State("RG", EcSigner(CURVES["secp384r1"], secret=0xBAD, digest="sha384"), EcSigner(CURVES["secp256r1"], 0xE11))


def opened(folder: Path, files: dict[str, bytes]) -> OpenedTrust:
    for file, content in files.items():
        (folder / file).write_bytes(content)
    return open_trust_folder(folder, NOW)


def check(
    folder: Path, files: dict[str, bytes], photo: bytes, sod: bytes | None, state: str | None = None,
    rules: ChipRules | None = None,
) -> ChipCheck:  # fmt: skip
    store = opened(folder, files).store
    return PassiveAuthentication(lambda _: store, rules or ChipRules()).check(photo, sod, state, NOW)


# --- what is genuine


def ec(curve: str, digest: str, **more: Any) -> EcSigner:
    return EcSigner(CURVES[curve], digest=digest, **more)


def pkcs1(digest: str, scheme: str = "pkcs1") -> RsaSigner:
    return RsaSigner(rsa_private(2048), digest, scheme)


def pss(digest: str, **more: Any) -> RsaSigner:
    return RsaSigner(rsa_private(2048), digest, "pss", **more)


GENUINE: dict[str, tuple[SigningKey, SigningKey, str]] = {
    **{f"RSA PKCS 1 {d}": (RsaSigner(rsa_private(3072), d), pkcs1(d), d)
       for d in ("sha1", "sha224", "sha256", "sha384", "sha512")},
    **{f"RSA PSS {d}": (RsaSigner(rsa_private(3072), d, "pss"), pss(d), d)
       for d in ("sha1", "sha224", "sha256", "sha384", "sha512")},
    **{f"{curve} {digest} {'explicit' if explicit else 'named'}":
       (ec(curve, digest, secret=77, explicit=explicit), ec(curve, digest, explicit=explicit), digest)
       for curve, digest in (
           ("secp224r1", "sha224"), ("secp256r1", "sha1"), ("secp256r1", "sha256"), ("secp384r1", "sha384"),
           ("secp521r1", "sha512"), ("brainpoolP224r1", "sha1"), ("brainpoolP224r1", "sha224"),
           ("brainpoolP256r1", "sha256"), ("brainpoolP320r1", "sha256"), ("brainpoolP384r1", "sha384"),
           ("brainpoolP512r1", "sha512"),
       ) for explicit in (True, False)},
    "digest named by the signer only": (pkcs1("sha256"), pkcs1("sha256", "plain"), "sha256"),
    "PSS with another mask digest": (pss("sha256"), pss("sha256", mask="sha1"), "sha256"),
    "PSS with a long salt": (pss("sha256"), pss("sha256", salt=64), "sha256"),
    "PSS with no salt": (pss("sha256"), pss("sha256", salt=0), "sha256"),
    "a key bound to PSS": (pss("sha256"), pss("sha256", bound=pss_parameters("sha256")), "sha256"),
    "ECDSA without DER": (ec("secp256r1", "sha256", plain=True), ec("secp256r1", "sha256", plain=True), "sha256"),
    "compressed points": (ec("secp224r1", "sha224", compressed=True), ec("secp384r1", "sha384", compressed=True),
                          "sha384"),
    "an explicit curve without cofactor": (ec("secp256r1", "sha256"), ec("secp256r1", "sha256", cofactor=None),
                                           "sha256"),
    "RSA authority, ECDSA signer": (RsaSigner(rsa_private(3072), "sha512"), ec("brainpoolP384r1", "sha384"), "sha256"),
    "short digests of the groups": (ec("brainpoolP256r1", "sha256"), ec("brainpoolP256r1", "sha256"), "sha1"),
}  # fmt: skip


@pytest.mark.parametrize("case", GENUINE)
def test_a_genuine_chip_is_authentic(case: str, tmp_path: Path) -> None:
    authority, signer, digest = GENUINE[case]
    state = State("UT", authority, signer, digest)
    found = check(tmp_path, {"csca.cer": state.authority()}, PHOTO, state.security_object(PHOTO), "UTO")
    assert found.outcome is Authenticity.AUTHENTIC, found
    assert found.signer is not None and (found.signer.country, found.signer.serial) == ("UT", "7007")
    assert ("sha1" in found.remarks) == ("sha1" in (signer.digest, digest))


# --- what is forged


NO_RULES = ChipRules()


@dataclass(frozen=True)
class Attempt:
    """What is handed in, and what lies in the trust folder."""

    sod: bytes | None
    photo: bytes = PHOTO
    files: dict[str, bytes] = field(default_factory=lambda: {"csca.cer": UTOPIA.authority()})
    state: str | None = None
    rules: ChipRules = NO_RULES


def sod(signers: Sequence[Any], certificates: Sequence[bytes], content: bytes | None = None, **more: Any) -> bytes:
    return tlv(0x77, signed_data(UTOPIA.hashes(PHOTO) if content is None else content, signers, certificates, **more))


def by(state: State, **signing: Any) -> bytes:
    return state.security_object(PHOTO, **signing)


def with_signer(**changes: Any) -> bytes:
    """EF.SOD whose signer's certificate differs, signed by the true authority."""
    return by(replace(UTOPIA, signer_changes=changes))


def with_authority(**changes: Any) -> Attempt:
    state = replace(UTOPIA, authority_changes=changes)
    return Attempt(by(state), files={"csca.cer": state.authority()})


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def curve_with_chosen_generator() -> Attempt:
    """The attack on explicit parameters: the authority's own public key as generator makes 1 its private key."""
    true = UTOPIA.authority_key
    assert isinstance(true, EcSigner)
    public = true.curve.times(true.secret, (true.curve.x, true.curve.y))
    assert public is not None
    curve = replace(true.curve, x=public[0], y=public[1])
    chosen = replace(true, curve=curve, secret=1)
    forged = State("UT", chosen, UTOPIA.signer_key)
    return Attempt(by(forged), files={"csca.cer": UTOPIA.authority(), "signed-by-itself.cer": forged.authority()})


def signed_by_authority_itself() -> bytes:
    plan = UTOPIA.authority_plan(usages=("digital_signature", "key_cert_sign", "crl_sign"))
    signing = replace(UTOPIA.signing(), key=UTOPIA.authority_key, serial=plan.serial)
    return sod([signing], [plan.signed_by(UTOPIA.authority_key)])


def two_signers(second: State, **changes: Any) -> bytes:
    return sod([UTOPIA.signing(), second.signing(**changes)], [UTOPIA.signer(), second.signer()])


def linked(country: str, **changes: Any) -> Attempt:
    """A new authority key, certified by the old one in a link certificate; the passport is signed under the new one."""
    new = State(
        country, EcSigner(CURVES["secp384r1"], secret=0xE3, digest="sha384"), UTOPIA.signer_key,
        authority_changes={"key_id": b"new-key"}, signer_changes={"issuer_key_id": b"new-key"},
    )  # fmt: skip
    plan = replace(new.authority_plan(serial=99), issuer=UTOPIA.authority_name, **changes)
    link = plan.signed_by(UTOPIA.authority_key)
    return Attempt(by(new), files={"csca.cer": UTOPIA.authority(), "link.cer": link})


SAME_NAME_OTHER_KEY = replace(UTOPIA, authority_key=EcSigner(CURVES["brainpoolP256r1"], secret=0xF00))
INVALID, DIFFERS, UNKNOWN, EXPIRED, REVOKED = (
    Authenticity.SIGNATURE_INVALID, Authenticity.HASH_DIFFERS, Authenticity.ISSUER_UNKNOWN,
    Authenticity.EXPIRED_SIGNER, Authenticity.REVOKED,
)  # fmt: skip
PURPOSE_MASTER_LIST, PURPOSE_TLS = "2.23.136.1.1.3", "1.3.6.1.5.5.7.3.1"
CSCA = {"csca.cer": UTOPIA.authority()}
CURRENT_LIST = revocation_list(UTOPIA.authority_name, UTOPIA.authority_key)
LISTING_SIGNER = revocation_list(UTOPIA.authority_name, UTOPIA.authority_key, [5, 0x7007])

FORGED: dict[str, tuple[Callable[[], Attempt], Authenticity, str]] = {
    "nothing signed": (lambda: Attempt(None), Authenticity.NOT_SIGNED, "no EF.SOD"),
    # the photograph
    "another photograph": (lambda: Attempt(by(UTOPIA), OTHER_PHOTO), DIFFERS, "not the one"),
    "one flipped bit of it": (lambda: Attempt(by(UTOPIA), flipped(PHOTO, 200)), DIFFERS, "not the one"),
    "the bare JPEG": (lambda: Attempt(by(UTOPIA), PHOTO[-254:]), DIFFERS, "no EF.DG2"),
    "cut off": (lambda: Attempt(by(UTOPIA), PHOTO[:-9]), DIFFERS, "no EF.DG2"),
    "no hash of data group 2": (lambda: Attempt(sod([UTOPIA.signing()], [UTOPIA.signer()], group_hashes(
        [(1, bytes(32)), (3, hashlib.sha256(PHOTO).digest())]))), DIFFERS, "no hash of data group 2"),
    "data group 2 twice": (lambda: Attempt(sod([UTOPIA.signing()], [UTOPIA.signer()], group_hashes(
        [(2, hashlib.sha256(PHOTO).digest()), (2, bytes(32))]))), DIFFERS, "twice"),
    "data group 2 twice, the other way round": (lambda: Attempt(sod([UTOPIA.signing()], [UTOPIA.signer()],
        group_hashes([(2, bytes(32)), (2, hashlib.sha256(PHOTO).digest())]))), DIFFERS, "twice"),
    "a hash cut to its first bytes": (lambda: Attempt(sod([UTOPIA.signing()], [UTOPIA.signer()], group_hashes(
        [(2, hashlib.sha256(PHOTO).digest()[:8])]))), DIFFERS, "not the one"),
    "an empty hash": (lambda: Attempt(sod([UTOPIA.signing()], [UTOPIA.signer()], group_hashes([(2, b"")]))),
        DIFFERS, "not the one"),
    "MD5 of the groups": (lambda: Attempt(sod([UTOPIA.signing()], [UTOPIA.signer()], group_hashes(
        [(2, hashlib.md5(PHOTO).digest())], "md5"))), INVALID, "too weak"),
    # the statement
    "a flipped bit of the signature": (lambda: Attempt(by(UTOPIA, break_signature=True)), INVALID, "does not hold"),
    "hashes exchanged after signing": (lambda: Attempt(by(UTOPIA).replace(
        hashlib.sha256(PHOTO).digest(), hashlib.sha256(OTHER_PHOTO).digest()), OTHER_PHOTO), INVALID, "signed digest"),
    "signed digest of something else": (lambda: Attempt(by(UTOPIA, message_digest=bytes(32))), INVALID, "digest"),
    "signed digest empty": (lambda: Attempt(by(UTOPIA, message_digest=b"")), INVALID, "digest"),
    "signed as a master list": (lambda: Attempt(by(UTOPIA, content_type=MASTER_LIST)), INVALID, "another kind"),
    "content is called a master list": (lambda: Attempt(sod([UTOPIA.signing(content_type=MASTER_LIST)],
        [UTOPIA.signer()], content_type=MASTER_LIST)), INVALID, "no list of a chip"),
    "no signed attributes": (lambda: Attempt(by(UTOPIA, has_attributes=False)), INVALID, "no attributes"),
    "a second digest attribute": (lambda: Attempt(by(UTOPIA, extra_attributes=(
        seq(oid("1.2.840.113549.1.9.4"), set_of(tlv(4, bytes(32)))),))), INVALID, "more than once"),
    "a digest attribute of two values": (lambda: Attempt(by(UTOPIA, extra_attributes=(
        seq(oid("1.2.840.113549.1.9.52"), set_of(tlv(4, b"1"), tlv(4, b"2"))),))), INVALID, "more than once"),
    "MD5 as the signer's digest": (lambda: Attempt(by(UTOPIA, digest="md5")), INVALID, "too weak"),
    "RSA with MD5": (lambda: Attempt(by(replace(UTOPIA, signer_key=pkcs1("md5")), digest="sha256")), INVALID, "weak"),
    "no signer": (lambda: Attempt(sod([], [UTOPIA.signer()])), INVALID, "no signer"),
    "a second, false signer": (lambda: Attempt(two_signers(ROGUE)), UNKNOWN, "no authority"),
    "a second signature that is broken": (lambda: Attempt(two_signers(UTOPIA, break_signature=True)), INVALID, "hold"),
    "forty signers": (lambda: Attempt(sod([UTOPIA.signing()] * 40, [UTOPIA.signer()])), INVALID, "40 signers"),
    "cut in the middle": (lambda: Attempt(by(UTOPIA)[:300]), INVALID, "says"),
    "another tag": (lambda: Attempt(b"\x75" + by(UTOPIA)[1:]), INVALID, "does not begin with tag 77"),
    "empty": (lambda: Attempt(b""), INVALID, "tag 77"),
    "text": (lambda: Attempt(b"\x77\x05hello"), INVALID, "cannot be read"),
    "more behind the content": (lambda: Attempt(tlv(0x77, by(UTOPIA)[4:] + b"\x05\x00")), INVALID, "cannot be read"),
    # the signer's certificate
    "own authority, own signer": (lambda: Attempt(by(ROGUE)), UNKNOWN, "no authority"),
    "own authority of the state's name": (lambda: Attempt(by(replace(SAME_NAME_OTHER_KEY, signer_changes={
        "issuer_key_id": None}))), UNKNOWN, "no authority"),
    "own authority of the state's name and key id": (lambda: Attempt(by(SAME_NAME_OTHER_KEY)), INVALID, "did not sign"),
    "own authority carried in the file": (lambda: Attempt(sod([ROGUE.signing()], [ROGUE.signer(), ROGUE.authority()])),
        UNKNOWN, "no authority"),
    "own authority, empty trust folder": (lambda: Attempt(by(UTOPIA), files={}), UNKNOWN, "no authority"),
    "a certificate that signs itself": (lambda: Attempt(sod([UTOPIA.signing()], [
        UTOPIA.signer_plan().signed_by(UTOPIA.signer_key)])), INVALID, "did not sign"),
    "a key exchanged in the certificate": (lambda: Attempt(sod([replace(UTOPIA.signing(), key=ROGUE.signer_key)], [
        UTOPIA.signer().replace(UTOPIA.signer_key.key_info()[-64:], ROGUE.signer_key.key_info()[-64:])])),
        INVALID, "did not sign"),
    "no certificate": (lambda: Attempt(sod([UTOPIA.signing()], [])), UNKNOWN, "neither in"),
    "a certificate of another serial number": (lambda: Attempt(sod([UTOPIA.signing(serial=8)], [UTOPIA.signer()])),
        UNKNOWN, "neither in"),
    "a certificate of another issuer": (lambda: Attempt(sod([UTOPIA.signing(issuer=ROGUE.authority_name)],
        [UTOPIA.signer()])), UNKNOWN, "neither in"),
    "a certificate of another key id": (lambda: Attempt(sod([UTOPIA.signing(key_id=b"other")], [UTOPIA.signer()])),
        UNKNOWN, "neither in"),
    "signed by the authority itself": (lambda: Attempt(signed_by_authority_itself()), INVALID, "authorities do not"),
    "a signer that is an authority": (lambda: Attempt(with_signer(authority=True)), INVALID, "authorities do not"),
    "a signer that may sign certificates": (lambda: Attempt(with_signer(usages=("digital_signature", "key_cert_sign"))),
        INVALID, "authorities do not"),
    "a signer for revocation lists": (lambda: Attempt(with_signer(usages=("crl_sign",))), INVALID, "not for sign"),
    "a signer without usage": (lambda: Attempt(with_signer(usages=None)), INVALID, "not for signatures"),
    "a master list's signer": (lambda: Attempt(with_signer(purposes=(PURPOSE_MASTER_LIST,))), INVALID, "something"),
    "a web server's certificate": (lambda: Attempt(with_signer(purposes=(PURPOSE_TLS,))), INVALID, "something else"),
    "an unknown critical extension": (lambda: Attempt(with_signer(more=(extension("1.2.3.4", b"\x05\x00", True),))),
        INVALID, "unknown critical"),
    "an extension twice": (lambda: Attempt(with_signer(more=(extension("2.5.29.15", key_usage(("digital_signature",))),
        ))), UNKNOWN, "neither in"),
    "a certificate of version 1": (lambda: Attempt(with_signer(version=0)), UNKNOWN, "neither in"),
    "two signature algorithms in it": (lambda: Attempt(with_signer(inner_algorithm=pkcs1("sha256").algorithm())),
        UNKNOWN, "neither in"),
    "of another country": (lambda: Attempt(with_signer(subject=name("XX", "Document Signer 7"))), UNKNOWN, "authority"),
    "of no country": (lambda: Attempt(with_signer(subject=name("", "Document Signer 7"))), UNKNOWN, "no authority"),
    "signed by one state for another": (lambda: Attempt(by(UTOPIA), state="D"), UNKNOWN, "stated to be of D"),
    # keys
    "RSA of 1024 bits": (lambda: Attempt(by(replace(UTOPIA, signer_key=RsaSigner(rsa_private(1024))))),
        INVALID, "too weak"),
    "a point beside the curve": (lambda: Attempt(by(replace(UTOPIA, signer_key=EcSigner(CURVES["secp256r1"],
        point=(1, 1))))), INVALID, "no point"),
    "an unknown curve": (lambda: Attempt(by(replace(UTOPIA, signer_key=EcSigner(replace(CURVES["secp256r1"],
        oid="1.3.132.0.10"), explicit=False)))), INVALID, "not one of those"),
    "explicit parameters of no known curve": (lambda: Attempt(by(replace(UTOPIA, signer_key=EcSigner(
        replace(CURVES["secp256r1"], b=CURVES["secp256r1"].b + 1))))), INVALID, "equal no curve"),
    "another generator": (lambda: Attempt(by(replace(UTOPIA, signer_key=EcSigner(CURVES["secp256r1"], base=EcSigner(
        CURVES["secp256r1"]).encoded(CURVES["secp256r1"].times(5, (CURVES["secp256r1"].x, CURVES["secp256r1"].y))
        or (0, 0)))))), INVALID, "but for generator"),
    "another order": (lambda: Attempt(by(replace(UTOPIA, signer_key=EcSigner(replace(CURVES["secp256r1"],
        n=CURVES["secp256r1"].n - 2))))), INVALID, "but for generator"),
    "another cofactor": (lambda: Attempt(by(replace(UTOPIA, signer_key=ec("secp256r1", "sha256", cofactor=4)))),
        INVALID, "but for generator"),
    "an authority with a chosen generator": (curve_with_chosen_generator, INVALID, "did not sign"),
    "PSS with another digest than the signer's": (lambda: Attempt(by(replace(UTOPIA, signer_key=pss("sha256")),
        digest="sha512")), INVALID, "not the signer's"),
    "PSS under a key bound to another digest": (lambda: Attempt(by(replace(UTOPIA, signer_key=pss("sha256",
        bound=pss_parameters("sha512"))))), INVALID, "bound to"),
    "PKCS 1 under a key bound to PSS": (lambda: Attempt(by(replace(UTOPIA, signer_key=replace(pkcs1("sha256"),
        bound=pss_parameters("sha256"))))), INVALID, "not the key's"),
    # the authority
    "an authority that is none": (lambda: with_authority(authority=False), UNKNOWN, "no authority"),
    "an authority that may not sign certificates": (lambda: with_authority(usages=("crl_sign",)), UNKNOWN, "authority"),
    "an authority that another signed": (lambda: Attempt(by(UTOPIA), files={"csca.cer": UTOPIA.authority_plan()
        .signed_by(ROGUE.authority_key)}), UNKNOWN, "no authority"),
    "another state's authority for it": (lambda: replace(linked("XX"), state=None), UNKNOWN, "no authority"),
    "a link by a signer that is none": (lambda: linked("UT", authority=False), UNKNOWN, "no authority"),
    "a link without the old authority": (lambda: Attempt(linked("UT").sod, files={"link.cer": linked("UT").files[
        "link.cer"]}), UNKNOWN, "no authority"),
    # time
    "the signer has expired": (lambda: Attempt(with_signer(not_after=NOW - timedelta(days=1))), EXPIRED, "valid from"),
    "the signer is not valid yet": (lambda: Attempt(with_signer(not_before=NOW + timedelta(days=1),)),
        EXPIRED, "valid from"),
    "the authority has expired": (lambda: with_authority(not_after=NOW - timedelta(days=1)), EXPIRED, "valid from"),
    "the link has expired": (lambda: linked("UT", not_after=NOW - timedelta(days=1)), EXPIRED, "valid from"),
    "signed before the signer was": (lambda: Attempt(by(UTOPIA, signing_time=NOW - timedelta(days=1500))),
        EXPIRED, "outside of its signer's validity"),
    "signed tomorrow": (lambda: Attempt(by(UTOPIA, signing_time=NOW + timedelta(days=1))), EXPIRED, "outside"),
    "expired, dated back": (lambda: Attempt(by(replace(UTOPIA, signer_changes={"not_after": NOW - timedelta(days=100)}),
        signing_time=NOW - timedelta(days=300))), EXPIRED, "valid from"),
    # revocation
    "the signer was revoked": (lambda: Attempt(by(UTOPIA), files={**CSCA, "list.crl": LISTING_SIGNER}),
        REVOKED, "revoked by its authority"),
    "revoked and expired": (lambda: Attempt(with_signer(not_after=NOW - timedelta(days=1)), files={**CSCA,
        "list.crl": LISTING_SIGNER}), REVOKED, "revoked by its authority"),
    "revoked by an old list": (lambda: Attempt(by(UTOPIA), files={**CSCA, "old.crl": revocation_list(
        UTOPIA.authority_name, UTOPIA.authority_key, [0x7007], age_days=400)}), REVOKED, "revoked by its authority"),
    "an old list beside a newer one that forgets": (lambda: Attempt(by(UTOPIA), files={**CSCA, "new.crl": CURRENT_LIST,
        "old.crl": revocation_list(UTOPIA.authority_name, UTOPIA.authority_key, [0x7007], age_days=80)}),
        REVOKED, "revoked by its authority"),
    "the authority revoked itself": (lambda: Attempt(by(UTOPIA), files={**CSCA, "list.crl": revocation_list(
        UTOPIA.authority_name, UTOPIA.authority_key, [1])}), REVOKED, "revoked by its authority"),
    "no list where one is required": (lambda: Attempt(by(UTOPIA), rules=ChipRules(needs_current_list=True)),
        UNKNOWN, "is required"),
    "an old list where a current one is required": (lambda: Attempt(by(UTOPIA), files={**CSCA,
        "old.crl": revocation_list(UTOPIA.authority_name, UTOPIA.authority_key, age_days=400)},
        rules=ChipRules(needs_current_list=True)), UNKNOWN, "is required"),
    "a partial list where a whole one is required": (lambda: Attempt(by(UTOPIA), files={**CSCA,
        "part.crl": revocation_list(UTOPIA.authority_name, UTOPIA.authority_key, more=[
            extension("2.5.29.27", integer(3), True)])}, rules=ChipRules(needs_current_list=True)),
        UNKNOWN, "is required"),
    # rules of the operator
    "SHA-1 where it is refused": (lambda: Attempt(by(replace(UTOPIA, hash_digest="sha1")), rules=ChipRules(
        refuse_sha1=True)), INVALID, "SHA-1"),
    # more than one thing wrong: the most serious is said
    "another photograph and an unknown issuer": (lambda: Attempt(by(ROGUE), OTHER_PHOTO), DIFFERS, "not the one"),
    "a broken signature and an unknown issuer": (lambda: Attempt(by(ROGUE, break_signature=True)), INVALID, "hold"),
    "another photograph and expired": (lambda: Attempt(with_signer(not_after=NOW - timedelta(days=1)), OTHER_PHOTO),
        DIFFERS, "not the one"),
}  # fmt: skip


@pytest.mark.parametrize("variant", FORGED)
def test_a_forgery_is_refused_for_the_right_reason(variant: str, tmp_path: Path) -> None:
    make, outcome, words = FORGED[variant]
    attempt = make()
    found = check(tmp_path, attempt.files, attempt.photo, attempt.sod, attempt.state, attempt.rules)
    assert (found.outcome, words in found.explanation) == (outcome, True), found


def test_there_are_more_than_forty_forgeries_and_every_word_is_among_them() -> None:
    assert len(FORGED) > 80
    assert {outcome for _, outcome, _ in FORGED.values()} == set(Authenticity) - {Authenticity.AUTHENTIC}


# --- what is not forged although it looks odd


ODD: dict[str, Callable[[], Attempt]] = {
    "padding behind the photograph": lambda: Attempt(by(UTOPIA), PHOTO + bytes(300)),
    "the issuer's name in other string types and case": lambda: Attempt(by(replace(UTOPIA, signer_changes={
        "issuer": name("ut", "COUNTRY  signing authority", 0x13)}))),
    "the issuer's name in BMPString": lambda: Attempt(by(replace(UTOPIA, signer_changes={
        "issuer": name("UT", "Country Signing Authority", 0x1E)}))),
    "the signer is named by its key": lambda: Attempt(by(UTOPIA, key_id=b"signer-key")),
    "the certificate is in the trust folder only": lambda: Attempt(sod([UTOPIA.signing()], []), files={
        **CSCA, "signer.cer": UTOPIA.signer()}),
    "a stranger's certificate of the same name beside it": lambda: Attempt(sod([UTOPIA.signing()], [
        SAME_NAME_OTHER_KEY.signer(), UTOPIA.signer()])),
    "no signing time": lambda: Attempt(by(UTOPIA, signing_time=None)),
    "two signers of the state": lambda: Attempt(two_signers(UTOPIA)),
    "a current list": lambda: Attempt(by(UTOPIA), files={**CSCA, "list.crl": CURRENT_LIST},
                                      rules=ChipRules(needs_current_list=True)),
    "a list of another state that names the same serial number": lambda: Attempt(by(UTOPIA), files={
        **CSCA, "rogue.cer": ROGUE.authority(),
        "list.crl": revocation_list(ROGUE.authority_name, ROGUE.authority_key, [0x7007])}),
    "a list of the authority's name that another key signed": lambda: Attempt(by(UTOPIA), files={
        **CSCA, "list.crl": revocation_list(UTOPIA.authority_name, ROGUE.authority_key, [0x7007])}),
    "a list inside EF.SOD": lambda: Attempt(sod([UTOPIA.signing()], [UTOPIA.signer()], lists=[LISTING_SIGNER])),
    "an older key of the authority in the folder": lambda: Attempt(by(UTOPIA), files={
        **CSCA, "old.cer": SAME_NAME_OTHER_KEY.authority(serial=3)}),
    "linked to an older key": lambda: linked("UT"),
    "the extension for any purpose": lambda: Attempt(with_signer(purposes=("2.5.29.37.0",))),
    "of the stated state": lambda: Attempt(by(UTOPIA), state="UTO"),
    "of a state that no table knows": lambda: Attempt(by(UTOPIA), state="QQQ"),
}  # fmt: skip


@pytest.mark.parametrize("variant", ODD)
def test_what_is_odd_and_genuine_is_authentic(variant: str, tmp_path: Path) -> None:
    attempt = ODD[variant]()
    found = check(tmp_path, attempt.files, attempt.photo, attempt.sod, attempt.state, attempt.rules)
    assert found.outcome is Authenticity.AUTHENTIC, found


# --- the trust folder


def master_list(signer: State, listed: Sequence[bytes], purposes: tuple[str, ...] = (PURPOSE_MASTER_LIST,)) -> bytes:
    state = replace(signer, signer_changes={"purposes": purposes})
    content = master_list_content(listed)
    signing = state.signing(content_type=MASTER_LIST)
    return signed_data(content, [signing], [state.signer(), state.authority()], MASTER_LIST)


def test_a_master_list_is_believed_where_a_file_vouches_for_its_signer(tmp_path: Path) -> None:
    files = {"utopia.cer": UTOPIA.authority(), "states.ml": master_list(UTOPIA, [ROGUE.authority()])}
    found = check(tmp_path, files, PHOTO, by(ROGUE))
    assert found.outcome is Authenticity.AUTHENTIC, found


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"states.ml": master_list(UTOPIA, [ROGUE.authority()])}, "no authority in the trust folder"),
        ({**CSCA, "states.ml": master_list(UTOPIA, [ROGUE.authority()], ())}, "for something else"),
        ({**CSCA, "states.ml": flipped(master_list(UTOPIA, [ROGUE.authority()]), 120)}, "states.ml"),
        ({**CSCA, "rogue.ml": master_list(ROGUE, [ROGUE.authority()])}, "no authority in the trust folder"),
    ],
)
def test_a_master_list_that_nobody_vouches_for_is_a_problem(
    tmp_path: Path, files: dict[str, bytes], words: str
) -> None:
    trust = opened(tmp_path, files)
    assert any(words in f"{problem.file} {problem.detail}" for problem in trust.problems), trust.problems
    found = PassiveAuthentication(lambda _: trust.store).check(PHOTO, by(ROGUE), None, NOW)
    assert found.outcome is Authenticity.ISSUER_UNKNOWN


def test_a_list_is_not_believed_on_the_word_of_a_list(tmp_path: Path) -> None:
    third = State("TH", EcSigner(CURVES["secp256r1"], secret=0x333), UTOPIA.signer_key)
    files = {
        **CSCA,
        "a.ml": master_list(UTOPIA, [ROGUE.authority()]),
        "b.ml": master_list(ROGUE, [third.authority()]),
    }
    trust = opened(tmp_path, files)
    found = PassiveAuthentication(lambda _: trust.store).check(PHOTO, by(third), None, NOW)
    assert found.outcome is Authenticity.ISSUER_UNKNOWN
    assert [problem.file for problem in trust.problems] == ["b.ml"]


def pem(kind: str, der: bytes) -> bytes:
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (kind.encode(), base64.encodebytes(der), kind.encode())


def ldif(values: Sequence[tuple[str, bytes]]) -> bytes:
    lines = [b"version: 1"]
    for number, (attribute, value) in enumerate(values):
        text = base64.b64encode(value)
        folded = b"\n ".join(text[at : at + 70] for at in range(0, len(text), 70))
        entry = (number, attribute.encode(), folded)
        lines.append(b"\ndn: cn=%d,o=dsc,c=UT,dc=data\nobjectClass: top\n%b:: %b" % entry)
    return b"\n".join(lines) + b"\n"


def test_pem_and_ldif_are_read(tmp_path: Path) -> None:
    directory = ldif([
        ("userCertificate;binary", UTOPIA.signer()),
        ("certificateRevocationList;binary", CURRENT_LIST),
        ("CscaMasterListData", master_list(UTOPIA, [ROGUE.authority()])),
    ])  # fmt: skip
    files = {
        "all.pem": b"words before\n" + pem("CERTIFICATE", UTOPIA.authority()) + pem("X509 CRL", CURRENT_LIST),
        "icaopkd.ldif": directory,
    }
    found = check(tmp_path, files, PHOTO, sod([UTOPIA.signing()], []), None, ChipRules(needs_current_list=True))
    assert found.outcome is Authenticity.AUTHENTIC, found
    trust = open_trust_folder(tmp_path, NOW)
    assert not trust.problems and len(trust.store.authorities) == 2


def test_an_authority_in_an_ldif_file_is_not_trusted_for_being_there(tmp_path: Path) -> None:
    files = {**CSCA, "pkd.ldif": ldif([("cACertificate;binary", ROGUE.authority())])}
    assert check(tmp_path, files, PHOTO, by(ROGUE)).outcome is Authenticity.ISSUER_UNKNOWN


def test_what_does_not_count_is_told(tmp_path: Path) -> None:
    weak = State("WK", RsaSigner(rsa_private(1024)), UTOPIA.signer_key)
    files = {
        "readme.txt": b"put certificates here",
        "broken.pem": b"-----BEGIN CERTIFICATE-----\n?!\n-----END CERTIFICATE-----\n",
        "foreign.crl": LISTING_SIGNER,
        "weak.cer": weak.authority(),
        "pkd.ldif": b"version: 1\ndn: c=UT\nuserCertificate;binary:: not base64!\n",
        ".hidden": b"nothing",
    }
    problems = {problem.file: problem.detail for problem in opened(tmp_path, files).problems}
    assert set(problems) == set(files) - {".hidden"}
    assert "no trusted authority signed the list" in problems["foreign.crl"]


def test_the_extension_for_link_names_is_understood(tmp_path: Path) -> None:
    change = extension("2.23.136.1.1.6.1", tlv(0x05, b""), True)
    attempt = linked("UT", more=(change,))
    assert check(tmp_path, attempt.files, PHOTO, attempt.sod).outcome is Authenticity.AUTHENTIC
