"""What went wrong in kitchens and at printers elsewhere, and which tests hold that it does not here.

The numbers are those of the collection of field failures that this product was built against; its
sections on the kitchen (FS-34 to FS-48) and on printers (FS-51 to FS-58). A test that is renamed or
deleted is missed here.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

HELD_BY = {
    "FS-34 a display reconnects and misses what happened": {
        "screens/test_kitchen_display_lan.py": (
            "test_a_display_that_was_away_equals_the_box_and_marks_what_it_missed",
            "test_everything_is_proven_again_after_a_reconnect",
        ),
        "screens/test_kitchen_display_back.py": (
            "test_a_display_is_back_within_two_seconds",
        ),
    },
    "FS-36 a display looks healthy while blind": {
        "screens/test_kitchen_display_lan.py": (
            "test_a_blind_display_says_since_when_and_shows_all_when_the_broker_is_back",
        ),
        "edge/delivery/test_delivery.py": (
            "test_a_silent_display_is_noticed_and_its_backup_gets_the_ticket",
        ),
        "edge/delivery/test_delivery_lasts.py": (
            "test_within_five_seconds_the_sender_knows_that_nobody_has_it",
        ),
        "edge/delivery/test_ways_that_are_there.py": (
            "test_without_the_broker_paper_is_the_other_way_and_displays_are_none",
            "test_a_display_that_says_nothing_for_long_is_not_there",
            "test_a_display_that_was_shut_out_is_no_way_although_its_goodbye_is_refused",
        ),
    },
    "FS-38 an impatient thumb": {
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs38_an_impatient_thumb_gets_one_ticket",
        ),
        "screens/test_box_away.py": ("test_eight_taps_are_one_order",),
        "screens/kiosk/test_kiosk_closed.py": ("test_eight_taps_are_one_order",),
    },
    "FS-40 a reprint looks new": {
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs40_whoever_prints_again_the_copy_says_so",
        ),
        "edge/staff/test_papers_in_the_trail.py": (
            "test_who_discarded_a_ticket_and_who_printed_a_page_is_told",
        ),
    },
    "FS-41 an item is routed to no station": {
        "protocol/test_stations.py": (
            "test_fs41_an_item_goes_where_it_says_else_with_its_category_else_to_the_fallback",
            "test_fs41_a_station_that_was_deleted_is_replaced_and_not_left_out",
            "test_fs41_an_item_of_no_known_category_has_a_station",
            "test_fs41_a_line_without_any_station_of_its_own_is_on_a_ticket",
        ),
        "edge/test_routing.py": (
            "test_fs41_a_routing_to_a_station_that_is_not_there_loses_no_line",
            "test_fs41_what_names_a_station_that_is_not_there_is_said_on_every_screen",
        ),
        "edge/test_doctor.py": (
            "test_fs41_items_that_only_the_fallback_station_has_are_named",
        ),
        "cloud/test_routing.py": ("test_fs41_items_that_only_have_the_fallback_are_listed",),
        "edge/delivery/test_delivery.py": ("test_a_station_nobody_serves_is_named_once",),
    },
    "FS-43 a second round reprints the first": {
        "screens/test_kitchen_display.py": (
            "test_second_round_is_one_new_dish_with_its_table",
        ),
        "edge/printing/test_spool.py": ("test_what_comes_later_prints_only_what_is_new",),
        "edge/printing/test_fired_again.py": (
            "test_what_another_firing_has_sent_is_not_printed_again",
        ),
    },
    "FS-45 cancelled, but the kitchen cooks on": {
        "screens/test_kitchen_display.py": (
            "test_what_is_cancelled_is_seen_and_heard_within_two_seconds",
        ),
        "screens/test_kitchen_display_lan.py": (
            "test_a_display_that_was_away_equals_the_box_and_marks_what_it_missed",
        ),
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs45_what_is_called_off_is_called_off_on_paper_when_the_printer_is_back",
            "test_fs45_a_ticket_that_never_came_out_does_not_come_out_once_its_order_is_cancelled",
        ),
        "edge/staff/test_sign_in.py": (
            "test_a_guest_cancels_until_the_kitchen_has_begun_also_where_nobody_signs_in",
        ),
    },
    "FS-47 sending waits for the printer": {
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs47_sending_does_not_wait_for_the_printer",
        ),
        "edge/printing/test_bad_printers.py": (
            "test_five_printers_at_their_worst_delay_no_order",
        ),
    },
    "FS-48 both ways to the kitchen are down": {
        "edge/delivery/test_delivery.py": (
            "test_with_both_routes_down_people_are_told_and_it_is_shown_once_marked_late",
        ),
        "edge/delivery/test_open_for_guests.py": (
            "test_displays_that_are_all_gone_close_it_and_one_that_is_back_opens_it",
        ),
        "screens/test_counter_kitchen.py": (
            "test_an_order_nobody_has_seen_is_red_and_loud_until_somebody_has",
        ),
        "edge/printing/test_who_prints_instead.py": (
            "test_with_the_backup_dead_as_well_the_next_one_prints",
        ),
    },
    "FS-51 the printer is off when the order is sent": {
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs51_a_printer_that_was_off_prints_once_when_it_is_on",
        ),
        "edge/printing/test_backup_printer.py": (
            "test_a_printer_that_refuses_twice_is_given_up_at_once",
            "test_what_may_have_come_out_says_duplicate_on_the_backup",
        ),
        "edge/printing/test_who_prints_instead.py": (
            "test_two_printers_of_a_station_that_die_together_leave_one_ticket_at_their_stand_in",
            "test_what_was_moved_goes_home_when_the_stand_in_dies_and_its_own_printer_is_well",
        ),
    },
    "FS-52 no paper, and success": {
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs52_no_paper_is_no_success",
            "test_fs52_after_an_hour_without_paper_the_tickets_ask_first",
            "test_fs52_power_lost_before_the_cover_is_closed_loses_no_ticket",
        ),
        "edge/printing/test_papers_in_doubt.py": (
            "test_a_printer_that_never_proves_it_gets_three_papers_and_not_the_whole_roll",
            "test_a_proof_that_cannot_be_written_down_at_once_is_no_second_paper",
        ),
        "contract/printers.py": (
            "test_paper_that_runs_out_inside_a_job_is_no_proof",
            "test_a_job_taken_but_not_yet_printed_is_no_proof",
            "test_a_long_job_that_goes_on_is_waited_for_beyond_the_timeout",
        ),
    },
    "FS-55 one dead printer stops all": {
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs55_one_dead_printer_stops_no_other",
        ),
    },
    "FS-56 the morning burst": {
        "edge/printing/test_paper_in_the_field.py": (
            "test_fs56_in_the_morning_the_kitchen_is_asked_and_the_counter_gets_its_receipts",
            "test_fs56_a_box_that_cannot_know_how_long_it_was_off_says_so_on_the_ticket",
        ),
        "edge/printing/test_who_prints_instead.py": (
            "test_a_printer_that_is_taken_away_leaves_its_papers_with_a_person",
        ),
        "edge/printing/test_till_papers.py": (
            "test_a_receipt_that_comes_out_late_opens_no_drawer",
        ),
    },
    "FS-58 printer or box get another address": {
        "edge/printing/test_printer_elsewhere.py": (
            "test_fs58_after_a_power_cut_it_is_found_at_its_new_address",
            "test_fs58_two_printers_that_swapped_addresses_do_not_print_each_others_papers",
            "test_fs58_a_box_prints_on_within_its_minute",
        ),
        "edge/printing/test_printer_on_a_lan.py": (
            "test_a_printer_with_a_new_address_is_found_by_its_hardware",
        ),
        "edge/kiosk/test_tether.py": (
            "test_it_follows_the_box_to_another_port",
            "test_it_is_found_over_mdns_and_followed_by_its_outlet",
        ),
        "edge/lan/test_mdns.py": (
            "test_an_address_that_changed_is_announced_and_the_old_one_is_not_answered",
        ),
    },
}  # fmt: skip


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@pytest.mark.parametrize("failure", HELD_BY)
def test_each_failure_is_held_by_tests_of_these_names(failure):
    missing = [
        f"{file}::{name}"
        for file, names in HELD_BY[failure].items()
        for name in names
        if name not in names_in(file)
    ]
    assert missing == []
