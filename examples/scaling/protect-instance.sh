#!/bin/sh
# Runs the agents of an instance. It is protected from scale-in while they run, and may be ended in between.
set -eu
imds=http://169.254.169.254/latest
token=$(curl -sfX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token")
look() { curl -sf -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/$1"; }
id=$(look instance-id)
AWS_REGION=$(look placement/region)
export AWS_REGION

ask() {
  aws autoscaling describe-auto-scaling-instances --instance-ids "$id" --output text \
    --query "AutoScalingInstances[0].$1"
}
group=$(ask AutoScalingGroupName)
protect() {
  aws autoscaling set-instance-protection --instance-ids "$id" --auto-scaling-group-name "$group" "$1"
}

while true; do
  # No agent runs without protection: where it cannot be had, the script ends here, and its service starts it again.
  until [ "$(ask LifecycleState)" = InService ]; do sleep 10; done
  protect --protected-from-scale-in
  buildkite-agent start --spawn 2 --disconnect-after-idle-timeout 600 || true
  protect --no-protected-from-scale-in
  # An instance that is too many is ended now.
  sleep 60
done
