"""Errors of the HTTP side say which parameter, which method, how many bytes."""

from api.http.errors import BodyTooLarge, BodyTooSlow, MissingParameter, WrongMethod, missing


def test_a_missing_parameter_is_named_with_a_hint_where_there_is_one() -> None:
    assert (MissingParameter("apikey").message, MissingParameter("apikey").field) == (
        "The parameter apikey is missing.",
        "apikey",
    )
    assert MissingParameter("to", "or recipients").message == "The parameter to is missing (or recipients)."


def test_a_parameter_is_not_said_to_be_missing_from_a_body_that_could_not_be_read() -> None:
    broken = missing("to", "the body is no JSON")
    assert (type(broken).__name__, broken.message, broken.field) == ("BadRequest", "the body is no JSON", "body")
    assert isinstance(missing("to"), MissingParameter)


def test_a_wrong_method_says_the_right_ones_for_the_header() -> None:
    error = WrongMethod({"POST", "GET"})
    assert (error.message, error.allowed) == ("This path answers to GET, POST only.", ("GET", "POST"))
    assert WrongMethod().message == "This path does not answer to that method."


def test_a_body_says_what_it_was_too_large_or_too_slow_for() -> None:
    assert BodyTooLarge(1024).message == "The request body is larger than 1024 bytes."
    assert BodyTooLarge(16 * 1024 * 1024).message == "The request body is larger than 16 MiB."
    assert BodyTooSlow(2.5).message == "The request body did not arrive within 2.5 seconds."
    assert BodyTooSlow().message == "The request body took too long to arrive."
