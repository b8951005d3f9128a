import copy
import re
from typing import Any

import pytest
from cast import Cast, placed
from fake_platform import FakePlatform, made_up_results
from kitloop_sdk import Client
from kitloop_storefront.models import Result
from kitloop_storefront.tracking import bring_up_to_date


def shown(cast: Cast, fake: FakePlatform, door: Client, *, status: str = "succeeded", results: Any = None) -> str:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id), status=status, results=results)
    bring_up_to_date(door, order)
    answer = cast.browser("jane").get(f"/kits/{order.number}/results/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_ancestry_scores_checks_and_files(cast: Cast, fake: FakePlatform, door: Client) -> None:
    page = shown(cast, fake, door)
    assert page.count('<circle class="c') == 6
    assert "Finland 53%" in page  # the picture's words
    assert "47% to 59%" in page
    assert "under 1%" in page
    assert "Higher than 87 of 100 people" in page
    assert "LDL cholesterol" in page
    assert "Raised likelihood" in page
    assert "4 of 4 checks passed" in page
    assert "at least 330,000,000" in page
    assert "Your genetic variants (VCF)" in page
    assert "Simulated." in page
    assert "style=" not in page  # the content security policy would drop it


def test_files_come_in_the_order_in_which_a_person_would_look_for_them(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    page = shown(cast, fake, door)
    found = re.findall(r'/files/([\w-]+)"', page)
    assert found == [
        "impute-vcf", "impute-tbi", "ancestry-json", "traits-json", "alignment-bam", "fastq-r1", "fastq-r2",
    ]  # fmt: skip


def test_a_score_without_a_value_is_not_reported_in_plain_words(cast: Cast, fake: FakePlatform, door: Client) -> None:
    page = shown(cast, fake, door)
    article = page.split("Caffeine metabolism")[1].split("</article>")[0]
    assert "Not reported" in article
    assert "<svg" not in article
    assert "None" not in page


@pytest.mark.parametrize(
    "spread",
    [
        None,
        {},
        {"bin_edges": [1], "counts": []},
        {"bin_edges": [0, 1], "counts": [0]},
        {"bin_edges": [1, 0], "counts": [3]},
    ],
)
def test_a_score_without_a_usable_distribution_still_has_its_place(
    cast: Cast, fake: FakePlatform, door: Client, spread: Any
) -> None:
    results = made_up_results()
    results["scores"] = [copy.deepcopy(results["scores"][0])]
    results["scores"][0]["trait_distribution"]["value"] = spread
    page = shown(cast, fake, door, results=results)
    assert "curve flat" in page
    assert "Higher than 87 of 100" in page


@pytest.mark.parametrize(
    ("percentile", "sentence", "number"),
    [
        (0, "Lower than almost everyone", "below 1"),
        (0.4, "Lower than almost everyone", "below 1"),
        (1, "Higher than 1 of 100", "1 of 100"),
        (50, "Higher than 50 of 100", "50 of 100"),
        (98.99, "Higher than 98 of 100", "98 of 100"),
        (99.5, "Higher than almost everyone", "99 of 100"),
        (100, "Higher than almost everyone", "99 of 100"),
    ],
)
def test_a_percentile_is_told_among_a_hundred_people(
    cast: Cast, fake: FakePlatform, door: Client, percentile: float, sentence: str, number: str
) -> None:
    results = made_up_results()
    results["scores"] = [copy.deepcopy(results["scores"][0])]
    results["scores"][0]["trait_score"]["percentile"] = percentile
    page = shown(cast, fake, door, results=results)
    assert sentence in page
    assert number in page


def test_results_without_ancestry_or_scores_say_so(cast: Cast, fake: FakePlatform, door: Client) -> None:
    page = shown(cast, fake, door, results={"quality_controls": []})
    assert "Ancestry is not reported" in page
    assert "Scores are not reported" in page
    assert "How good is my data" not in page


def test_ancestry_of_another_shape_and_without_intervals_is_no_error(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    results = made_up_results()
    results["ancestry"]["ancestry"]["value"] = {"FIN": 0.5}
    assert "Ancestry is not reported" in shown(cast, fake, door, results=results)
    results["ancestry"]["ancestry"]["value"] = {"populations": [{"key": "fin", "proportion": 0.5}]}
    page = shown(cast, fake, door, results=results)
    assert "not estimated" in page
    assert ">fin</" in page


def test_a_person_of_no_group_is_told_so(cast: Cast, fake: FakePlatform, door: Client) -> None:
    results = made_up_results()
    said = "do not fit you well", "Likely between", 'class="gaps"'
    page = shown(cast, fake, door, results=results)
    assert [words in page.split('id="scores"')[0] for words in said] == [False, True, False]
    results["ancestry"]["metadata"] = {"value": {"outside_panel": True}}
    page = shown(cast, fake, door, results=results)
    assert [words in page.split('id="scores"')[0] for words in said] == [True, False, True]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("outside_panel", "Your place among other people would be misleading"),
        ("too_uncertain", "leaves open where you stand"),
        ("low_match_rate", "This test reads too little of what makes up the score"),
        ("wrong_build", "not set up for this test yet"),
        ("made_up_later", "could not be worked out"),
        (None, "could not be worked out"),
    ],
)
def test_why_a_score_is_not_reported_is_told(
    cast: Cast, fake: FakePlatform, door: Client, code: str | None, said: str
) -> None:
    results = made_up_results()
    results["scores"][-1]["details"] = {"name": "Coffee", "not_reported_because": code}
    assert said in shown(cast, fake, door, results=results).split("<h3>Coffee</h3>")[1].split("</article>")[0]


@pytest.mark.parametrize(
    ("low", "high", "label"),
    [(91, 99, "Raised likelihood"), (80, 99, "Near the line"), (None, None, "Raised likelihood")],
)
def test_a_score_whose_range_holds_the_line_is_not_called_raised(
    cast: Cast, fake: FakePlatform, door: Client, low: float | None, high: float | None, label: str
) -> None:
    results = made_up_results()
    results["scores"][1]["details"] = {"risk_percentile_threshold": 90, "percentile_low": low, "percentile_high": high}
    article = shown(cast, fake, door, results=results).split("LDL cholesterol</h3>")[1].split("</article>")[0]
    assert [words in article for words in ("Raised likelihood", "Near the line")] == [
        label == words for words in ("Raised likelihood", "Near the line")
    ]
    assert ("leaves open on which side" in article) == (label == "Near the line")
    assert ("<dd>80 to 99</dd>" in article) == (low == 80)
    assert "raised from here" in article
    assert article.count('class="span"') == (low is not None)


def test_a_sample_that_failed_is_told_kindly_with_what_happens_next(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    page = shown(cast, fake, door, status="failed qc", results=made_up_results("failed_qc"))
    assert "We could not read this sample well enough" in page
    assert "What happens next" in page
    assert "Not passed" in page
    assert "genetic scores" not in page
    assert Result.objects.get().status == "failed_qc"
    assert Result.objects.get().ancestry is None
    number = Result.objects.get().order.number
    assert "What happens next" in cast.browser("jane").get(f"/kits/{number}/").content.decode()


def test_before_there_are_results_the_page_says_so(cast: Cast, door: Client) -> None:
    order = placed(cast.jane, door)
    page = cast.browser("jane").get(f"/kits/{order.number}/results/").content.decode()
    assert "not here yet" in page


def test_names_from_outside_are_escaped(cast: Cast, fake: FakePlatform, door: Client) -> None:
    results = made_up_results()
    results["ancestry"]["ancestry"]["value"]["populations"][0]["name"] = "<script>alert(1)</script>"
    results["scores"][0]["trait"]["key"] = "<img src=x>"
    page = shown(cast, fake, door, results=results)
    assert "<script>alert" not in page
    assert "<img" not in page


def test_a_file_is_reached_by_an_address_that_is_signed_at_that_moment(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id))
    jane = cast.browser("jane")
    first = jane.get(f"/kits/{order.number}/files/impute-vcf")
    assert first.status_code == 302
    assert first.url.startswith(f"{fake.url}/files/impute-vcf?signed=")
    assert jane.get(f"/kits/{order.number}/files/impute-vcf").url != first.url
    assert jane.get(f"/kits/{order.number}/files/no-such-type").status_code == 404


def test_a_file_while_the_platform_is_down_is_told_kindly(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    fake.stop()
    answer = cast.browser("jane").get(f"/kits/{order.number}/files/impute-vcf")
    assert answer.status_code == 503
    assert "try again" in answer.content.decode()
