// Drives the table of machine.ts: enters states, starts what belongs to them (effects/), and sends events back.
import { type Api, type Claimed, ConnectionLost, Problem } from "./api";
import { CameraFailed } from "./camera";
import { Capture } from "./capture";
import { EFFECTS } from "./effects";
import { wantsLessMotion } from "./environment";
import type { Guidance } from "./guidance";
import { type Event, FRAGILE, next, type State, WITH_CAMERA } from "./machine";
import { trouble } from "./outcome";
import type { Advice, Hint } from "./words/shape";

/** What the screens show; changed by the journey alone. */
export interface Shown {
  state: State;
  about: Claimed | null;
  link: string;
  calm: boolean;
  hint: Hint | null;
  advice: Advice;
  percent: number;
  seconds: number;
  camera: HTMLVideoElement | null;
}

export interface Surfaces {
  /** Called on every change of `shown`; `entered` is true when the state is new. */
  render(shown: Readonly<Shown>, entered: boolean): void;
  /** Says a hint to whoever cannot see it. */
  speak(hint: Hint): void;
  /** Covers the screen with the challenge's colours. */
  light: HTMLElement;
  /** Told to the page that embeds us, if one does. */
  tell(state: State, outcome: string | null): void;
}

export class Journey {
  readonly shown: Shown = {
    state: "opening",
    about: null,
    link: "",
    calm: wantsLessMotion(),
    hint: null,
    advice: "other",
    percent: 0,
    seconds: 0,
    camera: null,
  };
  readonly capture = new Capture();
  /** Loads while the camera opens; null inside when this browser cannot have it. */
  guidance: Promise<Guidance | null> | null = null;
  /** Light checks of this session so far. */
  lightChecks = 0;
  useThisDevice = false;
  takingAgain = false;
  private acting: Api | null = null;
  private leaving = new AbortController();

  constructor(readonly surfaces: Surfaces) {
    document.addEventListener("visibilitychange", () => this.onHidden());
    window.addEventListener("pagehide", () => this.onHidden());
    screen.orientation?.addEventListener?.("change", () => this.interrupt("turn_upright"));
  }

  /** The server's side of the session; there is one in every state after `opening`. */
  get api(): Api {
    if (this.acting === null) throw new Error("no session is open");
    return this.acting;
  }

  set api(api: Api) {
    this.acting = api;
  }

  start(): void {
    this.enter("opening");
  }

  /** The one way on: an event that the table does not know in this state is stale and does nothing. */
  send(event: Event): void {
    const to = next(this.shown.state, event);
    if (to !== null) this.enter(to);
  }

  agree(calm: boolean): void {
    this.shown.calm = calm;
    // More of the screen is more light; where a page may not have it, the viewport has to do.
    if (window.parent !== window || matchMedia("(pointer: coarse)").matches) {
      document.documentElement.requestFullscreen?.({ navigationUI: "hide" }).catch(() => undefined);
    }
    this.send("agreed");
  }

  continueHere(): void {
    this.useThisDevice = true;
    this.send("try_anyway");
  }

  /** Ends a capture that cannot be judged any more; nothing outside of one. */
  interrupt(why: Advice): void {
    if (!FRAGILE.has(this.shown.state)) return;
    this.shown.advice = why;
    this.send("interrupted");
  }

  update(change: Partial<Shown>): void {
    Object.assign(this.shown, change);
    this.surfaces.render(this.shown, false);
  }

  /** What the server said of the session: the agency's name, the choice of light. */
  describe(about: Claimed): void {
    this.update({ about, calm: about.calm || wantsLessMotion() });
  }

  private onHidden(): void {
    if (document.visibilityState === "hidden") this.interrupt("interrupted");
  }

  private enter(state: State): void {
    this.leaving.abort();
    this.leaving = new AbortController();
    const signal = this.leaving.signal;
    this.shown.state = state;
    this.shown.hint = null;
    if (!WITH_CAMERA.has(state)) this.releaseCamera();
    if (state !== "light" && state !== "light_check") this.surfaces.light.hidden = true;
    this.surfaces.render(this.shown, true);
    this.surfaces.tell(state, null);
    EFFECTS[state]?.(this, signal).catch((error: unknown) => this.onFailure(error, signal));
  }

  private onFailure(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    if (!(error instanceof Problem || error instanceof ConnectionLost || error instanceof CameraFailed)) {
      console.error(error);
    }
    const event = error instanceof CameraFailed ? error.trouble : trouble(error);
    if (event === "interrupted") this.shown.advice = "interrupted";
    this.send(event);
  }

  private releaseCamera(): void {
    this.capture.release();
    this.shown.camera = null;
    if (document.fullscreenElement !== null) document.exitFullscreen().catch(() => undefined);
  }
}
