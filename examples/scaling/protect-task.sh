#!/bin/sh
# Runs the agent of a task of ECS. It is protected from scale-in while the agent runs, and may be ended in between.
set -eu
protect() {
  curl -sfX PUT "$ECS_AGENT_URI/task-protection/v1/state" -H 'Content-Type: application/json' -d "$1" >/dev/null
}

while true; do
  # No agent runs without protection: where it cannot be had, the task ends here, and ECS starts another.
  protect '{"ProtectionEnabled":true,"ExpiresInMinutes":2880}'
  buildkite-agent start --disconnect-after-idle-timeout 600 || true
  protect '{"ProtectionEnabled":false}'
  # A task that is too many is ended now.
  sleep 60
done
