"""How steps are spelled on the command line."""

import pytest

from wordvec_cli.errors import OptionError
from wordvec_cli.vectors.transform.axis import SubtractAxis
from wordvec_cli.vectors.transform.centre import Centre
from wordvec_cli.vectors.transform.components import AllButTheTop, Whiten
from wordvec_cli.vectors.transform.joining import Average, Concat
from wordvec_cli.vectors.transform.normalise import Normalise
from wordvec_cli.vectors.transform.prune import Prune
from wordvec_cli.vectors.transform.spelling import STEPS, parsed_step


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("normalise", Normalise()),
        ("centre", Centre()),
        ("centre:fit-on=20000", Centre(20000)),
        ("abtt:2", AllButTheTop(2)),
        ("abtt:2,fit-on=100", AllButTheTop(2, 100)),
        ("whiten", Whiten()),
        ("whiten:0.25", Whiten(0.25)),
        ("whiten:fit-on=5", Whiten(fit_on=5)),
        ("whiten:0.25,fit-on=5", Whiten(0.25, 5)),
        ("prune:10", Prune(10)),
        ("prune:10,merge", Prune(10, merge=True)),
        ("concat:a,b.txt", Concat("a,b.txt")),
        ("concat:C:\\a.txt,unit,words=all", Concat("C:\\a.txt", "all", unit=True)),
        ("average:unit", Average("unit")),
        ("average:x.txt,weight=0.2", Average("x.txt", weight=0.2)),
        ("subtract-axis:he:she,man:woman", SubtractAxis("he:she,man:woman")),
        ("subtract-axis:he:she,man:woman,size=2", SubtractAxis("he:she,man:woman", 2)),
    ],
)
def test_a_step_is_a_name_an_argument_and_options(text: str, step: object) -> None:
    assert parsed_step(text).step == step


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("center", "no such step; did you mean centre?"),
        ("normalize", "did you mean normalise?"),
        ("abt:2", "did you mean abtt?"),
        ("xyzzy", "xyzzy: no such step; steps are normalise, centre"),
        ("abtt", r"abtt: D is missing; write abtt:D\[,fit-on=N\]"),
        ("abtt:0", "D is '0', not a whole number above 0"),
        ("abtt:2,fit-on=x", "fit-on is 'x', not a whole number above 0"),
        ("whiten:", "P is missing"),
        ("whiten:-1", "P is '-1', not a number above 0"),
        ("whiten:nan", "not a number above 0"),
        ("centre:5", r"is spelled centre\[:fit-on=N\]"),
        ("normalise:5", "normalise takes nothing after it"),
        ("concat", "FILE is missing"),
        ("average:x,words=some", "words is 'some', not common or all"),
        ("round:41", "not a whole number from 0 to 40"),
    ],
)
def test_a_step_that_is_misspelled_is_told_how_to_be_spelled(text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parsed_step(text)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_of_the_table_can_be_taken(name: str) -> None:
    kind = STEPS[name]
    needed = {"D": "1", "N": "1", "DECIMALS": "1", "FILE": "f", "A:B,...": "a:b"}
    text = name + (f":{needed[kind.argument[1]]}" if kind.argument and kind.is_needed else "")
    assert parsed_step(text).name == name
