// Before the challenge: the camera, the traveller's place before it, and whether the screen's light can be measured.
import { sleep } from "../dom";
import { Guidance } from "../guidance";
import type { Journey } from "../journey";
import { FRAGILE } from "../machine";
import { brightness, movement, PictureSampler, response } from "../picture-sample";
import { HintPace, hint, isGood, type SeenFace } from "../placement";
import type { Hint } from "../words/shape";

/** How long the traveller must be well placed [ms]; longer where no face guidance confirms it. */
const STEADY_MS = 700;
const BLIND_STEADY_MS = 1600;
const PLACING_MS = 60_000;
const SAMPLE_EVERY_MS = 120;
const LEAST_RESPONSE = 0.03;
const STEP_MS = 400;
/** Frames a second that a camera must give where the server has not said. */
const DEFAULT_FPS = 15;

export async function askForCamera(journey: Journey, signal: AbortSignal): Promise<void> {
  const capture = journey.capture;
  if (capture.camera?.isAlive) return journey.send("camera_ready");
  await capture.open(() => {
    if (FRAGILE.has(journey.shown.state)) journey.interrupt("interrupted");
    else journey.send("camera_in_use");
  }, signal);
  if (signal.aborted) return;
  journey.shown.camera = capture.camera?.video ?? null;
  journey.guidance ??= Guidance.load();
  journey.send("camera_ready");
}

export async function warmUp(journey: Journey, signal: AbortSignal): Promise<void> {
  const event = await journey.capture.warm(journey.shown.about?.min_camera_fps ?? DEFAULT_FPS, signal);
  if (!signal.aborted) journey.send(event);
}

export async function place(journey: Journey, signal: AbortSignal): Promise<void> {
  const camera = journey.capture.camera;
  if (camera === null) return journey.send("camera_in_use");
  const sampler = new PictureSampler(camera.video);
  const pace = new HintPace();
  const begun = performance.now();
  let guidance: Guidance | null = null;
  journey.guidance?.then((loaded) => {
    guidance = loaded;
  });
  let before: Float32Array | null = null;
  let goodSince: number | null = null;
  while (!signal.aborted) {
    await sleep(SAMPLE_EVERY_MS);
    const now = performance.now();
    const values = sampler.sample();
    if (values === null || signal.aborted) continue;
    const faces: SeenFace[] | null = (await (guidance as Guidance | null)?.faces(camera.video)) ?? null;
    if (signal.aborted) return;
    const given = hint({
      brightness: brightness(values),
      movement: before ? movement(before, values) : 0,
      faces,
    });
    before = values;
    if (given !== journey.shown.hint) journey.update({ hint: given });
    const due = pace.say(given, now);
    if (due !== null) journey.surfaces.speak(due);
    if (!isGood(given)) goodSince = null;
    else goodSince ??= now;
    const needed = faces === null ? BLIND_STEADY_MS : STEADY_MS;
    if (goodSince !== null && now - goodSince >= needed) return journey.send("placed");
    if (now - begun > PLACING_MS) return journey.send("slow_placing");
  }
}

/** One slow step of the screen's brightness: is the screen's light to be seen on this face, in this place? */
export async function checkLight(journey: Journey, signal: AbortSignal): Promise<void> {
  const camera = journey.capture.camera;
  if (camera === null) return journey.send("camera_in_use");
  const sampler = new PictureSampler(camera.video);
  const surface = journey.surfaces.light;
  const faceUnder = async (code: number): Promise<number> => {
    surface.style.backgroundColor = `rgb(${code} ${code} ${code})`;
    await sleep(STEP_MS);
    const values = sampler.sample();
    return values === null ? 0 : brightness(values).face;
  };
  surface.hidden = false;
  const dark = await faceUnder(40);
  const lit = signal.aborted ? 0 : await faceUnder(255);
  if (signal.aborted) return;
  surface.style.backgroundColor = "rgb(40 40 40)";
  await sleep(STEP_MS);
  surface.hidden = true;
  if (signal.aborted) return;
  journey.lightChecks += 1;
  if (response(dark, lit) >= LEAST_RESPONSE || journey.lightChecks > 2) return journey.send("measurable");
  const help: Hint = journey.lightChecks === 1 ? "screen_dim" : "too_bright";
  journey.update({ hint: help });
  journey.surfaces.speak(help);
  await sleep(3500);
  if (!signal.aborted) journey.send("again");
}
