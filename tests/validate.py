"""Checks every line of a stream on stdin against the schema of its type: validate.py SCHEMAS [--unknown]

Further rules: type, t, pid come first, in that order; t never decreases in a segment; no line is blank or over 1 MiB;
a snapshot is followed by as many regions as it states. A type without a schema is an error, unless --unknown.
Prints "line N: MEMBER: error", at most 20 times; exit 1 after any error.
"""
import json
import pathlib
import sys

import jsonschema


def references(name, schema, schemas):
    """Resolves references between schemas: by a registry, or before jsonschema 4.18 by a resolver."""
    try:
        import referencing
    except ImportError:
        return {"resolver": jsonschema.RefResolver(name, schema, store=schemas)}
    found = [(each, referencing.Resource.from_contents(what)) for each, what in schemas.items()]
    return {"registry": referencing.Registry().with_resources(found)}


def load(folder):
    schemas = {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.schema.json"))}
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        if schema["$id"] != name:
            raise SystemExit(f"{name}: its $id is {schema['$id']}")
    validators = {}
    for name, schema in schemas.items():
        validators[name.removesuffix(".schema.json")] = jsonschema.Draft202012Validator(schema, **references(name, schema, schemas))
    return validators


def no_twice(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is given twice")
    return members


class Stream:
    def __init__(self, validators, unknown):
        self.validators, self.unknown = validators, unknown
        self.time, self.due = -1, None

    def troubles(self, text):
        if len(text) > 1 << 20:
            yield "the line is over 1 MiB"
        try:
            line = json.loads(text.decode("utf-8"), object_pairs_hook=no_twice)
        except ValueError as error:
            yield f"no JSON: {error}"
            return
        if not isinstance(line, dict):
            yield "no object"
            return
        yield from self.of_type(line)
        yield from self.of_order(line)
        yield from self.of_snapshot(line)

    def of_type(self, line):
        kind = line.get("type")
        if kind not in self.validators or kind in ("common", "config", "budget"):
            if not self.unknown:
                yield f"no schema for type {kind!r}"
            return
        for error in self.validators[kind].iter_errors(line):
            where = "/".join(map(str, error.absolute_path)) or kind
            yield f"{where}: {error.message[:300]}"

    def of_order(self, line):
        front = [name for name in ("type", "t", "pid") if name in line]
        if list(line)[: len(front)] != front:
            yield "type, t and pid must come first"
        if line.get("type") == "stream":
            self.time = -1
        if isinstance(line.get("t"), (int, float)):
            if line["t"] < self.time:
                yield f"t: {line['t']} after {self.time}"
            self.time = max(self.time, line["t"])

    def of_snapshot(self, line):
        """regions of key frames have ids; no regions follow other snapshot lines of vm-track"""
        if line.get("type") == "region" and self.due is not None:
            self.due -= 1
            if self.due < 0:
                yield "more regions than the snapshot said"
            return
        if self.due is not None and 0 < self.due < self.said:
            yield f"{self.due} regions fewer than the snapshot said"
        self.due = None
        if line.get("type") == "snapshot":
            self.due = self.said = line.get("regions", 0)


def main():
    stream = Stream(load(pathlib.Path(sys.argv[1])), "--unknown" in sys.argv[2:])
    said, number = 0, 0
    for number, text in enumerate(sys.stdin.buffer, 1):
        for trouble in stream.troubles(text):
            said += 1
            if said <= 20:
                print(f"line {number}: {trouble}")
    print(f"{number} lines, {said} troubles")
    return 1 if said or not number else 0


if __name__ == "__main__":
    sys.exit(main())
