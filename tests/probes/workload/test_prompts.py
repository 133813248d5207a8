import pytest

from probes.errors import ProbeError
from probes.workload.prompts import FIRST_ID, WORDS, Alphabet
from probes.workload.seeds import Place, generator


def drawn(alphabet, length, seed=3):
    return alphabet.draw(generator(seed, Place(0, 0, "closed")), length)


def test_ids_are_plain_integers_above_the_special_ones():
    alphabet = Alphabet.of("token_ids", 151_936)
    ids = alphabet.render(drawn(alphabet, 5000))
    assert (5000, True, {int}) == (len(ids), min(ids) >= FIRST_ID and max(ids) < 151_936, set(map(type, ids)))


def test_ids_are_uniform():
    # Mean of [100, 1100) is 599.5; its standard error over 40,000 draws is 1000 / sqrt(12 * 40000) = 1.44.
    assert drawn(Alphabet.of("token_ids", 1100), 40_000).mean() == pytest.approx(599.5, abs=5 * 1.44)


def test_a_longer_draw_begins_with_the_shorter_one():
    alphabet = Alphabet.of("token_ids", 128_256)
    assert drawn(alphabet, 77).tolist() == drawn(alphabet, 1001).tolist()[:77]


@pytest.mark.parametrize("vocab_size", [2, 50, 101])
def test_a_tiny_vocabulary_is_used_from_its_first_id(vocab_size):
    ids = drawn(Alphabet.of("token_ids", vocab_size), 2000)
    assert (0, vocab_size - 1) == (ids.min(), ids.max())


@pytest.mark.parametrize(
    ("vocab_size", "words"), [(None, "size of the model's vocabulary"), (-5, "-5 is too small"), (1, "1 is too small")]
)
def test_ids_need_a_vocabulary_that_allows_a_choice(vocab_size, words):
    with pytest.raises(ProbeError, match=words):
        Alphabet.of("token_ids", vocab_size)


def test_text_is_that_many_common_words():
    alphabet = Alphabet.of("text", None)
    prompt = alphabet.render(drawn(alphabet, 20_000)).split(" ")
    assert (20_000, set(WORDS)) == (len(prompt), set(prompt))


def test_words_are_all_different_and_plain():
    assert (len(WORDS), True) == (len(set(WORDS)), all(word.isascii() and word.isalpha() for word in WORDS))
