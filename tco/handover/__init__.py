"""The hand-over: the deployment that was costed, as files that start it as it was priced."""

from tco.handover.build import deployments, handovers, make_deployment
from tco.handover.records import Deployment, NothingToDeploy
from tco.handover.scale import ReplicaBounds
from tco.handover.write import file_texts, read_deployment, write_deployment

__all__ = [
    "Deployment",
    "NothingToDeploy",
    "ReplicaBounds",
    "deployments",
    "file_texts",
    "handovers",
    "make_deployment",
    "read_deployment",
    "write_deployment",
]
