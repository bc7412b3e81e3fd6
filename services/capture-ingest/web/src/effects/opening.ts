// Opening the link, coming back to it after a reload, and taking the capture again.
import { Api, type Claimed, Problem } from "../api";
import { sleep } from "../dom";
import { isDesktop, refusal } from "../environment";
import type { Journey } from "../journey";
import { advice, resumed, trouble, verdict } from "../outcome";
import { loadSession, type StoredSession, sessionOfLink, storeSession } from "../session-storage";
import { transfer } from "./transfer";

const BUSY_S = 10;

/** The session of the link, or of this tab before a reload. The token leaves the address bar at once. */
function findSession(journey: Journey): StoredSession | null {
  const linked = sessionOfLink(location.hash);
  if (linked !== null) {
    journey.shown.link = location.href;
    history.replaceState(null, "", location.pathname + location.search);
  }
  const stored = loadSession();
  const session = linked !== null && linked.session !== stored?.session ? linked : (stored ?? linked);
  if (session !== null && journey.shown.link === "")
    journey.shown.link = `${location.origin}${location.pathname}#${session.session}.${session.token}`;
  return session;
}

export async function open(journey: Journey): Promise<void> {
  const session = findSession(journey);
  if (session === null) return journey.send("expired");
  journey.api = new Api(session.session, session.token);
  const embedded = window.parent !== window;
  if (!session.claimed && isDesktop() && !embedded && !journey.useThisDevice) {
    storeSession(session);
    await journey.api.state();
    return journey.send("desktop");
  }
  const refused = refusal();
  if (refused !== null) return journey.send(refused);
  if (session.claimed) return await resume(journey, await journey.api.about());
  const about = await journey.api.claim();
  storeSession({ session: session.session, token: about.token, claimed: true });
  journey.describe(about);
  journey.send("claimed");
}

/** After a reload, or when the connection is back: whatever the server knows decides. */
async function resume(journey: Journey, about: Claimed): Promise<void> {
  journey.describe(about);
  if (journey.capture.isUnsent) {
    await transfer(journey);
    return journey.send("already_captured");
  }
  const state = await journey.api.state();
  const event = verdict(state);
  if (event === "take_again") journey.shown.advice = advice(state.advice);
  if (event !== null) return journey.send(event);
  const goesOn = resumed(state);
  if (goesOn === "interrupted") journey.shown.advice = "interrupted";
  journey.send(goesOn);
}

export async function waitWhileBusy(journey: Journey, signal: AbortSignal): Promise<void> {
  for (let left = BUSY_S; left > 0 && !signal.aborted; left -= 1) {
    journey.update({ seconds: left });
    await sleep(1000);
  }
  if (!signal.aborted) journey.send("try_again");
}

/** A further capture is a new session of the same journey. */
export async function takeAgain(journey: Journey, calm: boolean): Promise<void> {
  // A second tap while the first is on its way would ask for another session.
  if (journey.takingAgain) return;
  journey.takingAgain = true;
  try {
    const about = await journey.api.retake(calm);
    journey.api = new Api(about.session_id, about.token);
    storeSession({ session: about.session_id, token: about.token, claimed: true });
    journey.describe(about);
    journey.shown.calm = calm;
    journey.lightChecks = 0;
    journey.capture.hasSeenChallenge = false;
    journey.send("again");
  } catch (error) {
    // Interrupted before the challenge was issued: the session is still good.
    if (error instanceof Problem && error.kind === "retake-not-possible" && !journey.capture.hasSeenChallenge)
      journey.send("again");
    else journey.send(trouble(error));
  } finally {
    journey.takingAgain = false;
  }
}
