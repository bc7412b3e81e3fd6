// Records the camera to memory; nothing is kept anywhere else.
import { sleep } from "./dom";
import { recordingType } from "./environment";

const BITS_PER_SECOND = 1_200_000;
const TRIAL_MS = 600;
const TRIAL_LIMIT_MS = 4000;

export interface Recording {
  video: Blob;
  type: string;
  startedAt: number;
}

export class Recorder {
  private readonly recorder: MediaRecorder;
  private readonly chunks: Blob[] = [];
  private startedAt = 0;

  constructor(stream: MediaStream) {
    const mimeType = recordingType();
    this.recorder = new MediaRecorder(stream, {
      ...(mimeType === null ? {} : { mimeType }),
      videoBitsPerSecond: BITS_PER_SECOND,
    });
    this.recorder.addEventListener("dataavailable", (event) => {
      if (event.data.size > 0) this.chunks.push(event.data);
    });
  }

  /** Begins; resolves when the browser says that it records. */
  start(): Promise<void> {
    return new Promise((done, failed) => {
      this.recorder.addEventListener("start", () => {
        this.startedAt = performance.now();
        done();
      });
      this.recorder.addEventListener("error", () => failed(new Error("the recorder failed")));
      this.recorder.start();
    });
  }

  /** Ends; resolves after the last chunk, which comes late. */
  stop(): Promise<Recording> {
    return new Promise((done) => {
      this.recorder.addEventListener("stop", () => {
        const type = (this.recorder.mimeType || this.chunks[0]?.type || "video/webm").split(";")[0] ?? "video/webm";
        done({ video: new Blob(this.chunks, { type }), type, startedAt: this.startedAt });
      });
      this.recorder.stop();
    });
  }

  /** Whether this browser really records `stream`: some say that they do and give nothing. */
  static async works(stream: MediaStream): Promise<boolean> {
    const trial = new Recorder(stream);
    const filmed = (async () => {
      await trial.start();
      await sleep(TRIAL_MS);
      return (await trial.stop()).video.size > 0;
    })();
    const silent = sleep(TRIAL_LIMIT_MS).then(() => false);
    return await Promise.race([filmed, silent]).catch(() => false);
  }

  abandon(): void {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    this.chunks.length = 0;
  }
}
