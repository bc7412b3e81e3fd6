// What the server's answers mean for the journey.
import { ConnectionLost, Problem, type SessionState } from "./api";
import type { Event } from "./machine";
import type { Advice } from "./words/shape";

/** The event that tells of a verdict; null while there is none. */
export function verdict(state: SessionState): Event | null {
  const last = state.continued_by ?? state;
  if (last.state === "expired") return "expired";
  if (last.state !== "decided" || last.outcome === null) return null;
  return { admit: "admitted", refer: "referred", retake: "take_again" }[last.outcome] as Event;
}

/** Where a page goes on that was loaded anew: a challenge that was seen is spent, whoever lost it. */
const RESUMED: Record<SessionState["state"], Event> = {
  opened: "claimed",
  claimed: "claimed",
  challenged: "interrupted",
  filming: "interrupted",
  committed: "interrupted",
  uploaded: "interrupted",
  finishing: "already_captured",
  captured: "already_captured",
  decided: "already_captured",
  continued: "used",
  expired: "expired",
};

export function resumed(state: SessionState): Event {
  return RESUMED[state.state];
}

const ADVICE: Record<string, Advice> = {
  "capture.too_bright": "too_bright",
  "capture.too_far": "too_far",
  "capture.light_ahead": "light_ahead",
  "capture.turned": "turned",
  "capture.moved": "moved",
  "capture.covered": "covered",
  "capture.slow_camera": "slow_camera",
  "capture.no_face": "no_face",
  "capture.several_faces": "several_faces",
};

/** The first piece of advice that we have words for: one thing at a time. */
export function advice(codes: readonly string[]): Advice {
  for (const code of codes) {
    const found = ADVICE[code];
    if (found !== undefined) return found;
  }
  return "other";
}

/** Where a failed request leads. */
export function trouble(error: unknown): Event {
  if (error instanceof ConnectionLost) return "connection_lost";
  if (!(error instanceof Problem)) return "interrupted";
  switch (error.kind) {
    case "session-unknown":
    case "session-expired":
    case "token-refused":
      return "expired";
    case "token-used":
      return "used";
    case "attempts-exhausted":
    case "retake-not-possible":
      return "no_more_attempts";
    case "overloaded":
    case "rate-limited":
      return "busy";
    default:
      return "interrupted";
  }
}
