// Which one hint helps most now. Pure: from brightness, movement and, where guidance is loaded, faces.
import type { Brightness } from "./picture-sample";
import type { Hint } from "./words/shape";

/** A face in shares of the picture as filmed (not mirrored): centre, width of the box, roll of the eyes [degrees]. */
export interface SeenFace {
  x: number;
  y: number;
  width: number;
  roll: number;
}

/** What is known of the present picture; faces: null without face guidance. */
export interface Observation {
  brightness: Brightness;
  movement: number;
  faces: SeenFace[] | null;
}

const TOO_SMALL = 0.36;
const TOO_LARGE = 0.82;
const OFF_CENTRE_X = 0.11;
const OFF_CENTRE_Y = 0.13;
const CENTRE_Y = 0.46;
const TILTED_DEG = 16;
const MOVING = 0.09;
const BLOWN = 0.25;
const WINDOW_BEHIND = 6;
const DARK = 0.006;

/** The hint; "good" or "dark_is_fine" when nothing stands in the way. Directions are the traveller's own. */
export function hint(seen: Observation): Hint {
  if (seen.faces !== null) {
    const [face, ...others] = seen.faces;
    if (face === undefined) return "no_face";
    if (others.some((other) => other.width > 0.5 * face.width)) return "two_faces";
    if (face.width < TOO_SMALL) return "closer";
    if (face.width > TOO_LARGE) return "farther";
    // As filmed, the traveller's left is on the right of the picture.
    if (face.x - 0.5 > OFF_CENTRE_X) return "right";
    if (face.x - 0.5 < -OFF_CENTRE_X) return "left";
    if (face.y - CENTRE_Y > OFF_CENTRE_Y) return "up";
    if (face.y - CENTRE_Y < -OFF_CENTRE_Y) return "down";
    if (Math.abs(face.roll) > TILTED_DEG) return "upright";
  }
  if (seen.brightness.blown > BLOWN) return "too_bright";
  if (seen.brightness.around > 0.2 && seen.brightness.around > WINDOW_BEHIND * seen.brightness.face)
    return "too_bright";
  if (seen.movement > MOVING) return "still";
  return seen.brightness.face < DARK ? "dark_is_fine" : "good";
}

export const isGood = (given: Hint): boolean => given === "good" || given === "dark_is_fine";

/** Gives a hint at most once in `gapMs` and never twice in a row, so that nobody is talked over. */
export class HintPace {
  private last: Hint | null = null;
  private lastAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly gapMs = 2000) {}

  /** The hint when it should be said now, else null. */
  say(wanted: Hint, now: number): Hint | null {
    if (wanted === this.last || now - this.lastAt < this.gapMs) return null;
    this.last = wanted;
    this.lastAt = now;
    return wanted;
  }
}
