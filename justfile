# One look-up for commands; the logic lives in the scripts folder and in `cargo xtask`.

# List the commands.
default:
    @just --list

# The main job on a fresh dummy municipality, then keep the platform running.
demo:
    cargo run --release -- demo

# The embedded platform on 127.0.0.1:8080.
up:
    cargo run --release -- up

# All tests.
test *args:
    scripts/test {{args}}

# Format, lints, documentation.
check:
    scripts/check

# Write the OpenAPI documents under openapi/.
openapi:
    cargo xtask openapi

# Call every documented operation of every service with generated input (needs Python).
schemathesis:
    scripts/schemathesis

# The Helm chart: lint, render, schemas, policies.
helm *args:
    scripts/helm {{args}}

# Advisories, licences, bans and sources (needs cargo-deny).
deny:
    scripts/deny

# CPU per prediction beside a Python peer (needs Python and wrk).
bench-prediction:
    scripts/bench-prediction

# What the build pipeline runs.
ci:
    .ci/run
