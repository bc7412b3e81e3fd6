import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, duration, fill, LANGUAGES, type Language, load } from "../src/words";

type Tree = { [key: string]: Tree | string } | string | Tree[];

function leaves(tree: Tree, path = ""): [string, string][] {
  if (typeof tree === "string") return [[path, tree]];
  return Object.entries(tree).flatMap(([key, value]) => leaves(value as Tree, `${path}.${key}`));
}

const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort();
const codes = Object.keys(LANGUAGES) as Language[];

test("every language fills the same holes and leaves nothing empty that English says", async () => {
  const english = new Map(leaves((await load("en")) as unknown as Tree));
  for (const code of codes) {
    const found = new Map(leaves((await load(code)) as unknown as Tree));
    assert.deepEqual([...found.keys()].sort(), [...english.keys()].sort(), code);
    for (const [path, text] of english) {
      const said = found.get(path) ?? "";
      assert.deepEqual(holes(said), holes(text), `${code}${path}`);
      assert.equal(said === "", text === "", `${code}${path}`);
    }
  }
});

test("no text calls anybody a fraud", async () => {
  for (const code of codes) {
    for (const [path, text] of leaves((await load(code)) as unknown as Tree)) {
      assert.doesNotMatch(text, /fraud|fake|spoof|attack|fraude|falso|faux|احتيال|欺诈|假冒/i, `${code}${path}`);
    }
  }
});

test("hints are one short sentence", async () => {
  for (const code of codes) {
    for (const [name, text] of Object.entries((await load(code)).hints)) {
      if (name === "good") continue;
      assert.ok(text.length <= 80, `${code} ${name}: ${text.length}`);
      assert.equal((text.match(/[.。]/g) ?? []).length, 1, `${code} ${name}`);
    }
  }
});

test("the first language that we speak is chosen", () => {
  assert.equal(choose([null, "de-DE", "fr-CA", "es"]), "fr");
  assert.equal(choose(["zh-Hans-CN"]), "zh");
  assert.equal(choose(["xx"]), "en");
});

test("holes without a value stay to be seen", () => {
  assert.equal(fill("{a} of {b}", { a: 1 }), "1 of {b}");
  assert.equal(fill("{a} helps", { a: "the agency" }), "The agency helps");
});

test("a duration is said in days where they come out whole, else in hours rounded up", () => {
  assert.equal(duration(12, "en"), "12 hours");
  assert.equal(duration(24, "en"), "1 day");
  assert.equal(duration(72, "en"), "3 days");
  assert.equal(duration(30, "en"), "30 hours");
  assert.equal(duration(0.5, "en"), "1 hour", "never less than what is true");
});
