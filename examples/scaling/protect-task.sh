#!/bin/sh
# Runs the agent of a task of ECS. It is protected from scale-in while the agent runs, and may be ended in between.
set -eu
# 48 hours, the longest that ECS takes.
on='{"ProtectionEnabled":true,"ExpiresInMinutes":2880}'
# Status 200 is no consent: ECS refuses with it, too, and says {"failure":…} in the place of {"protection":…}.
protect() {
  answer=$(curl -sSfX PUT --max-time 60 "$ECS_AGENT_URI/task-protection/v1/state" \
    -H 'Content-Type: application/json' -d "$1") || true
  case $answer in
    *'"protection"'*) ;;
    *)
      echo "ECS has not taken $1: ${answer:-no answer}" >&2
      return 1
      ;;
  esac
}

# Each hour anew, so that a job may take longer than 48 hours. A refusal is logged and ends no job.
renew() {
  trap 'kill "${pause:-}" || true; exit 0' TERM
  while true; do
    sleep 3600 &
    pause=$!
    wait "$pause"
    protect "$on" || true
  done
}

while true; do
  # No agent runs without protection: where it cannot be had, the task ends here, and ECS starts another.
  protect "$on"
  renew &
  renewer=$!
  buildkite-agent start --disconnect-after-idle-timeout 600 || true
  # Waits for a renewal that is under way, so that none comes after the protection has been given up.
  kill "$renewer"
  wait "$renewer" || true
  protect '{"ProtectionEnabled":false}'
  # A task that is too many is ended now.
  sleep 60
done
