#!/bin/sh
# Lets the agents of an instance finish their jobs when it is to go: drain-instance.sh GROUP HOOK
set -eu
group=$1
hook=$2
imds=http://169.254.169.254/latest
fetch_token() { curl -sfX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token"; }
look() { curl -sf -H "X-aws-ec2-metadata-token: $(fetch_token)" "$imds/meta-data/$1"; }
id=$(look instance-id)
AWS_REGION=$(look placement/region)
export AWS_REGION

until [ "$(look autoscaling/target-lifecycle-state || true)" = Terminated ]; do sleep 5; done

act() {
  action=$1
  shift
  aws autoscaling "$action" --instance-id "$id" --auto-scaling-group-name "$group" --lifecycle-hook-name "$hook" "$@"
}
# The unit needs TimeoutStopSec=infinity, so that systemd waits for the jobs.
systemctl stop --no-block buildkite-agent
while case $(systemctl is-active buildkite-agent || true) in active | deactivating) true ;; *) false ;; esac; do
  act record-lifecycle-action-heartbeat || true
  sleep 60
done
act complete-lifecycle-action --lifecycle-action-result CONTINUE
