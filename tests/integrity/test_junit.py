from xml.etree import ElementTree

from integrity.junit import Case, Outcome, as_junit


def test_each_case_is_a_test_and_the_suite_counts_them():
    suite = ElementTree.fromstring(
        as_junit(
            "desk",
            [
                Case("toy", "holds", seconds=0.25, text="2 tolerated"),
                Case("toy", "breaks", Outcome.FAILURE, "error: 1 violation"),
                Case("toy", "fails", Outcome.ERROR, "statement timeout"),
                Case("toy", "sleeps", Outcome.SKIPPED, "until May"),
            ],
        )
    ).find("testsuite")

    assert suite.attrib == {
        "name": "desk",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "0.250",
    }
    assert [(each.get("name"), [part.tag for part in each]) for each in suite] == [
        ("holds", ["system-out"]),
        ("breaks", ["failure"]),
        ("fails", ["error"]),
        ("sleeps", ["skipped"]),
    ]
    assert suite[1][0].get("message") == suite[1][0].text == "error: 1 violation"


def test_what_xml_cannot_hold_is_replaced_and_what_it_escapes_comes_back():
    text = as_junit("desk", [Case("toy", "a<b & \x00\ud800", Outcome.FAILURE, '"\x1b"')])

    case = ElementTree.fromstring(text).find("testsuite/testcase")
    assert case.get("name") == "a<b & \ufffd\ufffd"
    assert case[0].text == '"\ufffd"'
