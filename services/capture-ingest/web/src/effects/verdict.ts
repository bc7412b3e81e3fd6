// Waiting for the verdict by long polling, on this device or while another one captures.
import { ConnectionLost, Problem } from "../api";
import { sleep } from "../dom";
import type { Journey } from "../journey";
import { advice, verdict } from "../outcome";

const WAIT_MS = 20_000;
const POLL_S = 5;
const FOLLOW_POLL_S = 20;

export async function waitForVerdict(journey: Journey, signal: AbortSignal): Promise<void> {
  // Whoever keeps the page open is told later, too.
  const end = journey.shown.state === "later" ? Number.POSITIVE_INFINITY : performance.now() + WAIT_MS;
  while (!signal.aborted && performance.now() < end) {
    try {
      const state = await journey.api.state(POLL_S, signal);
      const event = verdict(state);
      if (event === "take_again") journey.shown.advice = advice((state.continued_by ?? state).advice);
      if (event !== null) return journey.send(event);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ConnectionLost || (error instanceof Problem && error.status >= 429))) throw error;
      await sleep(1000);
    }
  }
  if (!signal.aborted) journey.send("overdue");
}

/** A desktop that handed the link over shows how the phone's capture ends. */
export async function followOtherDevice(journey: Journey, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const event = verdict(await journey.api.state(FOLLOW_POLL_S, signal));
      if (event === "admitted" || event === "referred" || event === "expired") return journey.send(event);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.kind !== "overloaded" && error.kind !== "rate-limited") throw error;
      await sleep(2000);
    }
  }
}
