// The film's way to the agency, over a connection that may come and go.
import { ConnectionLost } from "../api";
import type { Journey } from "../journey";
import { online } from "../upload";

export async function transfer(journey: Journey): Promise<void> {
  await journey.capture.transfer(journey.api, (share) => journey.update({ percent: Math.round(100 * share) }));
}

export async function sendCapture(journey: Journey, signal: AbortSignal): Promise<void> {
  journey.update({ percent: Math.round(100 * journey.capture.share) });
  await transfer(journey);
  if (!signal.aborted) journey.send("finished");
}

export async function waitForConnection(journey: Journey, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await online(2000);
    if (signal.aborted) return;
    try {
      if (journey.capture.isUnsent) {
        await transfer(journey);
        if (!signal.aborted) journey.send("finished");
      } else {
        await journey.api.state();
        if (!signal.aborted) journey.send("connection_back");
      }
      return;
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
  }
}
