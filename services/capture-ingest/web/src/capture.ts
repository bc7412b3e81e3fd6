// One capture on this device: camera, recorder and light, and the film until it is safe with the agency.
import { type Api, type Challenge, type ClientLog, ConnectionLost } from "./api";
import { Camera } from "./camera";
import { type ChannelFacts, collect, FrameTimes, HiddenTime } from "./channel-facts";
import { type Painted, paint, paintReleased } from "./colour-screen";
import { sleep } from "./dom";
import { LiveSocket } from "./live-socket";
import { type Recordable, Recorder, type Recording } from "./recorder";
import { Upload } from "./upload";

const ANNOUNCE_MS = 2200;
const MARGIN_MS = 350;
const FRAME_TRIES = 4;

export class Capture {
  camera: Camera | null = null;
  /** Whether a colour of this session was shown: then it is spent. */
  hasSeenChallenge = false;
  private challenge: Challenge | null = null;
  private live: LiveSocket | null = null;
  private recorder: Recorder | null = null;
  private recording: Recording | null = null;
  private upload: Upload | null = null;
  private painted: Painted[] = [];
  private video: ClientLog["video"] = { started_client_ms: 0, locked: [] };
  private recordable: Recordable | null = null;
  private frames: FrameTimes | null = null;
  private readonly hidden = new HiddenTime();
  private channel: ChannelFacts | null = null;
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
    this.live?.close();
    this.live = null;
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
    const recordable = this.recordable ?? Recorder.choose(camera.stream);
    for (let tries = 0; tries < FRAME_TRIES && !signal.aborted; tries += 1) {
      const rate = await camera.frameRate(1000);
      this.video.frame_rate = Math.round(rate * 10) / 10;
      if (rate < least) continue;
      this.recordable = await recordable;
      return this.recordable === null ? "no_recorder" : "camera_steady";
    }
    return "slow_camera";
  }

  /**
   * Locks the camera, starts to record, and only then asks for colours: over a socket that commits the film while it is
   * made, or, where there is none, all at once. Takes as long as the announcement.
   */
  async begin(api: Api, calm: boolean, signal: AbortSignal): Promise<void> {
    const { camera, recordable } = this;
    if (camera === null || recordable === null) throw new Error("the camera is not ready");
    const told = performance.now();
    this.live = null;
    this.challenge = null;
    const [locked] = await Promise.all([camera.lock(), sleep(ANNOUNCE_MS - 700)]);
    if (signal.aborted) return;
    this.video.locked = locked;
    this.live = recordable.slices ? await this.openLive(api, recordable.type.mimeType, calm) : null;
    if (signal.aborted) return this.live?.close();
    const recorder = new Recorder(camera.stream, recordable.type, (slice) => this.live?.commit(slice));
    this.recorder = recorder;
    await recorder.start();
    this.frames = new FrameTimes(camera.video);
    if (this.live === null) {
      this.challenge = await api.challenge(calm);
      this.hasSeenChallenge = true;
    } else {
      await this.live.whenReady();
    }
    if (signal.aborted) return;
    await sleep(Math.max(MARGIN_MS, ANNOUNCE_MS - (performance.now() - told)));
  }

  /** Null where the network lets no socket through: the challenge then comes whole, and the policy knows. */
  private async openLive(api: Api, mimeType: string, calm: boolean): Promise<LiveSocket | null> {
    try {
      return await LiveSocket.open(api.live(), mimeType, calm);
    } catch (error) {
      if (error instanceof ConnectionLost) return null;
      throw error;
    }
  }

  /** Shows the light and ends the recording after it; false when the camera was lost meanwhile. Throws Problem. */
  async film(surface: HTMLElement, signal: AbortSignal): Promise<boolean> {
    const { camera, recorder, live } = this;
    if (camera === null || recorder === null) return false;
    this.painted = live === null ? await this.paintWhole(surface, signal) : await this.paintLive(live, surface, signal);
    await sleep(MARGIN_MS);
    if (signal.aborted || !camera.isAlive) return false;
    const { width, height } = camera.size;
    const recording = await recorder.stop();
    this.recorder = null;
    [this.channel] = await Promise.all([this.askChannel(camera), live?.end()]);
    this.live = null;
    this.recording = recording;
    this.upload = null;
    if (width > 0) Object.assign(this.video, { width, height });
    return true;
  }

  /** What can be told of the camera; a browser that fails to tell costs nobody the capture. */
  private askChannel(camera: Camera): Promise<ChannelFacts | null> {
    return this.frames === null
      ? Promise.resolve(null)
      : collect(camera.track, this.frames.end(), this.hidden.ms).catch(() => null);
  }

  private async paintWhole(surface: HTMLElement, signal: AbortSignal): Promise<Painted[]> {
    if (this.challenge === null) throw new Error("there is no challenge");
    return await paint(surface, this.challenge.steps, signal);
  }

  private async paintLive(live: LiveSocket, surface: HTMLElement, signal: AbortSignal): Promise<Painted[]> {
    const over = live.begin();
    const painted = paintReleased(surface, live.slots, signal, (latest) => {
      this.hasSeenChallenge = true;
      live.note(latest);
    });
    return await Promise.race([painted, over]);
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
      channel: this.channel,
    });
    this.recording = null;
    this.upload = null;
  }
}
