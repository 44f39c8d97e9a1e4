"""What network policies let through, by the rules of the NetworkPolicy documentation."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network


@dataclass(frozen=True)
class Place:
    """A pod, or with `address` only, something outside the cluster."""

    name: str
    labels: dict = field(default_factory=dict)
    namespace: str = ""
    address: str = ""
    ports: dict = field(default_factory=dict)  # Number by name, of the container.


def _selected(selector: dict, labels: dict) -> bool:
    if selector.get("matchExpressions"):
        raise ValueError("matchExpressions are not read here")
    return selector.get("matchLabels", {}).items() <= labels.items()


def _is_peer(peer: dict, other: Place, home: str) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        if not other.address:
            return False
        address = ip_address(other.address)
        return address in ip_network(block["cidr"]) and not any(
            address in ip_network(it) for it in block.get("except", [])
        )
    if not other.namespace:
        return False
    if "namespaceSelector" in peer:
        named = {"kubernetes.io/metadata.name": other.namespace}
        if not _selected(peer["namespaceSelector"], named):
            return False
    elif other.namespace != home:
        return False
    return _selected(peer.get("podSelector", {}), other.labels)


def _has_port(rule: dict, target: Place, port: int, protocol: str) -> bool:
    if not rule.get("ports"):
        return True
    for it in rule["ports"]:
        wanted = it.get("port")
        number = target.ports.get(wanted) if isinstance(wanted, str) else wanted
        if it.get("protocol", "TCP") == protocol and number in (None, port):
            # A name that the target does not have matches nothing; no port at all matches every port.
            if wanted is None or number == port:
                return True
    return False


def _side(policies: list[dict], pod: Place, other: Place, target: Place, port: int, protocol: str, way: str) -> bool:
    applying = [
        it["spec"]
        for it in policies
        if it["metadata"]["namespace"] == pod.namespace
        and way in it["spec"]["policyTypes"]
        and _selected(it["spec"]["podSelector"], pod.labels)
    ]
    if not applying:
        return True
    key, peers = ("ingress", "from") if way == "Ingress" else ("egress", "to")
    return any(
        _has_port(rule, target, port, protocol)
        and (not rule.get(peers) or any(_is_peer(peer, other, pod.namespace) for peer in rule[peers]))
        for policy in applying
        for rule in policy.get(key) or []
    )


def allowed(policies: list[dict], source: Place, target: Place, port: int, protocol: str = "TCP") -> bool:
    """Whether a connection is let out of the source and into the target. Policies apply to pods of their namespace."""
    out = not source.namespace or _side(policies, source, target, target, port, protocol, "Egress")
    into = not target.namespace or _side(policies, target, source, target, port, protocol, "Ingress")
    return out and into
