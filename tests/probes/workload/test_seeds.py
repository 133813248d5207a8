import itertools

import pytest

from probes.errors import ProbeError
from probes.workload.seeds import Place, common_salt, generator, own_salt


def numbers(place, seed=1):
    return tuple(generator(seed, place).integers(0, 2**62, size=2).tolist())


def test_no_two_places_share_random_numbers():
    kinds = ["closed", "scheduled", "beginning", "block", "arrivals", "check"]
    places = [
        Place(a, c, k, x, y) for a, c, k, x, y in itertools.product(range(2), range(3), kinds, range(4), range(4))
    ]
    assert len(places) == len({numbers(place) for place in places})


def test_a_number_above_32_bits_is_not_mistaken_for_two_numbers():
    # numpy joins the 32-bit words of a spawn key, so that (2**32,) and (0, 1) are one key; a key of fixed length keeps them apart.
    places = [Place(0, 0, "block", 2**32), Place(0, 0, "block", 1), Place(0, 0, "block", 0, 1), Place(0, 1, "block", 0)]
    assert 4 == len({numbers(place) for place in places})


def test_the_same_seed_and_place_give_the_same_numbers_and_another_seed_others():
    place = Place(0, 1, "closed", 2, 3)
    assert numbers(place) == numbers(place)
    assert numbers(place) != numbers(place, seed=2)


@pytest.mark.parametrize(
    ("seed", "place"),
    [
        (-1, Place(0, 0, "closed")),
        (1, Place(-1, 0, "closed")),
        (1, Place(0, 2**32, "closed")),
        (1, Place(0, 0, "block", 2**64)),
        (1, Place(0, 0, "closed", 0, 2**32)),
    ],
)
def test_a_place_out_of_range_is_refused_in_a_sentence(seed, place):
    with pytest.raises(ProbeError, match="each must be 0 or more"):
        generator(seed, place)


def test_own_salts_are_never_the_same_and_common_ones_are():
    assert 100 == len({own_salt() for _ in range(100)})
    assert common_salt(1, 0, 2, "trace") == common_salt(1, 0, 2, "trace")
    others = [(2, 0, 2, "trace"), (1, 1, 2, "trace"), (1, 0, 3, "trace"), (1, 0, 2, "beginning-0")]
    assert 5 == len({common_salt(1, 0, 2, "trace"), *(common_salt(*other) for other in others)})
