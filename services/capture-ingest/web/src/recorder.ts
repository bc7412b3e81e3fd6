// Records the camera to memory, slice by slice; nothing is kept anywhere else.
import { sleep } from "./dom";
import { type RecordingType, supportedTypes } from "./recording-types";

const BITS_PER_SECOND = 1_200_000;
/** In a trial two slices with bytes must come within this time [ms]. */
const TRIAL_MS = 1500;
const TRIAL_STOP_MS = 1500;
const MOST_TRIALS = 3;

export interface Recording {
  video: Blob;
  type: string;
  startedAt: number;
}

/** What a trial found: a type, and whether its slices come while it records. */
export interface Recordable {
  type: RecordingType;
  slices: boolean;
}

export class Recorder {
  private readonly recorder: MediaRecorder;
  private readonly slices: Blob[] = [];
  private startedAt = 0;

  /** onSlice: called for every slice in order, the empty ones too. */
  constructor(
    stream: MediaStream,
    private readonly type: RecordingType,
    onSlice: (slice: Blob) => void = () => undefined,
  ) {
    const keyFrames = type.keyFrameMs === undefined ? {} : { videoKeyFrameIntervalDuration: type.keyFrameMs };
    this.recorder = new MediaRecorder(stream, {
      mimeType: type.mimeType,
      videoBitsPerSecond: BITS_PER_SECOND,
      ...keyFrames,
    });
    this.recorder.addEventListener("dataavailable", (event) => {
      this.slices.push(event.data);
      onSlice(event.data);
    });
  }

  get mimeType(): string {
    return this.recorder.mimeType || this.type.mimeType;
  }

  /** Begins; resolves when the browser says that it records. */
  start(): Promise<void> {
    return new Promise((done, failed) => {
      this.recorder.addEventListener("start", () => {
        this.startedAt = performance.now();
        done();
      });
      this.recorder.addEventListener("error", () => failed(new Error("the recorder failed")));
      this.recorder.start(this.type.sliceMs);
    });
  }

  /** Ends; resolves after the last slice, which comes late. */
  stop(): Promise<Recording> {
    return new Promise((done) => {
      this.recorder.addEventListener("stop", () => {
        const type = (this.mimeType || "video/webm").split(";")[0] ?? "video/webm";
        done({ video: new Blob(this.slices, { type }), type, startedAt: this.startedAt });
      });
      this.recorder.stop();
    });
  }

  abandon(): void {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    this.slices.length = 0;
  }

  /** The first type that this browser really records, best one whose slices come in time; null when none does. */
  static async choose(stream: MediaStream): Promise<Recordable | null> {
    let whole: RecordingType | null = null;
    for (const type of supportedTypes().slice(0, MOST_TRIALS)) {
      const found = await Recorder.try(stream, type);
      if (found === "slices") return { type, slices: true };
      if (found === "whole") whole ??= type;
    }
    return whole === null ? null : { type: whole, slices: false };
  }

  /** Some browsers say that they record and give nothing, or nothing before the end. */
  private static async try(stream: MediaStream, type: RecordingType): Promise<"slices" | "whole" | "nothing"> {
    try {
      let count = 0;
      let twice: () => void = () => undefined;
      const sliced = new Promise<true>((done) => {
        twice = () => done(true);
      });
      const trial = new Recorder(stream, type, (slice) => {
        if (slice.size > 0) count += 1;
        if (count >= 2) twice();
      });
      const started = trial.start().then(() => sliced);
      const inTime = await Promise.race([started, sleep(TRIAL_MS).then(() => false)]);
      const film = await Promise.race([trial.stop(), sleep(TRIAL_STOP_MS).then(() => null)]);
      if (inTime === true) return "slices";
      return film !== null && film.video.size > 0 ? "whole" : "nothing";
    } catch {
      return "nothing";
    }
  }
}
