// The capture itself: the announcement, then the coloured light while the camera records.
import type { Journey } from "../journey";

export async function announce(journey: Journey, signal: AbortSignal): Promise<void> {
  await journey.capture.begin(journey.api, journey.shown.calm, signal);
  if (!signal.aborted) journey.send("challenge_ready");
}

export async function showColours(journey: Journey, signal: AbortSignal): Promise<void> {
  journey.surfaces.light.hidden = false;
  const filmed = await journey.capture.film(journey.surfaces.light, signal);
  if (signal.aborted) return;
  if (filmed) journey.send("light_over");
  else journey.interrupt("interrupted");
}
