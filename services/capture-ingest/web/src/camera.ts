// The front camera: opened, counted, locked where the browser can, and always given back.

export type CameraTrouble = "no_camera" | "denied" | "camera_in_use";

export class CameraFailed extends Error {
  constructor(readonly trouble: CameraTrouble) {
    super(trouble);
  }
}

const TROUBLE: Record<string, CameraTrouble> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "no_camera",
  OverconstrainedError: "no_camera",
  NotReadableError: "camera_in_use",
  AbortError: "camera_in_use",
};

/** What Chrome offers beyond the standard's types. */
type Loops = "exposureMode" | "whiteBalanceMode" | "focusMode";

export class Camera {
  readonly video: HTMLVideoElement;
  readonly track: MediaStreamTrack;

  private constructor(readonly stream: MediaStream) {
    const [track] = stream.getVideoTracks();
    if (track === undefined) throw new CameraFailed("no_camera");
    this.track = track;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.setAttribute("aria-hidden", "true");
    this.video.srcObject = stream;
  }

  /** Asks for the camera; throws CameraFailed. */
  static async open(): Promise<Camera> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          facingMode: "user",
          width: { ideal: 480 },
          height: { ideal: 640 },
          frameRate: { ideal: 30 },
        },
      });
      const camera = new Camera(stream);
      await camera.video.play();
      return camera;
    } catch (error) {
      if (error instanceof CameraFailed) throw error;
      throw new CameraFailed(TROUBLE[(error as DOMException).name] ?? "camera_in_use");
    }
  }

  /** Calls back when the camera ends or falls silent (a call, another app, unplugged). */
  onLost(lost: () => void): void {
    this.track.addEventListener("ended", lost);
    this.track.addEventListener("mute", lost);
  }

  get isAlive(): boolean {
    return this.track.readyState === "live" && !this.track.muted;
  }

  /**
   * Frames a second over `ms` milliseconds. Browsers offer counters that they do not advance (WebKitGTK: the callback,
   * Firefox: the decoded frames), so the larger counts; the clock of the video serves where there is neither.
   */
  async frameRate(ms: number): Promise<number> {
    const video = this.video;
    const decoded = (): number => video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    const [begun, before] = [performance.now(), decoded()];
    let [called, moved, last, counting] = [0, 0, -1, true];
    const onFrame = (): void => {
      if (!counting) return;
      called += 1;
      video.requestVideoFrameCallback(onFrame);
    };
    const onPaint = (): void => {
      if (!counting) return;
      if (video.currentTime !== last) moved += 1;
      last = video.currentTime;
      requestAnimationFrame(onPaint);
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(onFrame);
    requestAnimationFrame(onPaint);
    await new Promise((done) => setTimeout(done, ms));
    counting = false;
    const frames = Math.max(called, decoded() - before) || moved;
    return (frames * 1000) / (performance.now() - begun);
  }

  /** Stops the loops that would follow the coloured light, where the browser lets a page do so; which were stopped. */
  async lock(): Promise<string[]> {
    const can = (this.track.getCapabilities?.() ?? {}) as Partial<Record<Loops, string[]>>;
    const locked: string[] = [];
    for (const loop of ["exposureMode", "whiteBalanceMode", "focusMode"] as const) {
      if (can[loop]?.includes("manual")) {
        try {
          await this.track.applyConstraints({ advanced: [{ [loop]: "manual" } as MediaTrackConstraintSet] });
          locked.push(loop);
        } catch {
          // Offered and refused: the server measures with moving loops as well.
        }
      }
    }
    return locked;
  }

  get size(): { width: number; height: number } {
    return { width: this.video.videoWidth, height: this.video.videoHeight };
  }

  close(): void {
    for (const track of this.stream.getTracks()) track.stop();
    this.video.srcObject = null;
    this.video.remove();
  }
}
