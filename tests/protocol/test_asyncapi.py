"""The AsyncAPI document: it is one, it leaves out no topic, and its schemas are those of the structs."""

import inspect
import json
import re

import msgspec
import pytest

from protocol import lan
from protocol.asyncapi import CHANNELS, PARAMETERS, channel_of, document

DOCUMENT = document("dago", "1.2.3")
# What AsyncAPI 3.0.0 knows at each place; anything else is a spelling mistake.
KNOWN = {
    "document": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "info": {"title", "version", "description", "termsOfService", "contact", "license", "tags", "externalDocs"},
    "server": {"host", "protocol", "protocolVersion", "pathname", "description", "title", "summary", "variables", "security", "tags", "externalDocs", "bindings"},
    "channel": {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings"},
    "operation": {"action", "channel", "title", "summary", "description", "security", "tags", "externalDocs", "bindings", "traits", "messages", "reply"},
    "message": {"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags", "externalDocs", "bindings", "examples", "traits"},
    "parameter": {"enum", "default", "description", "examples", "location"},
    "lastWill": {"topic", "qos", "retain", "message"},
}  # fmt: skip
SCHEMA_KEYWORDS = {
    *("$ref", "title", "description", "type", "properties", "required", "items", "enum", "const"),
    *("anyOf", "oneOf", "default", "additionalProperties", "minimum", "maximum", "minLength"),
    *("maxLength", "minItems", "maxItems", "prefixItems", "pattern", "format", "discriminator"),
    *("propertyNames",),
}


def resolve(reference, root=DOCUMENT):
    """What a `$ref` points to; KeyError when it points nowhere."""
    found = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def expect(what, place, known, *needed):
    """Misspelt and missing fields of one object of the document."""
    yield from (f"{place}: unknown field {key}" for key in set(what) - KNOWN[known])
    yield from (f"{place}: {key} is missing" for key in needed if key not in what)


def problems_of(found):
    """What breaks the rules of AsyncAPI 3.0.0, one sentence each."""
    yield from expect(found, "document", "document", "asyncapi", "info")
    yield from expect(found["info"], "info", "info", "title", "version")
    if not re.fullmatch(r"3\.0\.\d+", found["asyncapi"]):
        yield "document: not AsyncAPI 3.0"
    for name, server in found["servers"].items():
        yield from problems_of_server(name, server)
    for name, channel in found["channels"].items():
        yield from expect(channel, name, "channel", "address", "messages")
        if set(re.findall(r"{(\w+)}", channel["address"])) != set(channel["parameters"]):
            yield f"{name}: parameters and address do not fit"
        for parameter in channel["parameters"].values():
            yield from expect(parameter, name, "parameter")
    for name, operation in found["operations"].items():
        yield from problems_of_operation(name, operation)
    for name, message in found["components"]["messages"].items():
        yield from expect(message, name, "message")
    for reference in references(found):
        try:
            resolve(reference, found)
        except (KeyError, TypeError):
            yield f"{reference} points nowhere"


def problems_of_server(name, server):
    yield from expect(server, name, "server", "host", "protocol")
    named = set(re.findall(r"{(\w+)}", server["host"] + server.get("pathname", "")))
    if named != set(server.get("variables", {})):
        yield f"{name}: variables and host do not fit"
    will = server.get("bindings", {}).get("mqtt", {}).get("lastWill", {})
    yield from expect(will, f"{name} lastWill", "lastWill")


def problems_of_operation(name, operation):
    yield from expect(operation, name, "operation", "action", "channel")
    if operation["action"] not in {"send", "receive"}:
        yield f"{name}: action {operation['action']}"
    channel = operation["channel"]["$ref"]
    if any(not m["$ref"].startswith(f"{channel}/messages/") for m in operation["messages"]):
        yield f"{name}: a message that is not its channel's"


def test_the_document_keeps_to_the_rules_of_asyncapi():
    assert list(problems_of(json.loads(json.dumps(DOCUMENT)))) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("info") and d.update(info={"title": "x"}),
        lambda d: d["channels"]["ticket"].update(adress="x"),
        lambda d: d["channels"]["ticket"]["parameters"].pop("station"),
        lambda d: d["operations"]["tellTicket"].update(action="publish"),
        lambda d: d["operations"]["tellTicket"]["messages"].append(
            {"$ref": "#/channels/menu/messages/menu"}
        ),
        lambda d: d["components"]["schemas"].pop("Ticket"),
        lambda d: d["servers"]["bridge"].pop("variables"),
    ],
)
def test_a_broken_document_is_noticed(spoil):
    broken = json.loads(json.dumps(DOCUMENT))
    spoil(broken)
    assert list(problems_of(broken))


def test_every_schema_says_only_what_json_schema_knows():
    def walk(schema, place):
        if not isinstance(schema, dict):
            return
        assert set(schema) <= SCHEMA_KEYWORDS, (place, set(schema) - SCHEMA_KEYWORDS)
        for name, inner in schema.get("properties", {}).items():
            walk(inner, f"{place}.{name}")
        for key in ("items", "additionalProperties"):
            walk(schema.get(key), f"{place}.{key}")
        for inner in [*schema.get("anyOf", []), *schema.get("prefixItems", [])]:
            walk(inner, place)

    for name, schema in DOCUMENT["components"]["schemas"].items():
        walk(schema, name)


def test_every_topic_of_the_language_is_a_channel():
    """A topic function that somebody adds without telling the document is noticed here."""
    made = {
        function(*(f"{{{name}}}" for name in inspect.signature(function).parameters))
        for name, function in vars(lan).items()
        if name.endswith("_topic")
    }
    assert made == {c.address for c in CHANNELS}


def test_every_parameter_is_explained_and_used():
    assert {n for c in CHANNELS for n in re.findall(r"{(\w+)}", c.address)} == {"outlet", *PARAMETERS}  # fmt: skip


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: c.name)
def test_a_channels_schema_has_the_fields_of_its_struct(channel):
    if channel.payload is None:
        return
    schema = DOCUMENT["components"]["schemas"][channel.payload.__name__]
    assert list(schema["properties"]) == [f.encode_name for f in msgspec.structs.fields(channel.payload)]  # fmt: skip


def test_the_last_will_is_what_the_box_leaves():
    will = DOCUMENT["servers"]["broker"]["bindings"]["mqtt"]["lastWill"]
    assert msgspec.json.decode(will["message"], type=lan.BoxStatus).online is False
    assert will["topic"] == lan.status_topic("dago")


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("kedai/dago/status", "status"),
        ("kedai/dago/kitchen/bar/tickets/1.bar", "ticket"),
        ("kedai/dago/devices/grill/presence", "presence"),
        ("kedai/dago/devices/grill/secret", None),
        ("kedai/dago/kitchen/bar/tickets/1/2", None),
        ("kedai//status", None),
        ("status", None),
    ],
)
def test_a_topic_is_found_in_its_channel_or_in_none(topic, name):
    found = channel_of(topic)
    assert (found and found.name) == name
