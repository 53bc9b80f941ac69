"""Rules of signing in switched off: what a session still brings, and how PINs hold against machines."""

import asyncio
from collections.abc import Iterable
from typing import Any

from simulation.mutation import Undo, mutant, replace

from edge import pin_desk, sessions
from edge.pin_desk import Door, PinDesk
from edge.sessions import Held, Sessions
from edge.staff import People
from protocol import sign_in

SIGN_IN = "edge/staff/test_sign_in.py"
ENDED = "edge/staff/test_ended_sessions.py"
PINS = "edge/staff/test_pin_desk.py"


@mutant(3, f"{ENDED}::test_what_waited_at_the_screen_is_taken_for_a_day_and_no_longer")
def sessions_bring_what_they_like_for_ever() -> Undo:
    """What waited under a session that ended is taken whenever it comes."""
    return replace(sessions, "ENDED_COUNTS_MS", 1 << 60)


@mutant(1, f"{ENDED}::test_what_waited_at_the_screen_is_taken_for_a_day_and_no_longer")
def what_waited_is_turned_away() -> Undo:
    """What was typed before a sign-out is not taken after it."""
    return replace(sessions, "ENDED_COUNTS_MS", -1)


@mutant(3, f"{ENDED}::test_nothing_new_is_taken_under_a_session_that_ended")
def an_ended_session_goes_on() -> Undo:
    """Under a token that was signed out new commands are taken."""
    return replace(Held, "waited", lambda self, command_id: True)


@mutant(3, f"{ENDED}::test_it_opens_nothing_else")
def an_ended_session_opens_doors() -> Undo:
    """What is no command is answered under a session that has ended."""

    def actor(self: Any, token: str, device: str | None = None) -> Any:
        del device
        held = self._held.get(sessions.hash_of(token))
        return None if held is None else self.people.actor(held.staff_id)

    return replace(Sessions, "actor", actor)


@mutant(
    3, "edge/staff/test_thefts.py::test_a_token_copied_from_a_paired_screen_is_nobody_elsewhere"
)
def copied_tokens_work_anywhere() -> Undo:
    """A session that was begun at one paired device is good at another."""
    return replace(Held, "is_at", lambda self, device: True)


@mutant(3, f"{ENDED}::test_a_token_that_a_manager_left_at_a_screen_gives_nothing_away")
def an_ended_session_keeps_its_power() -> Undo:
    """A manager's token, left at a screen, does for a day what needs a manager."""
    return replace(sessions, "ENDED_TRUSTED_MS", sign_in.ENDED_COUNTS_MS)


@mutant(3, f"{ENDED}::test_who_leaves_is_signed_out_kindly_and_keeps_no_power")
def who_left_stays_signed_in() -> Undo:
    """Somebody who does not work here any more goes on in the session they had."""
    return replace(Sessions, "_person_left", lambda self, staff_id: None)


@mutant(3, f"{ENDED}::test_who_leaves_is_signed_out_kindly_and_keeps_no_power")
def who_left_keeps_their_power() -> Undo:
    """What waited under the session of somebody who left is done with all that they could."""
    real = Sessions._end_soon

    def end_soon(self: Any, held: Any, reason: str, *, left: bool) -> None:
        del left
        real(self, held, reason, left=False)

    return replace(Sessions, "_end_soon", end_soon)


@mutant(3, f"{SIGN_IN}::test_a_device_that_is_shut_out_ends_its_sessions_and_its_live_feed")
def a_stolen_device_stays_signed_in() -> Undo:
    """A device that was shut out keeps whoever was signed in at it."""
    return replace(Sessions, "device_gone", lambda self, device: None)


@mutant(3, f"{SIGN_IN}::test_a_switch_ends_the_session_before_and_both_are_written_down")
def a_switch_leaves_the_first_signed_in() -> Undo:
    """Whoever was signed in at a screen stays so when somebody else signs in there."""
    real = Sessions.begin

    async def begin(
        self: Any,
        person: Any,
        door: Any,
        screen: str,
        instead_of: str = "",
        waiting: Iterable[str] | None = None,
    ) -> Any:
        del instead_of
        return await real(self, person, door, screen, "", waiting)

    return replace(Sessions, "begin", begin)


@mutant(1, f"{SIGN_IN}::test_a_session_survives_a_restart_and_its_token_is_kept_nowhere")
def a_restart_signs_everybody_out() -> Undo:
    """Sessions are remembered until the box restarts."""
    return replace(sessions, "_kept", lambda db, before_ms: [])


@mutant(3, f"{SIGN_IN}::test_a_session_survives_a_restart_and_its_token_is_kept_nowhere")
def tokens_lie_on_the_disk() -> Undo:
    """What opens a session is kept as it is."""
    return replace(sessions, "hash_of", lambda token: token.encode())


@mutant(3, f"{SIGN_IN}::test_what_a_role_may_counts_from_the_next_command_on")
def roles_stand_until_the_next_start() -> Undo:
    """What HQ takes from somebody they may do until the box restarts."""
    real = People._look_again

    def look_again(self: Any) -> None:
        before = dict(self._actors)
        real(self)
        self._actors |= before

    return replace(People, "_look_again", look_again)


@mutant(1, f"{SIGN_IN}::test_people_without_the_pepper_lock_nobody_out")
def an_outlet_locks_itself() -> Undo:
    """Screens ask who is there although nobody could say it."""
    real = People._look_again

    def look_again(self: Any) -> None:
        real(self)
        self._sign_in = bool(self._known)

    return replace(People, "_look_again", look_again)


@mutant(3, f"{SIGN_IN}::test_more_sessions_than_there_is_room_for_end_the_oldest")
def ended_sessions_fill_the_memory() -> Undo:
    """Sessions that ended long ago are never forgotten."""
    return replace(Sessions, "_forget_ended", lambda self, now_ms: None)


@mutant(3, f"{SIGN_IN}::test_a_pin_chosen_at_the_box_holds_at_once_and_outlives_older_news")
def older_news_undo_a_pin() -> Undo:
    """HQ's older word on somebody brings their old PIN back."""

    def take_row(self: Any, db: Any, row: Any, at: Any) -> None:
        del at
        self._keep(db, decode(row.body))

    from edge.staff import _decoder

    decode = _decoder.decode
    return replace(People, "take_row", take_row)


@mutant(3, f"{SIGN_IN}::test_a_pin_chosen_at_the_box_holds_at_once_and_outlives_older_news")
def any_pin_will_do() -> Undo:
    """A PIN may be 1111."""
    from edge.routes import staff

    return replace(staff.s, "fits_as_pin", lambda pin: True)


# ------------------------------------------------------------------ PINs that are guessed


@mutant(3, f"{PINS}::test_a_machine_is_slowed_down_and_the_right_pin_has_to_wait_as_well")
def pins_may_be_guessed() -> Undo:
    """Wrong PINs cost no time."""
    return replace(pin_desk, "WAITS_S", (0,))


@mutant(3, f"{PINS}::test_a_machine_is_slowed_down_and_the_right_pin_has_to_wait_as_well")
def the_right_pin_ends_the_wait() -> Undo:
    """While somebody has to wait their PIN is looked at all the same."""
    real = PinDesk.check

    async def check(self: Any, staff_id: str, pin: str, door: Any) -> Any:
        for tried in self._tried.values():
            tried.until_ms = 0
        return await real(self, staff_id, pin, door)

    return replace(PinDesk, "check", check)


@mutant(3, f"{PINS}::test_each_wrong_pin_waits_longer_up_to_a_bound")
def waits_do_not_grow() -> Undo:
    """The tenth wrong PIN costs as little time as the fourth."""
    return replace(pin_desk, "WAITS_S", (5,) * 6)


@mutant(3, f"{PINS}::test_nobody_else_and_no_other_device_is_held_up")
def one_guesser_locks_the_outlet() -> Undo:
    """Whoever types nonsense for one person holds all of them up."""
    real = PinDesk._tried_of
    return replace(
        PinDesk, "_tried_of", lambda self, staff_id, door: real(self, "", Door("", door.name))
    )


@mutant(3, f"{PINS}::test_a_machine_with_all_addresses_of_the_network_is_one_machine")
def each_address_has_tries_of_its_own() -> Undo:
    """A machine takes another address, and guesses on."""
    return replace(PinDesk, "_door_of", lambda self, staff_id, door: door)


@mutant(3, f"{PINS}::test_what_a_screen_calls_itself_gives_it_no_further_tries")
def each_name_has_tries_of_its_own() -> Undo:
    """A screen calls itself something else, and guesses on."""
    real = PinDesk._tried_of
    return replace(
        PinDesk, "_tried_of", lambda self, staff_id, door: real(self, staff_id, Door(door.name, ""))
    )


@mutant(3, f"{PINS}::test_two_guesses_at_once_are_not_two_for_one_wait")
def guesses_at_once_count_as_one() -> Undo:
    """PINs that are typed at the same time are looked at without waiting for one another."""
    real = PinDesk.check

    async def check(self: Any, staff_id: str, pin: str, door: Any) -> Any:
        for tried in self._tried.values():
            tried.busy, tried.wrong = False, 0
        return await real(self, staff_id, pin, door)

    return replace(PinDesk, "check", check)


@mutant(3, f"{PINS}::test_a_flood_is_one_entry_that_says_how_many")
def each_guess_is_written_down() -> Undo:
    """A machine that guesses fills the journal."""
    real = PinDesk._note_wrong

    def note_wrong(self: Any, staff_id: str, door: Any, tried: Any) -> None:
        real(self, staff_id, door, tried)
        asyncio.get_running_loop().create_task(self.tell())

    return replace(PinDesk, "_note_wrong", note_wrong)


@mutant(3, f"{PINS}::test_what_was_not_told_yet_is_told_when_the_box_stops")
def guesses_are_forgotten_at_the_end() -> Undo:
    """What somebody guessed before the box stopped is told to nobody."""

    async def nothing(self: Any) -> None:
        del self

    return replace(PinDesk, "tell", nothing)


@mutant(3, f"{PINS}::test_orders_do_not_wait_while_pins_are_looked_at")
def pins_are_looked_at_before_orders() -> Undo:
    """Orders wait while a PIN is looked at."""

    async def on_the_loop(self: Any, work: Any) -> Any:
        del self
        return work()

    return replace(PinDesk, "_off_the_loop", on_the_loop)
