// Runs the journey: enters states, does what belongs to them, and turns what happens into events of the table.
import { Api, type Claimed, ConnectionLost, Problem } from "./api";
import { CameraFailed } from "./camera";
import { Capture } from "./capture";
import { sleep } from "./dom";
import { isDesktop, refusal, wantsLessMotion } from "./environment";
import { Guidance } from "./guidance";
import { fromFragment, keep, recall } from "./keep";
import { Looker, light, movement, response } from "./look";
import { type Event, FRAGILE, next, type State, WITH_CAMERA } from "./machine";
import { advice, trouble, verdict } from "./outcome";
import { HintPace, hint, isGood, type SeenFace } from "./placement";
import { online } from "./upload";
import type { Advice, Hint } from "./words/shape";

const STEADY_MS = 700;
const BLIND_STEADY_MS = 1600;
const PLACING_MS = 60_000;
const LOOK_EVERY_MS = 120;
const LEAST_RESPONSE = 0.03;
const STEP_MS = 400;
const WAIT_MS = 20_000;
const BUSY_S = 10;
const UNTOLD_FPS = 15;

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
  private api: Api | null = null;
  private readonly capture = new Capture();
  private guidance: Promise<Guidance | null> | null = null;
  private useThisDevice = false;
  private triedLight = 0;
  private leaving = new AbortController();

  constructor(private readonly surfaces: Surfaces) {
    document.addEventListener("visibilitychange", () => this.onHidden());
    window.addEventListener("pagehide", () => this.onHidden());
    screen.orientation?.addEventListener?.("change", () => this.break("turn_upright"));
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

  private break(why: Advice): void {
    if (!FRAGILE.has(this.shown.state)) return;
    this.shown.advice = why;
    this.send("interrupted");
  }

  private onHidden(): void {
    if (document.visibilityState === "hidden") this.break("interrupted");
  }

  private update(change: Partial<Shown>): void {
    Object.assign(this.shown, change);
    this.surfaces.render(this.shown, false);
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
    const effect = EFFECTS[state];
    if (effect === undefined) return;
    effect.call(this, signal).catch((error: unknown) => {
      if (signal.aborted) return;
      if (!(error instanceof Problem || error instanceof ConnectionLost || error instanceof CameraFailed)) {
        console.error(error);
      }
      const event = error instanceof CameraFailed ? error.trouble : trouble(error);
      if (event === "interrupted") this.shown.advice = "interrupted";
      this.send(event);
    });
  }

  private releaseCamera(): void {
    this.capture.release();
    this.shown.camera = null;
    if (document.fullscreenElement !== null) document.exitFullscreen().catch(() => undefined);
  }

  // --- opening and the ways around the capture

  async opening(): Promise<void> {
    const linked = fromFragment(location.hash);
    if (linked !== null) {
      this.shown.link = location.href;
      history.replaceState(null, "", location.pathname + location.search);
    }
    const recalled = recall();
    const kept = linked !== null && linked.session !== recalled?.session ? linked : (recalled ?? linked);
    if (kept === null) return this.send("expired");
    if (this.shown.link === "")
      this.shown.link = `${location.origin}${location.pathname}#${kept.session}.${kept.token}`;
    this.api = new Api(kept.session, kept.token);
    const embedded = window.parent !== window;
    if (!kept.claimed && isDesktop() && !embedded && !this.useThisDevice) {
      keep(kept);
      await this.api.state();
      return this.send("desktop");
    }
    const refused = refusal();
    if (refused !== null) return this.send(refused);
    if (!kept.claimed) {
      const about = await this.api.claim();
      keep({ session: kept.session, token: about.token, claimed: true });
      this.told(about);
      return this.send("claimed");
    }
    await this.goOn(await this.api.about());
  }

  private told(about: Claimed): void {
    this.shown.about = about;
    this.shown.calm = about.calm || wantsLessMotion();
    this.surfaces.render(this.shown, false);
  }

  /** After a reload, or when the connection is back: whatever the server knows decides. */
  private async goOn(about: Claimed): Promise<void> {
    this.told(about);
    if (this.capture.isUnsent) {
      await this.transfer();
      return this.send("already_captured");
    }
    const state = await (this.api as Api).state();
    const event = verdict(state);
    if (event === "take_again") this.shown.advice = advice(state.advice);
    if (event !== null) return this.send(event);
    if (state.state === "captured") return this.send("already_captured");
    if (state.state === "challenged" || state.state === "uploaded") {
      this.shown.advice = "interrupted";
      return this.send("interrupted");
    }
    this.send(state.state === "continued" ? "used" : "claimed");
  }

  async handOver(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const state = await (this.api as Api).state(20, signal);
        const event = verdict(state);
        if (event === "admitted" || event === "referred" || event === "expired") return this.send(event);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Problem && error.kind !== "overloaded" && error.kind !== "rate-limited") throw error;
        await sleep(2000);
      }
    }
  }

  async busy(signal: AbortSignal): Promise<void> {
    for (let left = BUSY_S; left > 0 && !signal.aborted; left -= 1) {
      this.update({ seconds: left });
      await sleep(1000);
    }
    if (!signal.aborted) this.send("try_again");
  }

  // --- camera

  async askingCamera(signal: AbortSignal): Promise<void> {
    if (this.capture.camera?.isAlive) return this.send("camera_ready");
    await this.capture.open(() => {
      if (FRAGILE.has(this.shown.state)) this.break("interrupted");
      else this.send("camera_in_use");
    }, signal);
    if (signal.aborted) return;
    this.shown.camera = this.capture.camera?.video ?? null;
    this.guidance ??= Guidance.load();
    this.send("camera_ready");
  }

  async warming(signal: AbortSignal): Promise<void> {
    const found = await this.capture.warm(this.shown.about?.min_camera_fps ?? UNTOLD_FPS, signal);
    if (!signal.aborted) this.send(found);
  }

  async placing(signal: AbortSignal): Promise<void> {
    const camera = this.capture.camera;
    if (camera === null) return this.send("camera_in_use");
    const looker = new Looker(camera.video);
    const pace = new HintPace();
    const begun = performance.now();
    let guidance: Guidance | null = null;
    this.guidance?.then((found) => {
      guidance = found;
    });
    let before: Float32Array | null = null;
    let goodSince: number | null = null;
    while (!signal.aborted) {
      await sleep(LOOK_EVERY_MS);
      const now = performance.now();
      const values = looker.look();
      if (values === null || signal.aborted) continue;
      const faces: SeenFace[] | null = (await (guidance as Guidance | null)?.faces(camera.video)) ?? null;
      if (signal.aborted) return;
      const found = hint({ light: light(values), movement: before ? movement(before, values) : 0, faces });
      before = values;
      if (found !== this.shown.hint) this.update({ hint: found });
      const said = pace.say(found, now);
      if (said !== null) this.surfaces.speak(said);
      if (!isGood(found)) goodSince = null;
      else goodSince ??= now;
      const needed = faces === null ? BLIND_STEADY_MS : STEADY_MS;
      if (goodSince !== null && now - goodSince >= needed) return this.send("placed");
      if (now - begun > PLACING_MS) return this.send("slow_placing");
    }
  }

  /** One slow step of the screen's brightness: is the screen's light to be seen on this face, in this place? */
  async lightCheck(signal: AbortSignal): Promise<void> {
    const camera = this.capture.camera;
    if (camera === null) return this.send("camera_in_use");
    const looker = new Looker(camera.video);
    const surface = this.surfaces.light;
    const face = async (code: number): Promise<number> => {
      surface.style.backgroundColor = `rgb(${code} ${code} ${code})`;
      await sleep(STEP_MS);
      const values = looker.look();
      return values === null ? 0 : light(values).face;
    };
    surface.hidden = false;
    const dark = await face(40);
    const lit = signal.aborted ? 0 : await face(255);
    if (signal.aborted) return;
    surface.style.backgroundColor = "rgb(40 40 40)";
    await sleep(STEP_MS);
    surface.hidden = true;
    if (signal.aborted) return;
    this.triedLight += 1;
    if (response(dark, lit) >= LEAST_RESPONSE || this.triedLight > 2) return this.send("measurable");
    const help: Hint = this.triedLight === 1 ? "screen_dim" : "too_bright";
    this.update({ hint: help });
    this.surfaces.speak(help);
    await sleep(3500);
    if (!signal.aborted) this.send("again");
  }

  // --- capture

  async announce(signal: AbortSignal): Promise<void> {
    await this.capture.begin(() => (this.api as Api).challenge(this.shown.calm), signal);
    if (!signal.aborted) this.send("challenge_ready");
  }

  async light(signal: AbortSignal): Promise<void> {
    this.surfaces.light.hidden = false;
    const filmed = await this.capture.film(this.surfaces.light, signal);
    if (signal.aborted) return;
    if (filmed) this.send("light_over");
    else this.break("interrupted");
  }

  async sending(signal: AbortSignal): Promise<void> {
    this.update({ percent: Math.round(100 * this.capture.share) });
    await this.transfer();
    if (!signal.aborted) this.send("finished");
  }

  private async transfer(): Promise<void> {
    await this.capture.transfer(this.api as Api, (share) => this.update({ percent: Math.round(100 * share) }));
  }

  async offline(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await online(2000);
      if (signal.aborted) return;
      try {
        if (this.capture.isUnsent) {
          await this.transfer();
          if (!signal.aborted) this.send("finished");
        } else {
          await (this.api as Api).state();
          if (!signal.aborted) this.send("connection_back");
        }
        return;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    }
  }

  async waiting(signal: AbortSignal): Promise<void> {
    // Whoever keeps the page open is told later, too.
    const end = this.shown.state === "later" ? Number.POSITIVE_INFINITY : performance.now() + WAIT_MS;
    while (!signal.aborted && performance.now() < end) {
      try {
        const state = await (this.api as Api).state(5, signal);
        const event = verdict(state);
        if (event === "take_again") this.shown.advice = advice((state.continued_by ?? state).advice);
        if (event !== null) return this.send(event);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ConnectionLost || (error instanceof Problem && error.status >= 429))) throw error;
        await sleep(1000);
      }
    }
    if (!signal.aborted) this.send("overdue");
  }

  async done(): Promise<void> {
    this.surfaces.tell("done", "finished");
  }

  async otherWay(): Promise<void> {
    this.surfaces.tell("other_way", "referred");
  }

  /** A further capture is a new session of the same journey. */
  async takeAgain(calm: boolean): Promise<void> {
    // A second tap while the first is on its way would ask for another session.
    if (this.takingAgain) return;
    this.takingAgain = true;
    try {
      const about = await (this.api as Api).retake(calm);
      this.api = new Api(about.session_id, about.token);
      keep({ session: about.session_id, token: about.token, claimed: true });
      this.told(about);
      this.shown.calm = calm;
      this.triedLight = 0;
      this.capture.challenge = null;
      this.send("again");
    } catch (error) {
      // Interrupted before the challenge was issued: the session is still good.
      if (error instanceof Problem && error.kind === "retake-not-possible" && this.capture.challenge === null)
        this.send("again");
      else this.send(trouble(error));
    } finally {
      this.takingAgain = false;
    }
  }
  private takingAgain = false;
}

const EFFECTS: Partial<Record<State, (this: Journey, signal: AbortSignal) => Promise<void>>> = {
  opening: Journey.prototype.opening,
  hand_over: Journey.prototype.handOver,
  busy: Journey.prototype.busy,
  asking_camera: Journey.prototype.askingCamera,
  warming: Journey.prototype.warming,
  placing: Journey.prototype.placing,
  light_check: Journey.prototype.lightCheck,
  announce: Journey.prototype.announce,
  light: Journey.prototype.light,
  sending: Journey.prototype.sending,
  offline: Journey.prototype.offline,
  waiting: Journey.prototype.waiting,
  later: Journey.prototype.waiting,
  done: Journey.prototype.done,
  other_way: Journey.prototype.otherWay,
};
