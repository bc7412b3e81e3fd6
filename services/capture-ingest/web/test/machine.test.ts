import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS, type Event, FRAGILE, next, STATES, type State, TRANSITIONS, WITH_CAMERA } from "../src/machine";

function reachable(from: State): Set<State> {
  const seen = new Set<State>([from]);
  const todo: State[] = [from];
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    for (const to of Object.values(TRANSITIONS[state])) {
      if (!seen.has(to)) {
        seen.add(to);
        todo.push(to);
      }
    }
  }
  return seen;
}

test("every state is reached from the first", () => {
  assert.deepEqual([...reachable("opening")].sort(), [...STATES].sort());
});

test("every event is used and leads to a known state", () => {
  const used = new Set<string>();
  for (const state of STATES) {
    for (const [event, to] of Object.entries(TRANSITIONS[state])) {
      assert.ok(STATES.includes(to), `${state} ${event}`);
      used.add(event);
    }
  }
  assert.deepEqual([...used].sort(), [...EVENTS].sort());
});

test("the honest journey", () => {
  const events: Event[] = [
    "claimed", "agreed", "camera_ready", "camera_steady", "placed", "measurable", "challenge_ready", "light_over",
    "finished", "admitted",
  ]; // biome-ignore format: one journey, one line
  let state: State = "opening";
  for (const event of events) {
    const to = next(state, event);
    assert.ok(to, `${state} ${event}`);
    state = to;
  }
  assert.equal(state, "done");
});

test("a stale event does nothing", () => {
  assert.equal(next("done", "interrupted"), null);
  assert.equal(next("consent", "placed"), null);
});

test("every state without a way out is an end that tells what to do", () => {
  const ends = STATES.filter((state) => Object.keys(TRANSITIONS[state]).length === 0);
  assert.deepEqual(ends.sort(), ["done", "expired", "in_app", "insecure", "no_recorder", "other_way", "used"]);
});

test("an interruption while the camera records leads to a retake, and from there to an end", () => {
  for (const state of FRAGILE) {
    assert.equal(next(state, "interrupted"), "retake");
    assert.ok(WITH_CAMERA.has(state));
  }
  assert.equal(next("retake", "no_more_attempts"), "other_way");
});

test("camera trouble has a screen wherever the camera is opened", () => {
  for (const state of ["asking_camera", "warming", "placing", "light_check"] as const) {
    for (const event of ["no_camera", "denied", "camera_in_use", "no_recorder", "slow_camera"] as const) {
      assert.equal(next(state, event), event);
    }
  }
});
