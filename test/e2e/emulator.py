"""Serves the emulated AWS account with the resource types of Latchkey's stacks that it lacks.

Usage: emulator.py EMULATOR_DIRECTORY ARGUMENT_OF_SERVE_PY...
"""
import json
import runpy
import sys

directory, *arguments = sys.argv[1:]
sys.path.insert(0, directory)

from resource_types import KINDS, Kind  # noqa: E402


def queue_policies(call, old, new):
    """A policy of several SQS queues."""
    for url in new.get("Queues", []):
        call("set_queue_attributes", {"QueueUrl": url, "Attributes": {"Policy": json.dumps(new["PolicyDocument"])}})


KINDS.setdefault(
    "AWS::SQS::QueuePolicy", Kind("sqs", attach=queue_policies, attached=("PolicyDocument", "Queues"))
)
sys.argv = [f"{directory}/serve.py", *arguments]
runpy.run_path(sys.argv[0], run_name="__main__")
