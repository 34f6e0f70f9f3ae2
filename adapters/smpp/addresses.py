"""Addresses of the other side of a socket. Pure."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def address(peer: str) -> IPv4Address | IPv6Address:
    """One value for each address: without its zone, and IPv4 that came by an IPv6 socket as IPv4."""
    found = ip_address(peer.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
