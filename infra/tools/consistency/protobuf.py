"""What protoc makes of a definition."""

import functools
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2


class Refused(Exception):
    """protoc's own words."""


@functools.cache
def messages(text):
    """By message, nested ones as `Outer.Inner`: number, name, label, type, and the `oneof` of each field."""
    with tempfile.TemporaryDirectory() as work:
        made = Path(work) / "made"
        (Path(work) / "it.proto").write_text(text)
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{work}", f"--descriptor_set_out={made}", "it.proto"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Refused(f"protoc: {done.stderr.strip()}")
        file = descriptor_pb2.FileDescriptorSet.FromString(made.read_bytes()).file[0]
    found, left = {}, [("", message) for message in file.message_type]
    while left:
        outer, message = left.pop()
        name = f"{outer}{message.name}"
        left += [(f"{name}.", inner) for inner in message.nested_type]
        found[name] = sorted(field(each, message) for each in message.field)
    return found


def field(its, message):
    # Only its last word: the same message is elsewhere in each definition.
    kind = its.type_name.rsplit(".", 1)[-1] or descriptor_pb2.FieldDescriptorProto.Type.Name(its.type)
    label = descriptor_pb2.FieldDescriptorProto.Label.Name(its.label)
    place = message.oneof_decl[its.oneof_index].name if its.HasField("oneof_index") else ""
    return (its.number, its.name, label, kind, place)
