"""Passive authentication (ICAO Doc 9303-11): is a chip's photograph the one that its issuer signed?

`reading.py` turns what asn1crypto says into plain values or ChipUnreadable; `certificate.py`, `security_object.py`,
`revocation.py`, `master_list.py`, `ldif.py` read one thing each; `public_key.py`, `curves.py`, `signature.py` check
signatures; `trust_folder.py` says whom the operator trusts; `chain.py` leads from a signer to them; `checker.py` is the
whole. Every byte that it reads comes from strangers, except the trust folder's certificate files.
"""
