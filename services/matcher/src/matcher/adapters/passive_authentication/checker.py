"""The whole of passive authentication (Doc 9303-11 §5.1): signature, chain, hash; the worst finding is reported."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from matcher.adapters.passive_authentication.certificate import Certificate, read_certificate
from matcher.adapters.passive_authentication.chain import Chain, check_role, find_chain
from matcher.adapters.passive_authentication.master_list import is_named
from matcher.adapters.passive_authentication.public_key import read_public_key
from matcher.adapters.passive_authentication.reading import ChipUnreadable, NotAuthentic, readable_name
from matcher.adapters.passive_authentication.security_object import SecurityObject, read_security_object
from matcher.adapters.passive_authentication.signed_data import SignerStatement, check_statement
from matcher.adapters.passive_authentication.trust import TrustStore
from matcher.domain.authenticity import NOT_SIGNED, Authenticity, ChipCheck, Finding, Signer, most_serious
from matcher.domain.chip_file import DATA_GROUP_2_TAG, ChipFileUnreadable, element
from matcher.domain.issuing_states import may_sign_for

_MOST_CANDIDATES = 8


@dataclass(frozen=True)
class ChipRules:
    """What the operator asks beyond the standard."""

    refuse_sha1: bool = False
    needs_current_list: bool = False


@dataclass(frozen=True)
class _Judged:
    findings: tuple[Finding, ...]
    signer: Signer | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class PassiveAuthentication:
    """The ChipAuthenticator port; trust: called for each document, so that the folder may change."""

    trust: Callable[[datetime], TrustStore]
    rules: ChipRules = ChipRules()

    def check(self, photo: bytes, security_object: bytes | None, issuing_state: str | None, now: datetime) -> ChipCheck:
        """Never raises for what a stranger wrote. photo: the file EF.DG2 as the chip gave it."""
        if security_object is None:
            return ChipCheck(NOT_SIGNED.outcome, NOT_SIGNED.explanation, checked_at=now)
        try:
            found = read_security_object(security_object)
        except ChipUnreadable as error:
            return ChipCheck(Authenticity.SIGNATURE_INVALID, str(error), checked_at=now)
        judged = [self._signer(found, signer, issuing_state, now) for signer in found.signed.signers]
        findings = [*(f for each in judged for f in each.findings), *_photograph(found, photo)]
        worst = most_serious(findings)
        remarks = tuple(dict.fromkeys(remark for each in judged for remark in each.remarks))
        if worst is None:
            words = "the photograph is the one that its issuer signed"
            return ChipCheck(Authenticity.AUTHENTIC, words, judged[0].signer, remarks, now)
        known = worst.outcome in (Authenticity.EXPIRED_SIGNER, Authenticity.REVOKED, Authenticity.HASH_DIFFERS)
        return ChipCheck(worst.outcome, worst.explanation, judged[0].signer if known else None, remarks, now)

    def _signer(
        self, found: SecurityObject, signer: SignerStatement, issuing_state: str | None, now: datetime
    ) -> _Judged:
        """The best of the certificates that the signer may mean; each must hold by itself."""
        trust = self.trust(now)
        candidates = _candidates(found, signer, trust)
        if not candidates:
            words = "the certificate of the signer is neither in EF.SOD nor in the trust folder"
            return _Judged((Finding(Authenticity.ISSUER_UNKNOWN, words),))
        judged: list[_Judged] = []
        for certificate in candidates[:_MOST_CANDIDATES]:
            try:
                judged.append(self._candidate(found, signer, certificate, trust, issuing_state, now))
            except NotAuthentic as error:
                judged.append(_Judged((error.finding,)))
            except ChipUnreadable as error:
                judged.append(_Judged((Finding(Authenticity.SIGNATURE_INVALID, str(error)),)))
        return min(judged, key=_badness)

    def _candidate(
        self, found: SecurityObject, signer: SignerStatement, certificate: Certificate, trust: TrustStore,
        issuing_state: str | None, now: datetime,
    ) -> _Judged:  # fmt: skip
        digests = {*check_statement(found.signed, signer, read_public_key(certificate.key_info)), found.digest.name}
        check_role(certificate, None)
        chain = find_chain(certificate, trust, now, self.rules.needs_current_list)
        findings = [*chain.findings, *self._further(signer, certificate, digests, issuing_state, now)]
        remarks = [*chain.remarks, *(["sha1"] if "sha1" in digests else [])]
        return _Judged(tuple(findings), _kept(chain), tuple(remarks))

    def _further(
        self, signer: SignerStatement, certificate: Certificate, digests: set[str], issuing_state: str | None,
        now: datetime,
    ) -> list[Finding]:  # fmt: skip
        findings: list[Finding] = []
        if self.rules.refuse_sha1 and "sha1" in digests:
            findings.append(Finding(Authenticity.SIGNATURE_INVALID, "it rests on SHA-1, which the operator refuses"))
        signed_at = signer.signing_time
        if signed_at is not None and not (certificate.is_valid_at(signed_at) and signed_at <= now):
            words = f"it says to be signed on {signed_at:%Y-%m-%d}, outside of its signer's validity"
            findings.append(Finding(Authenticity.EXPIRED_SIGNER, words))
        if may_sign_for(certificate.country, issuing_state) is False:
            words = f"signed by {certificate.country}, and the document is stated to be of {issuing_state}"
            findings.append(Finding(Authenticity.ISSUER_UNKNOWN, words))
        return findings


def _badness(judged: _Judged) -> tuple[int, int]:
    worst = most_serious(judged.findings)
    return (-1 if worst is None else list(Authenticity).index(worst.outcome), len(judged.findings))


def _candidates(found: SecurityObject, signer: SignerStatement, trust: TrustStore) -> list[Certificate]:
    known = [c for same in trust.signers.values() for c in same] if signer.serial is None else trust.signers.get(
        signer.serial, []
    )  # fmt: skip
    carried: list[Certificate] = []
    for der in found.signed.certificates:
        try:
            carried.append(read_certificate(der))
        except ChipUnreadable:
            continue
    return [certificate for certificate in (*carried, *known) if is_named(signer, certificate)]


def _photograph(found: SecurityObject, photo: bytes) -> list[Finding]:
    try:
        found.check_photograph(element(photo, DATA_GROUP_2_TAG))
    except ChipFileUnreadable:
        words = "EF.SOD came with a photograph that is no EF.DG2: only the chip's own file can be compared"
        return [Finding(Authenticity.HASH_DIFFERS, words)]
    except NotAuthentic as error:
        return [error.finding]
    return []


def _kept(chain: Chain) -> Signer:
    first = chain.certificates[0]
    return Signer(
        first.country,
        readable_name(first.issuer),
        f"{first.serial:x}",
        first.sha256,
        min(certificate.not_after for certificate in chain.certificates),
    )
