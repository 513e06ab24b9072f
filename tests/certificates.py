"""Certificates for servers on this machine: a good one, and those that a client must refuse."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority; `file` holds its certificate, for SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _named("acidtest tests")
        self._certificate = self._signed(self._name, self._key.public_key(), days=2, authority=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, host: str = "127.0.0.1", *, days: float = 2) -> ssl.SSLContext:
        """Return what a server of this name needs; below 0 days, its certificate has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._context(key, self._signed(_named(host), key.public_key(), host=host, days=days))

    def own_signed(self) -> ssl.SSLContext:
        """Return what a server needs that no authority vouches for."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _named("127.0.0.1")
        return self._context(key, _builder(name, name, key.public_key(), 2, "127.0.0.1").sign(key, hashes.SHA256()))

    def _signed(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, days: float, host: str = "", authority: bool = False
    ) -> x509.Certificate:
        builder = _builder(name, self._name, key, days, host)
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        return builder.sign(self._key, hashes.SHA256())

    def _context(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> ssl.SSLContext:
        path = self.folder / f"{certificate.serial_number}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: float, host: str
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
    )
    if not host:
        return builder
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    return builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
