import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionLost, Problem, type SessionState } from "../src/api";
import { ReleasedSchedule, slotAt } from "../src/colour-screen";
import { anchors, decode } from "../src/guidance";
import { chainStart, hex, nextLink } from "../src/hash-chain";
import type { ReleasedSlot } from "../src/live-socket";
import { advice, trouble, verdict } from "../src/outcome";
import { brightness, luminance, movement, response, SAMPLE_HEIGHT, SAMPLE_WIDTH } from "../src/picture-sample";
import { HintPace, hint, isGood, type Observation } from "../src/placement";
import { sessionOfLink } from "../src/session-storage";

const slots = [
  { srgb: [1, 2, 3], start_ms: 0, duration_ms: 300 },
  { srgb: [4, 5, 6], start_ms: 300, duration_ms: 300 },
] as { srgb: [number, number, number]; start_ms: number; duration_ms: number }[];

test("the slot of a moment", () => {
  assert.deepEqual(
    [0, 299, 300, 599, 600].map((at) => slotAt(slots, at)),
    [0, 0, 1, 1, null],
  );
  assert.equal(slotAt([], 0), null);
});

test("released colours stay for their whole time and wait for the next", () => {
  const released: ReleasedSlot[] = [];
  const schedule = new ReleasedSchedule(released);
  const release = (last: boolean): number =>
    released.push({ k: released.length, srgb: [1, 2, 3], duration_ms: 300, last });
  assert.equal(schedule.at(1000), null);
  release(false);
  assert.equal(schedule.at(1016), 0);
  release(false);
  assert.equal(schedule.at(1300), 0, "its time is not over");
  assert.equal(schedule.at(1330), 1, "a frame late, but on time");
  assert.equal(schedule.at(1620), 1, "the third has not come");
  release(true);
  assert.equal(schedule.at(1800), 2);
  assert.equal(schedule.at(2099), 2, "a colour that came late has its whole time");
  assert.equal(schedule.at(2100), "over");
});

test("the chain is the one that the server computes", async () => {
  const start = await chainStart("s", "nonce");
  assert.equal(hex(start), "ae404b6d058206c32af0d74acb7988ea87bdb3c5d939038702ab6ed7a2e11d03");
  const first = await nextLink(start, new Uint8Array([1, 2, 3]).buffer);
  const second = await nextLink(first, new ArrayBuffer(0));
  assert.equal(hex(second), "0f8039d63055a821d3de23733bb280e79278fa6b11a16006fbaba0711985f58e");
});

test("links carry session and token, other fragments nothing", () => {
  const kept = sessionOfLink(`#abc-1.${"t".repeat(43)}`);
  assert.deepEqual(kept, { session: "abc-1", token: "t".repeat(43), claimed: false });
  for (const wrong of ["", "#", "#abc", "#abc.short", "#a/b.tttttttttttttttttttttttt"])
    assert.equal(sessionOfLink(wrong), null);
});

function picture(paint: (x: number, y: number) => number): Float32Array {
  const rgba = new Uint8ClampedArray(4 * SAMPLE_WIDTH * SAMPLE_HEIGHT);
  for (let y = 0; y < SAMPLE_HEIGHT; y += 1) {
    for (let x = 0; x < SAMPLE_WIDTH; x += 1)
      rgba.fill(paint(x, y), 4 * (y * SAMPLE_WIDTH + x), 4 * (y * SAMPLE_WIDTH + x) + 3);
  }
  return luminance(rgba);
}

test("light and movement of a picture", () => {
  const grey = picture(() => 128);
  assert.ok(Math.abs(brightness(grey).face - 0.2158) < 0.002);
  assert.equal(brightness(picture(() => 255)).blown, 1);
  assert.equal(movement(grey, grey), 0);
  assert.ok(
    movement(
      grey,
      picture((x) => (x < 24 ? 100 : 160)),
    ) > 0.2,
  );
  assert.ok(Math.abs(response(0.2, 0.23) - 0.15) < 1e-6);
});

const good: Observation = {
  brightness: { face: 0.2, around: 0.2, blown: 0 },
  movement: 0.01,
  faces: [{ x: 0.5, y: 0.46, width: 0.55, roll: 0 }],
};
const face = (change: object): Observation => ({
  ...good,
  faces: [{ x: 0.5, y: 0.46, width: 0.55, roll: 0, ...change }],
});

test("one hint, the most useful first", () => {
  assert.equal(hint(good), "good");
  assert.equal(hint({ ...good, faces: [] }), "no_face");
  assert.equal(hint({ ...good, faces: [...(good.faces ?? []), { x: 0.1, y: 0.4, width: 0.5, roll: 0 }] }), "two_faces");
  assert.equal(hint(face({ width: 0.2 })), "closer");
  assert.equal(hint(face({ width: 0.9 })), "farther");
  assert.equal(hint(face({ x: 0.7 })), "right", "on the right of the picture as filmed is the traveller's left");
  assert.equal(hint(face({ x: 0.3 })), "left");
  assert.equal(hint(face({ y: 0.7 })), "up");
  assert.equal(hint(face({ roll: 30 })), "upright");
  assert.equal(hint({ ...good, brightness: { face: 0.9, around: 0.5, blown: 0.5 } }), "too_bright");
  assert.equal(hint({ ...good, brightness: { face: 0.05, around: 0.6, blown: 0 } }), "too_bright", "a window behind");
  assert.equal(hint({ ...good, movement: 0.3 }), "still");
  assert.equal(hint({ ...good, brightness: { face: 0.001, around: 0.001, blown: 0 } }), "dark_is_fine");
});

test("without face guidance light and stillness guide", () => {
  assert.equal(hint({ ...good, faces: null }), "good");
  assert.equal(hint({ ...good, faces: null, movement: 0.5 }), "still");
  assert.ok(isGood("dark_is_fine") && !isGood("closer"));
});

test("hints are paced and never repeated", () => {
  const pace = new HintPace(2000);
  assert.equal(pace.say("closer", 0), "closer");
  assert.equal(pace.say("left", 500), null);
  assert.equal(pace.say("closer", 2500), null);
  assert.equal(pace.say("left", 2600), "left");
});

test("the detector's outputs become boxes in shares, overlapping ones once", () => {
  const places = anchors();
  assert.equal(places.length, 2 * 896);
  const regressors = new Float32Array(896 * 16);
  const scores = new Float32Array(896).fill(-50);
  for (const k of [0, 1]) {
    scores[k] = 5 - k;
    regressors.set([64, 64, 40, 40, 30, 50, 50, 70], 16 * k);
  }
  const boxes = decode(regressors, scores, places);
  assert.equal(boxes.length, 1);
  assert.ok(Math.abs((boxes[0]?.width ?? 0) - 40 / 128) < 1e-6);
  assert.ok(Math.abs((boxes[0]?.roll ?? 0) - 45) < 1e-3);
});

const state = (change: Partial<SessionState>): SessionState => ({
  session_id: "s",
  state: "captured",
  outcome: null,
  advice: [],
  continued_by: null,
  ...change,
});

test("verdicts and refusals lead somewhere", () => {
  assert.equal(verdict(state({})), null);
  assert.equal(verdict(state({ state: "decided", outcome: "admit" })), "admitted");
  assert.equal(verdict(state({ state: "decided", outcome: "refer" })), "referred");
  assert.equal(verdict(state({ state: "continued", outcome: "retake", continued_by: state({}) })), null);
  assert.equal(trouble(new ConnectionLost()), "connection_lost");
  assert.equal(trouble(new Problem("token-used", 409, "")), "used");
  assert.equal(trouble(new Problem("overloaded", 503, "")), "busy");
  assert.equal(trouble(new Problem("attempts-exhausted", 409, "")), "no_more_attempts");
  assert.equal(advice(["unknown", "capture.too_far"]), "too_far");
  assert.equal(advice([]), "other");
});
