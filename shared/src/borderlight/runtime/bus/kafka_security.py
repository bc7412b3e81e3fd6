"""Who we are to Kafka, and that it is Kafka: FastStream's security objects from settings, for every client alike.

A password or token is never sent without TLS: there is no such setting.
"""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import urllib3
from aiokafka.abc import AbstractTokenProvider
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLOAuthBearer, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from borderlight.errors import BorderlightError

Security = Literal["none", "plain", "scram-sha-256", "scram-sha-512", "mtls", "oauthbearer"]


class KafkaSecurityIncomplete(BorderlightError):
    """KAFKA_SECURITY asks for something that other settings do not give."""


class KafkaSecuritySettings(BaseSettings):
    """Who we are to Kafka; prefix KAFKA_."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)
    security: Security = "none"
    """How we prove who we are; all but `none` are over TLS."""
    ca_file: Path | None = None
    """PEM of who signed the brokers' certificates; not set: the system's authorities."""
    cert_file: Path | None = None
    """Our certificate (PEM), for `mtls`."""
    key_file: Path | None = None
    """Private key of our certificate (PEM)."""
    username: str = ""
    """Account name, or the client id for `oauthbearer`."""
    password: SecretStr = SecretStr("")
    """The account's password, or the client's secret."""
    token_file: Path | None = None
    """File with a token that somebody renews, as Kubernetes does."""
    token_url: str = ""
    """Address that gives tokens for client id and secret."""
    token_scope: str = ""
    """Scope that is asked for at that address."""

    def tls(self) -> ssl.SSLContext:
        """TLS with the brokers' names checked, and our certificate where there is one."""
        context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        if self.cert_file is not None:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context

    def _password(self) -> tuple[str, str]:
        if not self.username or not self.password.get_secret_value():
            raise KafkaSecurityIncomplete(f"KAFKA_SECURITY={self.security} needs KAFKA_USERNAME and KAFKA_PASSWORD")
        return self.username, self.password.get_secret_value()

    def security_object(self) -> BaseSecurity | None:
        """FastStream's object, None without security; raises KafkaSecurityIncomplete."""
        match self.security:
            case "none":
                return None
            case "plain":
                return SASLPlaintext(*self._password(), ssl_context=self.tls(), use_ssl=True)
            case "scram-sha-256":
                return SASLScram256(*self._password(), ssl_context=self.tls(), use_ssl=True)
            case "scram-sha-512":
                return SASLScram512(*self._password(), ssl_context=self.tls(), use_ssl=True)
            case "mtls":
                if self.cert_file is None or self.key_file is None:
                    raise KafkaSecurityIncomplete("KAFKA_SECURITY=mtls needs KAFKA_CERT_FILE and KAFKA_KEY_FILE")
                return BaseSecurity(ssl_context=self.tls(), use_ssl=True)
            case "oauthbearer":
                return SASLOAuthBearer(ssl_context=self.tls(), use_ssl=True)

    def token_provider(self) -> AbstractTokenProvider | None:
        """Where tokens come from, for oauthbearer; raises KafkaSecurityIncomplete."""
        if self.security != "oauthbearer":
            return None
        if self.token_file is not None:
            return TokenFile(self.token_file)
        if not self.token_url:
            raise KafkaSecurityIncomplete("KAFKA_SECURITY=oauthbearer needs KAFKA_TOKEN_FILE or KAFKA_TOKEN_URL")
        return ClientCredentials(self.token_url, *self._password(), self.token_scope)

    def client_options(self) -> dict[str, Any]:
        """The same for aiokafka's own clients: readers and administration."""
        options = parse_security(self.security_object())
        provider = self.token_provider()
        return options if provider is None else {**options, "sasl_oauth_token_provider": provider}


class TokenFile(AbstractTokenProvider):
    """A file read anew for every connection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] - theirs says None
        return (await asyncio.to_thread(self._path.read_text)).strip()


class ClientCredentials(AbstractTokenProvider):
    """OAuth 2.0 client-credentials grant (RFC 6749, section 4.4); one request for every connection."""

    def __init__(self, url: str, client: str, secret: str, scope: str) -> None:
        self._url = url
        self._fields = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        if scope:
            self._fields["scope"] = scope

    def _ask(self) -> str:
        body = urlencode(self._fields)
        answer = urllib3.request(
            "POST", self._url, body=body, headers={"content-type": "application/x-www-form-urlencoded"}, timeout=10.0
        )
        if answer.status != 200:
            raise OSError(f"the token endpoint answered {answer.status}")
        return str(json.loads(answer.data)["access_token"])

    async def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] - theirs says None
        return await asyncio.to_thread(self._ask)
