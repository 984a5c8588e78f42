"""Every command of the documentation is run by a test or by CI, or there is a reason why it cannot be."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAM = re.compile(r"(?:\.venv/bin/|node_modules/\.bin/)?(make|relayctl|partner-bus|aws|cdk|python3?|curl) \S")

# How a command begins, and the test that runs it.
RUN = {
    "make demo": "e2e/test_commands.py::test_make_demo_prints_every_event_and_nothing_else_on_standard_output",
    "make run": "e2e/test_commands.py::test_the_samples_can_be_posted_to_make_run",
    "make e2e": "e2e/test_commands.py::test_the_same_suite_runs_against_any_url",
    "make first-hour": "e2e/test_first_hour.py"
    "::test_a_run_that_was_killed_in_a_drill_is_taken_up_passes_and_leaves_nothing",
    "python -m pytest tests/e2e/test_inspector.py": "e2e/test_inspector.py"
    "::test_from_the_first_webhook_to_the_last_dead_letter",
    "python -m relay_local.post": "e2e/test_commands.py::test_the_samples_can_be_posted_to_make_run",
    "curl -i http": "e2e/test_commands.py::test_a_body_of_ones_own_can_be_signed_and_posted_with_curl",
    "relayctl schema": "relayctl/test_offline.py::test_the_schema_that_is_printed_is_the_committed_one",
    "python -m tools.relay_toml": "unit/config/test_json_schema.py"
    "::test_the_tables_of_the_reference_page_are_those_of_the_fields",
    "python -m tools.senders_page": "unit/docs/test_examples.py::test_the_page_of_the_senders_is_current",
    "python -m tools.architecture_page": "unit/docs/test_examples.py"
    "::test_the_picture_of_the_architecture_is_that_of_the_stack",
    "python -m tools.documentation": "unit/tools/test_documentation.py::test_llms_txt_is_current",
    "python -m tools.cost": "unit/tools/test_cost.py::test_the_page_about_cost_is_current",
    "python -m tools.fairness": "unit/tools/test_fairness.py::test_the_page_has_a_line_for_each_scenario",
    "python -m tools.two_regions": "e2e/test_two_regions.py"
    "::test_a_region_is_lost_and_every_webhook_that_was_answered_202_arrives",
    "python -m tools.simulation": "unit/simulation/test_simulation.py"
    "::test_the_page_and_its_pictures_are_those_of_the_results",
    "python -m tools.simulation.physical_outage": "contract/test_physical_runs.py"
    "::test_a_backlog_drains_and_nothing_is_lost",
    "python -m tools.simulation.physical_burst": "contract/test_physical_runs.py"
    "::test_a_step_is_answered_as_the_throttles_say",
    "python -m tools.licenses": "unit/tools/test_licenses.py::test_the_page_of_the_licenses_is_current",
    "python -m tools.imports": "unit/tools/test_imports.py::test_the_command_prints_each_room_and_the_totals",
    "partner-bus --port 4599 --functions": "e2e/test_installed.py"
    "::test_a_new_project_is_synthesized_and_deployed_and_its_webhook_reaches_the_customer",
    "partner-bus --port": "contract/test_partner_bus.py"
    "::test_the_command_serves_its_example_source_and_leaves_nothing_behind",
    "aws cloudformation deploy --stack-name PartnerEventRelay": "e2e/test_installed.py"
    "::test_the_plain_template_is_deployed_without_the_cdk_and_its_webhook_reaches_the_customer",
    "aws s3 cp": "e2e/test_installed.py"
    "::test_the_plain_template_is_deployed_without_the_cdk_and_its_webhook_reaches_the_customer",
    "relayctl template": "e2e/test_installed.py"
    "::test_the_plain_template_is_deployed_without_the_cdk_and_its_webhook_reaches_the_customer",
    "relayctl init": "relayctl/test_init.py::test_a_project_is_written_whose_relay_toml_passes_the_check",
    "aws cloudformation deploy": "contract/test_handover.py::test_what_was_held_arrives_once_at_the_rules_of_the_stack",
    "python -m pip install": "e2e/test_installed.py::test_the_pages_example_passes_in_an_empty_project",
    "aws events": "e2e/test_onboarding.py::test_the_onboarding_page_leads_to_a_customers_first_event",
    "aws sqs": "e2e/test_operations.py::test_a_dead_letter_is_looked_at_and_sent_back",
    "aws secretsmanager create-secret": "e2e/test_operations.py::test_a_secret_is_stored",
    "aws secretsmanager put-secret-value": "contract/test_rotation.py"
    "::test_both_secrets_are_active_while_the_sender_changes",
    "cdk deploy": "e2e/test_life.py::test_a_stack_is_deployed_changed_and_destroyed",
    "cdk bootstrap": "e2e/test_life.py::test_a_stack_is_deployed_changed_and_destroyed",
    "cdk destroy": "e2e/test_life.py::test_a_stack_is_deployed_changed_and_destroyed",
    "cdk synth": "infra/test_app.py::test_a_mistake_stops_synth_with_one_readable_message",
    "relayctl --version": "relayctl/test_manners.py::test_the_version_is_that_of_the_package",
    "relayctl --install-completion": "relayctl/test_manners.py"
    "::test_bash_completes_commands_routes_and_presets_once_it_is_installed",
    "relayctl --show-completion": "relayctl/test_manners.py"
    "::test_zsh_and_fish_are_given_a_script_and_the_names_that_it_asks_for",
    "relayctl --stage": "relayctl/test_stage.py::test_a_command_looks_at_the_stack_of_the_stage",
    "relayctl account": "relayctl/test_messages.py::test_the_account_and_the_region_of_the_credentials_are_printed",
    "relayctl check": "e2e/test_onboarding.py::test_the_onboarding_page_leads_to_a_customers_first_event",
    "relayctl map": "relayctl/test_offline.py::test_a_payload_is_shown_as_the_entry_it_would_become",
    "relayctl mcp": "relayctl/test_mcp.py::test_only_tools_that_look_are_listed_and_say_so",
    "relayctl send": "e2e/test_relayctl.py::test_a_payload_is_posted_as_the_sender_would",
    "relayctl presets guess": "relayctl/test_guess.py::test_the_command_names_the_preset_or_the_table_or_why_not",
    "relayctl presets": "relayctl/test_presets.py::test_every_preset_is_listed_with_whether_it_was_verified",
    "relayctl routes": "e2e/test_relayctl.py::test_each_route_is_shown_with_the_url_that_is_pasted_into_the_saas",
    "relayctl sources": "relayctl/test_sources.py::test_from_pending_to_active_to_gone",
    "relayctl destinations handover": "relayctl/test_destinations.py::test_the_hand_over_is_printed_as_it_is_deployed",
    "relayctl destinations": "relayctl/test_destinations.py::test_a_destination_is_paused_resumed_released_and_pinged",
    "relayctl doctor": "relayctl/test_doctor.py"
    "::test_where_all_is_well_the_exit_code_is_0_and_each_check_says_what_it_saw",
    "relayctl catalog infer": "relayctl/test_catalog.py"
    "::test_the_catalog_is_inferred_from_samples_and_passes_the_check",
    "relayctl catalog infer --since": "e2e/test_archive.py::test_the_event_catalog_is_learned_from_real_traffic",
    "relayctl catalog check": "relayctl/test_catalog.py::test_a_breaking_change_since_a_revision_is_named",
    "relayctl catalog page": "relayctl/test_catalog.py::test_the_page_is_written_into_a_folder",
    "relayctl catalog list": "relayctl/test_catalog.py::test_the_catalog_is_listed",
    "relayctl rehearse": "e2e/test_rehearse.py"
    "::test_every_step_passes_in_both_regions_and_the_evidence_is_the_committed_example",
    "relayctl diff": "e2e/test_archive.py::test_an_edit_of_relay_toml_is_compared_with_real_traffic",
    "relayctl replay": "e2e/test_archive.py::test_a_webhook_is_archived_and_sent_again_with_another_id",
    "relayctl listen": "relayctl/test_listen.py::test_what_is_archived_is_signed_anew_and_posted_until_ctrl_c",
    "relayctl recover svix": "relayctl/test_recover_senders.py"
    "::test_svix_sends_again_what_never_succeeded_and_is_not_on_its_way",
    "relayctl recover stripe": "relayctl/test_recover_senders.py"
    "::test_what_stripe_has_not_delivered_is_signed_here_and_becomes_events",
    "relayctl recover github": "relayctl/test_recover.py"
    "::test_what_failed_is_asked_for_once_and_what_was_delivered_since_is_not",
    "relayctl log": "e2e/test_delivery_log.py::test_support_sees_what_became_of_a_customers_entries",
    "relayctl trace": "e2e/test_delivery_log.py::test_a_webhook_is_traced_by_its_own_id_and_by_that_of_its_event",
    "relayctl dead-letters": "e2e/test_relayctl.py::test_some_are_redriven_some_exported_and_the_rest_discarded",
}
NOT_BY_A_TEST = {
    "make setup": "what every other target begins with",
    "make lint": "CI runs it",
    "make check": "CI runs it: it is this",
    "make test": "likewise",
    "make docs": "CI runs it",
    "make release-check": "likewise",
    "python -m tools.openapi": "writes a document, which unit/control/test_api.py compares",
    "make coverage": "make check, counted: minutes",
    "make deploy": "needs an account at AWS; cdk deploy is run onto the local one",
    "aws cloudformation update-termination-protection": "the local AWS protects no stack",
    "cdk import": "asks a person which resource is which",
    "cdk diff": "prints what cdk deploy would change",
    "make lock": "asks the package registries for every version; tests/infra/test_locks.py holds the result",
    "make simulate": "minutes; tests/unit/simulation simulates the short parts again and compares",
    "make arm64": "needs an emulated processor: qemu-user-static",
    "make clean": "removes the environment that the tests run in",
    "make bench": "minutes of a quiet machine; tests/contract/test_bench.py measures each of its parts once",
    "make load": "half an hour of a quiet machine; tests/contract/test_load.py runs each of its parts",
    "make soak": "likewise",
    "python -m tests.shapes": "measures seconds; tests/properties/test_bounded_work.py counts work",
    "python -m bench.memory": "needs root and control groups of version 1",
}


def commands(page: Path) -> set[str]:
    """Return what a reader could paste from `page`, without the folder of the program."""
    text = page.read_text("utf-8")
    lines = [line for block in re.findall(r"```(?:bash|text)\n(.*?)```", text, re.DOTALL) for line in block.split("\n")]
    lines += re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    return {re.sub(r"^(\.venv|node_modules)/\.?bin/", "", line) for line in lines if PROGRAM.match(line)}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_command_is_run_or_there_is_a_reason(page: Path) -> None:
    listed = tuple(RUN | NOT_BY_A_TEST)
    assert [command for command in commands(page) if not command.startswith(listed)] == []


@pytest.mark.parametrize("test", sorted(set(RUN.values())))
def test_the_test_that_runs_it_exists(test: str) -> None:
    path, name = test.split("::")
    assert f"def {name}(" in (ROOT / "tests" / path).read_text("utf-8")


def test_no_command_is_listed_that_no_page_has() -> None:
    documented = {command for page in PAGES for command in commands(page)}
    unused = [start for start in RUN | NOT_BY_A_TEST if not any(command.startswith(start) for command in documented)]
    assert unused == []
