"""From a picture look to an observation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.advance import advance
from monitor.domain.fault import FAULTS
from monitor.domain.observation import Evidence, LookKind
from monitor.domain.picture import SINGLE, PictureFault, PictureVerdict
from monitor.domain.picture_look import Stillness
from monitor.domain.policy import Policy
from monitor.domain.state import Connectivity, DeviceState, initial_state
from monitor.services.observe_picture import NO_PICTURE, PICTURE_FAULTS, observe_picture

T0 = 1_767_225_600
FAULT = PictureFault("picture_blur", 0.1, 0.28, "清晰度", "sharpness")


def online(at: int) -> DeviceState:
    return replace(
        initial_state("d", created_at=T0 - 90_000),
        connectivity=Connectivity.ONLINE,
        last_evidence_at=at,
        answered_at=at,
        interval_s=300,
    )


def test_every_picture_fault_is_in_the_catalogue() -> None:
    assert set(FAULTS) >= PICTURE_FAULTS


def test_a_picture_shows_its_faults_and_could_have_shown_others() -> None:
    verdict = PictureVerdict((FAULT,), SINGLE)

    seen = observe_picture(online(T0), "picture", verdict, Stillness(T0 + 9), at=T0 + 9, interval_s=300)

    assert (seen.kind, seen.evidence, seen.faults) == (LookKind.PICTURE, Evidence.ANSWERED, ("picture_blur",))
    assert {"picture_black", "no_stream"} <= seen.could_show
    assert "picture_moved" not in seen.could_show
    assert not seen.proves_itself


def test_a_picture_that_stands_still_is_a_fault_of_its_own_only_where_it_has_no_other() -> None:
    frozen = Stillness(T0 - 9, 2, True)
    intact, blurred = PictureVerdict((), SINGLE), PictureVerdict((FAULT,), SINGLE)

    for verdict, faults in ((intact, ("picture_frozen",)), (blurred, ("picture_blur",))):
        seen = observe_picture(online(T0), "picture", verdict, frozen, at=T0 + 9, interval_s=300)
        assert seen.faults == faults
        assert ("picture_frozen" in seen.could_show) is (verdict is intact)


@pytest.mark.parametrize("outcome", sorted(NO_PICTURE))
def test_a_device_that_gives_no_picture_is_faulty_and_neither_more_nor_less_online(outcome: str) -> None:
    state = online(T0)
    for number in (1, 2):
        seen = observe_picture(state, outcome, None, None, at=T0 + 100 * number, interval_s=300)
        assert seen.faults == ("no_stream",)
        state, _ = advance(replace(state, last_evidence_at=T0 + 100 * number - 10), seen, Policy())

    assert [(fault.code, fault.confirmed) for fault in state.faults] == [("no_stream", True)]
    assert state.connectivity is Connectivity.ONLINE
    assert state.answered_at == T0
    assert LookKind.PICTURE not in dict(state.evidence)


@pytest.mark.parametrize(
    "outcome", ["refused", "unsupported", "elsewhere", "no_uri", "killed", "died", "ours", "too_large"]
)
def test_what_leaves_it_open_shows_and_clears_nothing(outcome: str) -> None:
    assert observe_picture(online(T0), outcome, None, None, at=T0 + 9, interval_s=300).evidence is Evidence.NONE


def test_a_login_refused_that_was_accepted_is_shown() -> None:
    seen = observe_picture(online(T0), "refused", None, None, at=T0 + 9, interval_s=300, refuses=True)

    assert seen.faults == ("refused",)
