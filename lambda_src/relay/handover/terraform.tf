# Receives the events of a partner event source, in account @account and Region @region.
#
@notes

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.6"
    }
  }
}

# Refuses any other account.
provider "aws" {
  region              = @region
  allowed_account_ids = [@account]
}

data "aws_partition" "current" {}

locals {
  source  = @source
  account = @account
  region  = @region
  name    = @stem

  # One rule for each detail-type, or for some if there are many.
  rules = {
@rules
  }

  # All rules of this bus, by its name: the policies are there before the bus is.
  rule_arns = "arn:${data.aws_partition.current.partition}:events:${local.region}:${local.account}:rule/${local.source}/*"
}

# Yours: point the rules at whatever should have the events, such as a Lambda function, and delete this.
resource "aws_sqs_queue" "events" {
  name                      = "${local.name}-events"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${local.name}-dead-letters"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue_policy" "partner" {
  for_each  = { events = aws_sqs_queue.events, dead_letters = aws_sqs_queue.dead_letters }
  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = each.value.arn
      Condition = { ArnLike = { "aws:SourceArn" = local.rule_arns } }
    }]
  })
}

resource "aws_cloudwatch_log_group" "events" {
  name              = @event_log
  retention_in_days = 14
}

# EventBridge writes into a log group with this policy alone: a role is refused there.
resource "aws_cloudwatch_log_resource_policy" "events" {
  policy_name = local.name
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "delivery.logs.amazonaws.com"] }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${aws_cloudwatch_log_group.events.arn}:*"
    }]
  })
}

resource "aws_cloudwatch_event_bus" "partner" {
  name              = local.source
  event_source_name = local.source
  depends_on        = [aws_sqs_queue_policy.partner, aws_cloudwatch_log_resource_policy.events]

  log_config {
    level          = "ERROR"
    include_detail = "NONE"
  }
}

resource "aws_cloudwatch_event_rule" "events" {
  for_each       = local.rules
  name           = each.key
  description    = each.value.description
  event_bus_name = aws_cloudwatch_event_bus.partner.name
  event_pattern  = each.value.pattern
}

resource "aws_cloudwatch_event_target" "events" {
  for_each       = local.rules
  rule           = aws_cloudwatch_event_rule.events[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.partner.name
  target_id      = "queue"
  arn            = aws_sqs_queue.events.arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }
}

resource "aws_cloudwatch_event_rule" "catch_all" {
  name           = @catch_all_name
  description    = @catch_all_description
  event_bus_name = aws_cloudwatch_event_bus.partner.name
  event_pattern  = jsonencode(@catch_all_pattern)
}

resource "aws_cloudwatch_event_target" "catch_all" {
  rule           = aws_cloudwatch_event_rule.catch_all.name
  event_bus_name = aws_cloudwatch_event_bus.partner.name
  target_id      = "log"
  arn            = aws_cloudwatch_log_group.events.arn
}

resource "aws_cloudwatch_event_archive" "partner" {
  name             = local.name
  description      = "Replays what came within two weeks"
  event_source_arn = aws_cloudwatch_event_bus.partner.arn
  retention_days   = 14
}

# On a bus of its own a rule's metrics have two dimensions.
resource "aws_cloudwatch_metric_alarm" "failed" {
  for_each            = local.rules
  alarm_name          = "${local.name}-${each.key}-failed"
  alarm_description   = "EventBridge could not deliver events to the target of a rule; see the dead-letter queue"
  namespace           = "AWS/Events"
  metric_name         = "FailedInvocations"
  dimensions          = { EventBusName = aws_cloudwatch_event_bus.partner.name, RuleName = each.key }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
}

# The bus's own log has what EventBridge could not deliver, without the events.
resource "aws_cloudwatch_log_group" "bus" {
  name              = @bus_log
  retention_in_days = 14
}

resource "aws_cloudwatch_log_delivery_source" "bus" {
  name         = local.name
  log_type     = "ERROR_LOGS"
  resource_arn = aws_cloudwatch_event_bus.partner.arn
}

resource "aws_cloudwatch_log_delivery_destination" "bus" {
  name = local.name

  delivery_destination_configuration {
    destination_resource_arn = aws_cloudwatch_log_group.bus.arn
  }
}

resource "aws_cloudwatch_log_delivery" "bus" {
  delivery_source_name     = aws_cloudwatch_log_delivery_source.bus.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.bus.arn
}

output "queue_url" {
  value = aws_sqs_queue.events.url
}

output "dead_letter_queue_url" {
  value = aws_sqs_queue.dead_letters.url
}
