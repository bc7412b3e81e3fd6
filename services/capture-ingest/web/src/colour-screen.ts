// Paints the challenge on the whole screen, locked to animation frames, and logs when each colour was painted.
import type { Slot } from "./api";
import type { ReleasedSlot } from "./live-socket";

export interface Painted {
  step: number;
  at: number;
}

export const rgb = (colour: readonly number[]): string => `rgb(${colour.join(" ")})`;

/** The slot of a schedule at `elapsed` milliseconds; null after the last one ends. Gaps belong to the slot before. */
export function slotAt(slots: readonly Slot[], elapsed: number): number | null {
  let latest: number | null = null;
  for (const [index, slot] of slots.entries()) {
    if (elapsed >= slot.start_ms) latest = index;
  }
  const last = slots.at(-1);
  return last === undefined || elapsed >= last.start_ms + last.duration_ms ? null : (latest ?? 0);
}

/** Which released slot belongs on the screen. Every colour stays for its whole time; one that comes late is waited for. */
export class ReleasedSchedule {
  private current = -1;
  private dueAt = 0;

  constructor(private readonly slots: readonly ReleasedSlot[]) {}

  /** The slot at `now`; null before the first has come, "over" after the last one's time. */
  at(now: number): number | null | "over" {
    const shown = this.slots[this.current];
    const end = shown === undefined ? now : this.dueAt + shown.duration_ms;
    if (now < end) return this.current;
    if (shown?.last) return "over";
    if (this.slots[this.current + 1] !== undefined) {
      // A frame late is the screen's doing; more is the network's, and the colours after it move along.
      this.dueAt = now - end > FRAME_MS ? now : end;
      this.current += 1;
    }
    return this.current < 0 ? null : this.current;
  }
}

const FRAME_MS = 50;

/** Follows `at` frame by frame until it is over. Resolves with every paint, or rejects when `signal` aborts. */
function follow(
  surface: HTMLElement,
  at: (now: number) => number | null | "over",
  colour: (step: number) => readonly number[] | undefined,
  signal: AbortSignal,
  told: (painted: Painted) => void,
): Promise<Painted[]> {
  return new Promise((done, failed) => {
    const painted: Painted[] = [];
    signal.addEventListener("abort", () => failed(signal.reason));
    const frame = (now: number): void => {
      if (signal.aborted) return;
      const step = at(now);
      if (step === "over") {
        done(painted);
        return;
      }
      const srgb = step === null ? undefined : colour(step);
      if (step !== null && srgb !== undefined && painted.at(-1)?.step !== step) {
        surface.style.backgroundColor = rgb(srgb);
        const latest = { step, at: now };
        painted.push(latest);
        told(latest);
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** Paints a schedule that is known beforehand; times are of performance.now() [ms]. */
export function paint(surface: HTMLElement, slots: readonly Slot[], signal: AbortSignal): Promise<Painted[]> {
  let begun: number | null = null;
  const at = (now: number): number | "over" => {
    begun ??= now;
    return slotAt(slots, now - begun) ?? "over";
  };
  return follow(
    surface,
    at,
    (step) => slots[step]?.srgb,
    signal,
    () => undefined,
  );
}

/** Paints colours as they are released into `slots`; `told` hears of every paint. */
export function paintReleased(
  surface: HTMLElement,
  slots: readonly ReleasedSlot[],
  signal: AbortSignal,
  told: (painted: Painted) => void,
): Promise<Painted[]> {
  const schedule = new ReleasedSchedule(slots);
  return follow(
    surface,
    (now) => schedule.at(now),
    (step) => slots[step]?.srgb,
    signal,
    told,
  );
}
