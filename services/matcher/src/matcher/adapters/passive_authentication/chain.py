"""From a signer's certificate to an authority that the operator trusts, valid now and not revoked."""

from dataclasses import dataclass
from datetime import datetime

from matcher.adapters.passive_authentication.certificate import Certificate
from matcher.adapters.passive_authentication.reading import NotAuthentic, invalid, readable_name
from matcher.adapters.passive_authentication.trust import TrustStore, signed_by
from matcher.domain.authenticity import Authenticity, Finding

_ANY_PURPOSE = "2.5.29.37.0"


@dataclass(frozen=True)
class Chain:
    """certificates: from the signer's to the root; findings: what is wrong with it; remarks: what is not decisive."""

    certificates: tuple[Certificate, ...]
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]


def check_role(certificate: Certificate, purpose: str | None) -> None:
    """Raises NotAuthentic unless it may sign documents (purpose None) or what `purpose` stands for.

    An authority issues certificates for TLS, master lists and visas too: none of them may sign a passport's chip.
    """
    if certificate.is_authority or "key_cert_sign" in (certificate.usages or ()):
        raise invalid("the signer's certificate is an authority's: authorities do not sign documents")
    if "digital_signature" not in (certificate.usages or ()):
        raise invalid("the signer's certificate is not for signatures")
    if certificate.strange:
        raise invalid(f"the signer's certificate has unknown critical extensions: {', '.join(certificate.strange)}")
    allowed = {purpose, _ANY_PURPOSE} if purpose else {_ANY_PURPOSE}
    if (certificate.purposes or purpose) and not certificate.purposes & allowed:
        raise invalid(f"the signer's certificate is for something else: {', '.join(sorted(certificate.purposes))}")


def find_chain(signer: Certificate, trust: TrustStore, now: datetime, needs_current_list: bool = False) -> Chain:
    """The chain with the fewest findings; raises NotAuthentic when no trusted authority has issued the certificate."""
    issuers = trust.issuers_of(signer)
    found = [_judged((signer, *a.path()), trust, now, needs_current_list)
             for a in issuers if signed_by(signer, a.certificate)]  # fmt: skip
    if found:
        return min(found, key=lambda chain: len(chain.findings))
    if signer.issuer_key_id and any(a.certificate.key_id == signer.issuer_key_id for a in issuers):
        raise invalid("the signer's certificate names a trusted authority's key, which did not sign it")
    raise NotAuthentic(
        Authenticity.ISSUER_UNKNOWN,
        f"no authority in the trust folder has issued the signer's certificate ({readable_name(signer.issuer)})",
    )


def _judged(path: tuple[Certificate, ...], trust: TrustStore, now: datetime, needs_current_list: bool) -> Chain:
    findings: list[Finding] = []
    remarks: list[str] = []
    for certificate in path:
        name = readable_name(certificate.subject)
        if not certificate.is_valid_at(now):
            days = f"{certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}"
            findings.append(Finding(Authenticity.EXPIRED_SIGNER, f"the certificate of {name} is valid from {days}"))
        lists = trust.revocations.get(certificate.issuer, [])
        if any(certificate.serial in item.revoked for item in lists):
            findings.append(Finding(Authenticity.REVOKED, f"the certificate of {name} was revoked by its authority"))
    current = any(item.is_current(now) for item in trust.revocations.get(path[0].issuer, []))
    if not current:
        remarks.append("no_current_revocation_list")
        if needs_current_list:
            words = "there is no current revocation list of the signer's authority, and one is required"
            findings.append(Finding(Authenticity.ISSUER_UNKNOWN, words))
    return Chain(path, tuple(findings), tuple(remarks))
