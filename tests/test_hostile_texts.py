"""Texts of entries that would be tags, pictures, links or code in a card; parts of other kinds."""

import json
import re
import shutil

import pytest
import tiny

import wae_tf
from wae_tf import cards, zoo
from wae_tf.cards.markdown import harmless
from wae_tf.zoo import entry_checks

TAG = "<script>alert(1)</script>"


@pytest.fixture
def entry(plain_entry, tmp_path):
    return shutil.copytree(plain_entry, tmp_path / "entry")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TAG, "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("&lt;b&gt;", "&lt;b&gt;"),
        ("&#60;b&#62;", "&amp;#60;b&amp;#62;"),
        ("Liu & others, AT&T", "Liu & others, AT&T"),
        ("a\n\n# Heading\n", "a # Heading"),
        ("![x](https://far/pixel.png)", "!\\[x](https://far/pixel.png)"),
        ("[x](javascript:alert(1))", "[x]\\(javascript:alert(1))"),
        ("[paper](https://arxiv.org/abs/1711.01558)", "[paper](https://arxiv.org/abs/1711.01558)"),
        ("as `celeba_vae`", "as `celeba_vae`"),
        ("```\n<b>", "` `` &lt;b&gt;"),
    ],
)
def test_texts_are_shown_as_they_are(text, shown):
    assert harmless({"a": [text]}) == {"a": [shown]}


def test_commands_stay_in_their_block():
    found = harmless({"command": "wae-train <x>\n```\n<b>"})["command"]
    assert "```" not in found and "\n" not in found and "<x>" in found


def test_texts_of_the_zoo_stay_as_they_are():
    for name in wae_tf.list_models():
        found = zoo.read_entry(name)
        assert harmless(found) == found


def test_no_text_of_an_entry_becomes_a_tag_in_its_card(entry):
    kinds = dict.fromkeys([TAG, "prior"])
    for kind in kinds:
        kinds[kind] = {
            **{"n": 5, "seeds": [0], "data_sha256": TAG, "seconds": 3.0, "command": TAG},
            "features": {"name": TAG, "dim": 3, "sha256": TAG},
            "metrics": {TAG: {"value": 1.0, "floor": 0.5, "n": 5, "better": TAG}},
            "warnings": [TAG],
            "versions": {TAG: TAG},
        }
    zoo.update_entry(
        entry,
        description=TAG,
        limits=[TAG],
        sources={"latent_dim": TAG},
        evaluation=kinds,
        results={"losses": {TAG: 1.0}, "measured_by": TAG, "test_images": 3},
        provenance={
            **{"data": TAG, "license": TAG, "command": TAG, "device": TAG, "paper": TAG},
            **{"precision": TAG, "keras": TAG, "retrain": {"what": TAG, "command": TAG}},
        },
    )
    card = cards.model_card(entry)
    outside = re.sub(r"```bash\n.*?\n```", "", card, flags=re.S)
    assert "alert(1)" in outside and "<script" not in outside
    assert "<script" not in cards.zoo_table([entry])


@pytest.mark.parametrize(
    "parts",
    [
        {"evaluation": {"prior": {}}},
        {"evaluation": [7]},
        {"results": {"losses": {"loss": "3"}}},
        {"provenance": {"seconds": "x"}},
        {"limits": 7},
        {"input": {}},
    ],
)
def test_parts_of_another_kind_end_in_one_sentence(entry, parts):
    zoo.update_entry(entry, **parts)
    with pytest.raises(ValueError, match="The parts of an entry must be as wae_tf writes them"):
        cards.model_card(entry)


def named(**parts):
    return {"sampler_sha256": "0" * 64, "names": {"1": "light to dark"}, **parts}


@pytest.mark.parametrize(
    ("directions", "words"),
    [
        (["light to dark"], "`directions` must be an object of `sampler_sha256` and `names`"),
        ({"names": {}}, "`directions` must be an object"),
        (named(more=1), "`directions` must be an object"),
        (named(sampler_sha256="0" * 63), "`directions.sampler_sha256` must be 64 hex digits"),
        (named(sampler_sha256=None), "`directions.sampler_sha256` must be 64 hex digits"),
        (named(names=["light to dark"]), "must be an object of at most 64 names"),
        (named(names={str(i): "a" for i in range(1, 66)}), "must be an object of at most 64 names"),
        (named(names={"0": "a"}), "by number, from '1'. Received: '0'"),
        (named(names={"first": "a"}), "by number, from '1'. Received: 'first'"),
        (named(names={"1": ""}), "a line of 1 to 40 printable characters. Received: 1: ''"),
        (named(names={"1": "a" * 41}), "a line of 1 to 40 printable"),
        (named(names={"1": " a"}), "a line of 1 to 40 printable"),
        (named(names={"1": "a\nb"}), "a line of 1 to 40 printable"),
        (named(names={"1": "a\u202eb"}), "a line of 1 to 40 printable"),
        (named(names={"1": "a\udc80"}), "a line of 1 to 40 printable"),
        (named(names={"1": 7}), "Received: 1: 7"),
    ],
)
def test_names_of_directions_are_short_lines_by_number(entry, directions, words):
    before = (entry / "entry.json").read_bytes()
    with pytest.raises(ValueError, match=re.escape(words)):
        zoo.update_entry(entry, directions=directions)
    assert (entry / "entry.json").read_bytes() == before
    with pytest.raises(ValueError, match=re.escape(words)):
        zoo.save_entry(entry / "other", wae_tf.load(entry), tiny.config(), directions=directions)
    assert not (entry / "other").exists()
    found = {**json.loads(before), "directions": directions}
    (entry / "entry.json").write_text(json.dumps(found))
    with pytest.raises(ValueError, match=re.escape(words)):
        wae_tf.load(entry)


def test_names_of_directions_may_be_any_words(entry):
    names = {"1": TAG, "12": "von hell nach dunkel", "3": "\u660e\u308b\u3044"}
    zoo.update_entry(entry, directions=named(names=names))
    assert zoo.read_entry(entry)["directions"]["names"] == names
    assert wae_tf.load(entry).latent_dim == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e["config"].update(prior_stddev=2.0),
        lambda e: e["config"].update(latent_dim=4),
        lambda e: e["weights"].update(sha256="0" * 64),
        lambda e: e.update(samplers={"gmm": {"file": "sampler_gmm.h5", "sha256": "0" * 64}}),
    ],
)
def test_a_config_that_is_not_that_of_the_weights_is_noticed(entry, change):
    found = json.loads((entry / "entry.json").read_text())
    change(found)
    (entry / "entry.json").write_text(json.dumps(found))
    with pytest.raises(ValueError, match=r"`model_sha256` is that of another.*take .* out"):
        wae_tf.load(entry)


@pytest.mark.parametrize("length", [1, 2, 8, 64, 512])
def test_no_damage_at_one_place_takes_the_seal_and_what_it_vouches_for(entry, length):
    content = (entry / "entry.json").read_bytes()
    whole = json.loads(content)
    assert next(iter(whole)) == "model_sha256"
    passed = 0
    for place in range(len(content)):
        try:
            found = json.loads(content[:place] + content[place + length :])
            entry_checks.check_entry(found)
            files = entry_checks.listed_files(found)
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
        there = all((entry / file).exists() for file in files)
        if "weights" in found and there:  # Else `load` says what is not there.
            passed += 1
            assert found["config"] == whole["config"]
            assert files == entry_checks.listed_files(whole)
    assert passed  # White space, and what only tells of the model.


def test_what_only_tells_of_a_model_may_be_edited(entry):
    found = json.loads((entry / "entry.json").read_text())
    found["description"] = "Digits"
    (entry / "entry.json").write_text(json.dumps(found))
    assert wae_tf.load(entry).latent_dim == 3
    del found["model_sha256"]
    entry_checks.check_entry(found)  # As those of versions before.
