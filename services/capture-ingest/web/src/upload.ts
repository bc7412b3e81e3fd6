// Sends a capture in parts and goes on where it stood when the connection comes back.
import { type Api, ConnectionLost, Problem } from "./api";
import { sleep } from "./dom";
import { hex } from "./hash-chain";

const PART = 131_072;
const TRIES = 6;

export interface Sent {
  sha256: string;
}

/** Waits until the browser says that it is online again, at most `ms`. */
export function online(ms: number): Promise<void> {
  return new Promise((done) => {
    const finish = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", finish);
      done();
    };
    const timer = setTimeout(finish, ms);
    window.addEventListener("online", finish);
  });
}

export class Upload {
  private offset = 0;
  private digest: ArrayBuffer | null = null;

  constructor(
    private readonly video: Blob,
    private readonly type: string,
  ) {}

  get share(): number {
    return this.offset / this.video.size;
  }

  /** Sends what is left. Throws ConnectionLost when it stays away, Problem when the server refuses. */
  async send(api: Api, progress: (share: number) => void): Promise<Sent> {
    this.digest ??= await crypto.subtle.digest("SHA-256", await this.video.arrayBuffer());
    const base64 = btoa(String.fromCharCode(...new Uint8Array(this.digest)));
    let failures = 0;
    while (this.offset < this.video.size) {
      try {
        const part = this.video.slice(this.offset, this.offset + PART);
        this.offset = await api.sendPart(part, this.offset, this.video.size, this.type, base64);
        failures = 0;
        progress(this.share);
      } catch (error) {
        failures += 1;
        if (error instanceof Problem && error.kind === "offset-conflict" && error.offset !== null && failures < TRIES) {
          this.offset = error.offset;
        } else if (error instanceof Problem && error.kind === "digest-mismatch" && failures < TRIES) {
          this.offset = 0;
        } else if (error instanceof Problem && error.kind === "upload-too-slow" && failures < TRIES) {
          this.offset = await api.offset(this.video.size);
        } else if (error instanceof Problem && (error.status === 503 || error.status === 429) && failures < TRIES) {
          await sleep(1000 * (error.retryAfterS ?? failures));
        } else if (error instanceof ConnectionLost && failures < 2) {
          await sleep(300);
        } else {
          throw error;
        }
      }
    }
    return { sha256: hex(this.digest) };
  }
}
