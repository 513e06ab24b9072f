"""A Ray cluster of two nodes on this machine, for tests: `python ray_two_nodes.py FOLDER` prints where it is, as JSON.

It ends when its standard input is closed. Deaths of nodes are noticed within a second or two, not after half a minute.
"""

import json
import os
import sys
from typing import Any

QUICK = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_failure_threshold": "3",
    "RAY_health_check_timeout_ms": "3000",
}
NODE: dict[str, Any] = {
    "num_cpus": 2,
    "num_gpus": 0,
    "object_store_memory": 100 << 20,
    "include_log_monitor": False,
}
SECOND = "127.0.0.2"
"""An address of its own, also of this machine: else a command may take the second node for the one that it runs on."""


def main() -> None:
    os.environ.update(QUICK)
    from ray.cluster_utils import Cluster

    head = {**NODE, "temp_dir": sys.argv[1], "include_dashboard": False, "no_monitor": True}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    _tell({"address": cluster.address})
    for line in sys.stdin:
        if line.strip() == "add":
            _tell({"raylet": _raylet(cluster.add_node(**NODE, node_ip_address=SECOND))})
    cluster.shutdown()  # type: ignore[no-untyped-call] # Ray has no types here


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


if __name__ == "__main__":
    main()
