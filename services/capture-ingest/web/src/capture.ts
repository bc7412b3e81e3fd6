// One capture on this device: camera, recorder and light, and the film until it is safe with the agency.
import type { Api, Challenge, ClientLog } from "./api";
import { Camera } from "./camera";
import { type Painted, paint } from "./colour-screen";
import { sleep } from "./dom";
import { Recorder, type Recording } from "./recorder";
import { Upload } from "./upload";

const ANNOUNCE_MS = 2200;
const MARGIN_MS = 350;
const FRAME_TRIES = 4;

export class Capture {
  camera: Camera | null = null;
  challenge: Challenge | null = null;
  private recorder: Recorder | null = null;
  private recording: Recording | null = null;
  private upload: Upload | null = null;
  private painted: Painted[] = [];
  private video: ClientLog["video"] = { started_client_ms: 0, locked: [] };
  private hasRecorded = false;
  private wakeLock: WakeLockSentinel | null = null;

  /** A film that is not safe with the agency yet. */
  get isUnsent(): boolean {
    return this.recording !== null;
  }

  /** Share of the film that the server has. */
  get share(): number {
    return this.upload?.share ?? 0;
  }

  /** Opens the camera; throws CameraFailed. */
  async open(lost: () => void, signal: AbortSignal): Promise<void> {
    const camera = await Camera.open();
    if (signal.aborted) return camera.close();
    this.camera = camera;
    camera.onLost(lost);
    this.wakeLock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  }

  release(): void {
    this.recorder?.abandon();
    this.recorder = null;
    this.camera?.close();
    this.camera = null;
    this.wakeLock?.release().catch(() => undefined);
    this.wakeLock = null;
  }

  /** Whether this camera and this browser can film a challenge; found out before one is spent. */
  async warm(
    least: number,
    signal: AbortSignal,
  ): Promise<"camera_steady" | "slow_camera" | "no_recorder" | "camera_in_use"> {
    const camera = this.camera;
    if (camera === null) return "camera_in_use";
    const records = this.hasRecorded || Recorder.works(camera.stream);
    for (let tries = 0; tries < FRAME_TRIES && !signal.aborted; tries += 1) {
      const rate = await camera.frameRate(1000);
      this.video.frame_rate = Math.round(rate * 10) / 10;
      if (rate < least) continue;
      this.hasRecorded = await records;
      return this.hasRecorded ? "camera_steady" : "no_recorder";
    }
    return "slow_camera";
  }

  /** Locks the camera, starts to record, and asks for the challenge only then; takes as long as the announcement. */
  async begin(issue: () => Promise<Challenge>, signal: AbortSignal): Promise<void> {
    const camera = this.camera;
    if (camera === null) throw new Error("the camera is not open");
    const told = performance.now();
    const [locked] = await Promise.all([camera.lock(), sleep(ANNOUNCE_MS - 700)]);
    if (signal.aborted) return;
    this.video.locked = locked;
    const recorder = new Recorder(camera.stream);
    this.recorder = recorder;
    await recorder.start();
    this.challenge = await issue();
    if (signal.aborted) return;
    await sleep(Math.max(MARGIN_MS, ANNOUNCE_MS - (performance.now() - told)));
  }

  /** Shows the light and ends the recording after it; false when the camera was lost meanwhile. */
  async film(surface: HTMLElement, signal: AbortSignal): Promise<boolean> {
    const { camera, recorder, challenge } = this;
    if (camera === null || recorder === null || challenge === null) return false;
    this.painted = await paint(surface, challenge.steps, signal);
    await sleep(MARGIN_MS);
    if (signal.aborted || !camera.isAlive) return false;
    const { width, height } = camera.size;
    this.recording = await recorder.stop();
    this.recorder = null;
    this.upload = null;
    if (width > 0) Object.assign(this.video, { width, height });
    return true;
  }

  /** Sends what is left and finishes; may be called again after a failure. Nothing of the picture stays afterwards. */
  async transfer(api: Api, progress: (share: number) => void): Promise<void> {
    const recording = this.recording;
    if (recording === null) throw new Error("there is nothing to send");
    this.upload ??= new Upload(recording.video, recording.type);
    const { sha256 } = await this.upload.send(api, progress);
    const zero = this.painted[0]?.at ?? recording.startedAt;
    const since = (at: number): number => Math.round((at - zero) * 10) / 10;
    await api.finish({
      sha256,
      displayed: this.painted.map(({ step, at }) => ({ step, at_client_ms: since(at) })),
      video: { ...this.video, started_client_ms: since(recording.startedAt) },
    });
    this.recording = null;
    this.upload = null;
  }
}
