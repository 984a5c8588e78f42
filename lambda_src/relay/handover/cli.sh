#!/usr/bin/env bash
# Receives the events of a partner event source, in account @account and Region @region.
# Run it with bash and the credentials of that account; after a failure, run it again.
#
@notes

set -euo pipefail
export AWS_REGION=@region AWS_DEFAULT_REGION=@region AWS_PAGER=
account=@account
source=@source
name=@stem
event_log=@event_log
bus_log=@bus_log
bus_arn=@bus_arn

fail() { printf '%s\n' "$1" >&2; exit 1; }

# Run a command; that what it makes is there already is no failure.
make() {
  local said
  said=$("$@" 2>&1) || case $said in *AlreadyExists* | *ConflictException*) ;; *) fail "$said" ;; esac
}

caller=$(aws sts get-caller-identity --query Account --output text)
[ "$caller" = "$account" ] || fail "This source belongs to account $account, and these credentials to account $caller."
state=$(aws events describe-event-source --name "$source" --query State --output text) ||
  fail "The source is not in this account and Region. If it expired, ask for it again."
[ "$state" != DELETED ] || fail "The source was deleted. Delete the bus of its name, which can receive nothing any more."

# 1. The queues, and the log group for looking: all that the rules need is there before the bus is.
queue_url=$(aws sqs create-queue --queue-name "$name-events" --query QueueUrl --output text)
dead_letter_queue_url=$(aws sqs create-queue --queue-name "$name-dead-letters" --query QueueUrl --output text)
aws sqs set-queue-attributes --queue-url "$queue_url" --attributes @queue_attributes
aws sqs set-queue-attributes --queue-url "$dead_letter_queue_url" --attributes @dead_letter_queue_attributes

make aws logs create-log-group --log-group-name "$event_log"
aws logs put-retention-policy --log-group-name "$event_log" --retention-in-days 14
# EventBridge writes into a log group with this policy alone: a role is refused there.
aws logs put-resource-policy --policy-name "$name" --policy-document @{event_log_policy} >/dev/null

# 2. The bus. Its name is the source's name.
make aws events create-event-bus --name "$source" --event-source-name "$source"
aws events update-event-bus --name "$source" --log-config Level=ERROR,IncludeDetail=NONE >/dev/null

# 3. The rules, at once.
# add_rule RULE TARGETS: the arguments of put-rule and put-targets, as JSON.
add_rule() {
  aws events put-rule --cli-input-json "$1" >/dev/null
  [ "$(aws events put-targets --cli-input-json "$2" --query FailedEntryCount --output text)" = 0 ] ||
    fail "A target was refused: $2"
}
@rules

state=$(aws events describe-event-source --name "$source" --query State --output text)
[ "$state" = ACTIVE ] || fail "The source is $state although there is a bus of its name. Was the bus made for a source
that has been deleted since? Delete the bus (rules and archive first) and run this again. Did you deactivate the source?
Then: aws events activate-event-source --name $source"

# 4. What helps later: the archive, the bus's own log of what could not be delivered, the alarms.
make aws events create-archive --archive-name "$name" --event-source-arn "$bus_arn" --retention-days 14
make aws logs create-log-group --log-group-name "$bus_log"
aws logs put-retention-policy --log-group-name "$bus_log" --retention-in-days 14
aws logs put-delivery-source --name "$name" --resource-arn "$bus_arn" --log-type ERROR_LOGS >/dev/null
destination=$(aws logs put-delivery-destination --name "$name" --delivery-destination-configuration @{bus_log_destination} \
  --query deliveryDestination.arn --output text)
make aws logs create-delivery --delivery-source-name "$name" --delivery-destination-arn "$destination"
# On a bus of its own a rule's metrics have two dimensions.
@alarms

printf 'The source is ACTIVE. Events arrive in %s\n' "$queue_url"
