// What this browser says of the camera's track. Evidence for the officer and the policy: whoever owns the page can fake it.

/** Collected facts, one JSON object; names as in the API's `ChannelFacts`. */
export interface ChannelFacts {
  track_class: string;
  device_listed: boolean | null;
  capabilities: number | null;
  probe_height: number | null;
  probe_refused: boolean | null;
  frame_interval_ms: number | null;
  frame_interval_spread_ms: number | null;
  has_capture_time: boolean | null;
  hidden_ms: number;
  automation: string[];
}

/** A camera gives at least this height somewhere; a made track stays as it is. */
const PROBE_HEIGHT = 1080;
const PROBE_MS = 800;
const MOST_FRAMES = 900;
const LEAST_FRAMES = 8;

/** Frame times of the video element while it films. */
export class FrameTimes {
  private readonly at: number[] = [];
  private captureTimes = 0;
  private running = true;

  constructor(video: HTMLVideoElement) {
    if (!("requestVideoFrameCallback" in video)) return;
    const onFrame = (now: number, metadata: VideoFrameCallbackMetadata): void => {
      if (!this.running || this.at.length >= MOST_FRAMES) return;
      this.at.push(metadata.captureTime ?? metadata.presentationTime ?? now);
      if (metadata.captureTime !== undefined) this.captureTimes += 1;
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  }

  /** Median interval and its spread (interquartile range) [ms]; nulls where too few frames were seen. */
  end(): Pick<ChannelFacts, "frame_interval_ms" | "frame_interval_spread_ms" | "has_capture_time"> {
    this.running = false;
    const gaps = this.at
      .slice(1)
      .map((at, k) => at - (this.at[k] ?? at))
      .sort((a, b) => a - b);
    const quantile = (share: number): number => gaps[Math.floor(share * (gaps.length - 1))] ?? 0;
    if (gaps.length < LEAST_FRAMES) {
      return { frame_interval_ms: null, frame_interval_spread_ms: null, has_capture_time: null };
    }
    return {
      frame_interval_ms: rounded(quantile(0.5)),
      frame_interval_spread_ms: rounded(quantile(0.75) - quantile(0.25)),
      has_capture_time: this.captureTimes > 0,
    };
  }
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** How long the page was hidden since it was loaded [ms]. */
export class HiddenTime {
  private total = 0;
  private since: number | null = document.visibilityState === "hidden" ? performance.now() : null;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.since = performance.now();
      else if (this.since !== null) {
        this.total += performance.now() - this.since;
        this.since = null;
      }
    });
  }

  get ms(): number {
    return Math.round(this.total + (this.since === null ? 0 : performance.now() - this.since));
  }
}

/** Signs of a browser that a program drives. */
function automation(): string[] {
  const signs: string[] = [];
  if (navigator.webdriver) signs.push("webdriver");
  if (/Headless/.test(navigator.userAgent)) signs.push("headless");
  if (navigator.languages.length === 0) signs.push("no_languages");
  if (window.outerWidth === 0 || window.outerHeight === 0) signs.push("no_window");
  return signs;
}

/** Whether the track's device is one that the browser lists; null where it lists none by name. */
async function isListed(track: MediaStreamTrack): Promise<boolean | null> {
  const id = track.getSettings?.().deviceId;
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const cameras = devices.filter((device) => device.kind === "videoinput" && device.deviceId !== "");
  if (cameras.length === 0) return null;
  return id !== undefined && cameras.some((device) => device.deviceId === id);
}

/** Asks for another height. After filming only: it changes a live track. */
async function probe(track: MediaStreamTrack): Promise<Pick<ChannelFacts, "probe_height" | "probe_refused">> {
  const asked = track.applyConstraints({ height: { ideal: PROBE_HEIGHT } }).then(
    () => false,
    () => true,
  );
  const refused = await Promise.race([asked, new Promise<null>((done) => setTimeout(() => done(null), PROBE_MS))]);
  return { probe_height: track.getSettings?.().height ?? null, probe_refused: refused };
}

/** Everything that can be told of the track once the film is made; none of it holds a capture up. */
export async function collect(
  track: MediaStreamTrack,
  frames: ReturnType<FrameTimes["end"]>,
  hiddenMs: number,
): Promise<ChannelFacts> {
  const capabilities = track.getCapabilities?.();
  return {
    track_class: Object.prototype.toString.call(track).slice(8, -1),
    device_listed: await isListed(track),
    capabilities: capabilities === undefined ? null : Object.keys(capabilities).length,
    ...(await probe(track)),
    ...frames,
    hidden_ms: hiddenMs,
    automation: automation(),
  };
}
