#!/usr/bin/env bash
# Holds real SARIF and JUnit against the published schemas in the folder $1: the example's findings, a clean run, an
# undecided one, and one whose words are markup.
set -euo pipefail
schemas=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet jsonschema==4.26.0 xmlschema==4.3.2
cargo build --quiet
rollgate=$PWD/target/debug/rollgate

mkdir "$work/tree"
printf 'apiVersion: rollgate/v1\nkind: RolloutPlan\nmetadata: {name: "a ]]> <b> & \\e[2J", service: "x|`y"}\nstrategy: all-at-once\nchange: {kind: config}\n' \
  >"$work/tree/odd [name] ü%.yaml"
run() { # name, expected exit code, arguments
  local name=$1 want=$2 code=0
  shift 2
  "$rollgate" check --show-suppressed --output "sarif=$work/$name.sarif" --output "junit=$work/$name.xml" "$@" >/dev/null || code=$?
  [ "$code" -eq "$want" ] || { echo "$name ended with $code, not $want"; exit 1; }
}
run findings 1 docs/example
run warnings 1 docs/example --fail-on warning
(cd "$work/tree" && run markup 1 .)
mkdir "$work/empty"
(cd "$work/empty" && run clean 0 . --allow-empty)
(cd "$work/empty" && run undecided 2 .)

"$work/venv/bin/python" - "$schemas" "$work" <<'END'
import json, pathlib, sys
import jsonschema, xmlschema
schemas, work = map(pathlib.Path, sys.argv[1:])
sarif = json.loads((schemas / "sarif-2.1.0.json").read_text())
kind = jsonschema.validators.validator_for(sarif)
check = kind(sarif, format_checker=kind.FORMAT_CHECKER)
xsds = [xmlschema.XMLSchema(str(schemas / name)) for name in ("junit-ant.xsd", "junit-jenkins-10.xsd")]
faults = 0
for path in sorted(work.glob("*.sarif")):
    for fault in check.iter_errors(json.loads(path.read_text())):
        faults += 1
        print(path.name, fault.json_path, fault.message[:200])
for path in sorted(work.glob("*.xml")):
    for xsd in xsds:
        for fault in xsd.iter_errors(str(path)):
            faults += 1
            print(path.name, fault.path, str(fault.reason)[:200])
seen = len(list(work.glob("*.sarif"))), len(list(work.glob("*.xml")))
print(f"{seen[0]} SARIF and {seen[1]} JUnit files, {faults} faults")
sys.exit(faults > 0 or seen != (5, 5))
END
