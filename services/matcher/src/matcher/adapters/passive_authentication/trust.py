"""Whom the operator trusts: authorities, the certificates that link their old keys to new ones, revocation lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from matcher.adapters.passive_authentication.certificate import Certificate
from matcher.adapters.passive_authentication.public_key import read_public_key
from matcher.adapters.passive_authentication.reading import ChipUnreadable, NameKey
from matcher.adapters.passive_authentication.revocation import RevocationList
from matcher.adapters.passive_authentication.signature import Signature, check_signature


def signed_by(item: Certificate | RevocationList, issuer: Certificate) -> bool:
    """Whether the issuer's key made the signature; False also where key or algorithm cannot be used."""
    try:
        holds, _ = check_signature(
            read_public_key(issuer.key_info), Signature(item.algorithm, item.signed, item.signature)
        )
    except ChipUnreadable:
        return False
    return holds


def may_issue(certificate: Certificate) -> bool:
    """Whether it is an authority's: basicConstraints and keyUsage both say so (Doc 9303-12, table 4)."""
    return certificate.is_authority and "key_cert_sign" in (certificate.usages or ()) and not certificate.strange


@dataclass(frozen=True)
class Authority:
    """A trusted country signing authority; issuer: the older one whose link certificate this is, None for a root."""

    certificate: Certificate
    issuer: "Authority | None" = None

    def path(self) -> list[Certificate]:
        """From this certificate to the root."""
        return [self.certificate, *(self.issuer.path() if self.issuer else ())]


@dataclass(frozen=True)
class TrustStore:
    """authorities and revocations by name (subject, issuer); signers: document signers known beforehand."""

    authorities: dict[NameKey, list[Authority]] = field(default_factory=dict[NameKey, list[Authority]])
    revocations: dict[NameKey, list[RevocationList]] = field(default_factory=dict[NameKey, list[RevocationList]])
    signers: dict[int, list[Certificate]] = field(default_factory=dict[int, list[Certificate]])

    def issuers_of(self, certificate: Certificate) -> list[Authority]:
        """Authorities of the certificate's issuer name and of its country."""
        named = self.authorities.get(certificate.issuer, [])
        return [a for a in named if a.certificate.country == certificate.country != ""]


def trusted_authorities(roots: Iterable[Certificate], links: Sequence[Certificate]) -> dict[NameKey, list[Authority]]:
    """Roots, and every link certificate that a chain of signatures leads back to one of them."""
    found: dict[NameKey, list[Authority]] = {}
    seen: set[str] = set()

    def add(authority: Authority) -> None:
        seen.add(authority.certificate.sha256)
        found.setdefault(authority.certificate.subject, []).append(authority)

    for root in roots:
        if root.sha256 not in seen and may_issue(root):
            add(Authority(root))
    left = [link for link in links if may_issue(link) and link.sha256 not in seen]
    while left:
        still: list[Certificate] = []
        for link in left:
            issuer = _issuer_of(link, found)
            if issuer is None:
                still.append(link)
            elif link.sha256 not in seen:
                add(Authority(link, issuer))
        if len(still) == len(left):
            break
        left = still
    return found


def _issuer_of(link: Certificate, found: dict[NameKey, list[Authority]]) -> Authority | None:
    """A country links its own keys only: one that certifies another country's authority is not followed."""
    same = [a for a in found.get(link.issuer, []) if a.certificate.country == link.country != ""]
    latest_first = sorted(same, key=lambda authority: authority.certificate.not_after, reverse=True)
    return next((a for a in latest_first if signed_by(link, a.certificate)), None)


def believed_lists(
    lists: Iterable[RevocationList], authorities: dict[NameKey, list[Authority]]
) -> tuple[dict[NameKey, list[RevocationList]], list[RevocationList]]:
    """(lists by issuer, those that nobody whom we trust has signed)."""
    found: dict[NameKey, list[RevocationList]] = {}
    foreign: list[RevocationList] = []
    for item in lists:
        signers = (a.certificate for a in authorities.get(item.issuer, []))
        if any("crl_sign" in (c.usages or ()) and signed_by(item, c) for c in signers):
            found.setdefault(item.issuer, []).append(item)
        else:
            foreign.append(item)
    return found, foreign
