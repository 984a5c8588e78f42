"""The first hour on an AWS account: deploys the relay, tries it, writes a report, destroys it."""
