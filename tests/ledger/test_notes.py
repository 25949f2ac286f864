"""Notes and warnings."""

import pickle

from ledger.notes import Note, warnings_among


def test_a_warning_says_that_it_is_one_and_reads_as_text():
    """A level, and the word before the sentence."""
    warned, said = Note("all is guessed.", level="warning"), Note("Warning signs were counted.")
    assert (warned, warned.level, said.level) == ("Warning: all is guessed.", "warning", "note")
    assert warnings_among([said, "plain text", warned]) == (warned,)


def test_a_note_keeps_its_level_on_the_way_to_a_worker():
    """Pickled and read again."""
    for note in (Note("all is guessed.", level="warning"), Note("some is.")):
        again = pickle.loads(pickle.dumps(note))
        assert (again, again.level) == (note, note.level)
