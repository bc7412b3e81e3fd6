// Paints the challenge on the whole screen, locked to animation frames, and logs when each colour was painted.
import type { Slot } from "./api";

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

/** Resolves with the moments of every paint [ms of performance.now()], or rejects when `signal` aborts. */
export function paint(surface: HTMLElement, slots: readonly Slot[], signal: AbortSignal): Promise<Painted[]> {
  return new Promise((done, failed) => {
    const painted: Painted[] = [];
    let begun: number | null = null;
    signal.addEventListener("abort", () => failed(signal.reason));
    const frame = (now: number): void => {
      if (signal.aborted) return;
      begun ??= now;
      const index = slotAt(slots, now - begun);
      if (index === null) {
        done(painted);
        return;
      }
      const slot = slots[index];
      if (slot !== undefined && painted.at(-1)?.step !== index) {
        surface.style.backgroundColor = rgb(slot.srgb);
        painted.push({ step: index, at: now });
      }
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}
